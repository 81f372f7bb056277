/** Where a pipeline lies in the workspace. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { ApiError, invalid } from '../contract/errors.ts';
import { PIPELINE_FILES } from '../contract/pipelines.ts';
import { isInside } from './definition/graph.ts';

/**
 * The real path of a definition that a client names.
 *
 * @throws ApiError when there is none, or when it lies outside the workspace
 */
export function locate(file: string, workspace: string): string {
  if (!path.isAbsolute(file)) throw invalid(`“${file}” is not an absolute path.`);
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    throw new ApiError(
      'RESOURCE_DOES_NOT_EXIST',
      `There is no file “${file}”. Create a ${PIPELINE_FILES[0]}, or name another file.`,
    );
  }
  if (!isInside(real, workspace)) {
    throw invalid(`“${file}” lies outside the workspace “${workspace}” of this store.`);
  }
  return real;
}
