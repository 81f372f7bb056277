/** A request to run a pipeline that may come twice: its execution is found by its id. */
import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { invalid } from '../contract/errors.ts';
import type { Repeatable } from '../database/repeatable.ts';
import type { ExecutionRecord } from './model.ts';

/** What an execution is asked for with, and the id that it is to have. */
export type StartRequest = Pick<ExecutionRecord, 'id' | 'file' | 'set' | 'only' | 'python' | 'startedBy'>;

const ID_DIGITS = 12;

/** The id of a new execution; for a request that may be sent again, always the same. */
export function newExecutionId(repeatable: Repeatable | undefined): string {
  if (!repeatable) return randomBytes(ID_DIGITS / 2).toString('hex');
  const source = JSON.stringify([repeatable.principal, repeatable.key]);
  return createHash('sha256').update(source).digest('hex').slice(0, ID_DIGITS);
}

/** @throws ApiError INVALID_PARAMETER_VALUE when the request that was sent first was another */
export function refuseOther(first: StartRequest, asked: StartRequest): void {
  const what = ({ id, file, set, only, python }: StartRequest) => ({
    id,
    file,
    set: { ...set },
    only,
    python,
  });
  if (isDeepStrictEqual(what(first), what(asked))) return;
  throw invalid(
    `The Idempotency-Key was sent with another request before, for execution “${first.id}”. Send a new key with each ` +
      'request.',
  );
}
