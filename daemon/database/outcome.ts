import { ApiError, type ErrorBody } from '../contract/errors.ts';

/** How an operation ended, in a form that crosses threads. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  /** Refused: an ApiError's JSON form. */
  | { readonly ok: false; readonly refused: ErrorBody }
  /** A defect, with its stack for the log. */
  | { readonly ok: false; readonly defect: string };

/** What was thrown, as an outcome. */
export function failure(error: unknown): Outcome {
  if (error instanceof ApiError) return { ok: false, refused: error.toBody() };
  return { ok: false, defect: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** The value of an outcome. @throws what the operation threw */
export function unwrap(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.value;
  throw 'refused' in outcome ? ApiError.fromBody(outcome.refused) : new Error(outcome.defect);
}
