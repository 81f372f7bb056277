/** Where a pipeline lies in the workspace, and what version control says of it. */
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ApiError, invalid } from '../contract/errors.ts';
import { inheritedEnvironment } from '../processes/environment.ts';
import { isInside } from './definition/graph.ts';
import { PIPELINE_FILES } from './find.ts';

const run = promisify(execFile);

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

/** The commit that a folder is at; empty where there is no repository, or no git. */
export async function gitTags(folder: string): Promise<Record<string, string>> {
  const git = async (...args: string[]) => {
    // A file system monitor is a program that the repository names: it is not run for a mere question.
    const { stdout } = await run('git', ['-c', 'core.fsmonitor=false', ...args], {
      cwd: folder,
      timeout: 5_000,
      env: { ...inheritedEnvironment(), GIT_OPTIONAL_LOCKS: '0' },
    });
    return stdout.trim();
  };
  try {
    const [commit, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('status', '--porcelain', '.'),
    ]);
    return { 'mlflow.source.git.commit': commit, 'modelthat.git.dirty': String(changes !== '') };
  } catch {
    return {};
  }
}
