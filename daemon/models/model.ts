/** Models that runs log (MLflow 3): what they are, and the rules that need no database. */
import { randomUUID } from 'node:crypto';
import { type ApiError, invalid, missing } from '../contract/errors.ts';

/** In the order of their codes on the wire, from 1. */
export const MODEL_STATUSES = [
  'LOGGED_MODEL_PENDING',
  'LOGGED_MODEL_READY',
  'LOGGED_MODEL_UPLOAD_FAILED',
] as const;
export type ModelStatus = (typeof MODEL_STATUSES)[number];

/** A model that some code logged, with a run or without one. */
export interface LoggedModel {
  /** `m-` and 32 hexadecimal digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  /** "agent", "classifier" …, or empty. */
  readonly type: string;
  readonly sourceRunId: string | null;
  readonly artifactUri: string;
  readonly status: ModelStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** A fresh model id. */
export function newModelId(): string {
  return `m-${randomUUID().replaceAll('-', '')}`;
}

/** @throws ApiError INVALID_PARAMETER_VALUE unless a logged model can have this name */
export function checkLoggedModelName(name: string): void {
  if (name === '' || /[/:.%"']/.test(name))
    throw invalid(
      `Invalid model name ('${name}') provided. Model name must be a non-empty string and cannot contain the ` +
        `following characters: ('/', ':', '.', '%', '"', "'")`,
    );
}

/** The error for a model id that no logged model has. */
export function noSuchModel(modelId: string): ApiError {
  return missing(`Logged model with ID '${modelId}' not found.`);
}
