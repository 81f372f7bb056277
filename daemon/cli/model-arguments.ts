/** Arguments of the commands on models. */
import { invalid } from '../contract/errors.ts';
import type { Stage } from '../contract/models.ts';

/** @throws ApiError INVALID_PARAMETER_VALUE */
export function parseVersion(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw invalid(`'${text}' is no version: it must be a number, such as 3`);
}

/** @throws ApiError INVALID_PARAMETER_VALUE */
export function parseRequest(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw invalid(
    `'${text}' is no request for approval: it must be a number. List them: modelthat models requests`,
  );
}

/** Of these stages, the one of this name in any case. @throws ApiError INVALID_PARAMETER_VALUE */
export function parseStage<S extends Stage>(text: string, stages: readonly S[]): S {
  const stage = stages.find(each => each.toLowerCase() === text.toLowerCase());
  if (stage) return stage;
  throw invalid(`There is no stage '${text}': it must be one of ${stages.join(', ')}`);
}
