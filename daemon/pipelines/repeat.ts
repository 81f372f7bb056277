/** A request to run a pipeline that may come twice: its execution is found by its id. */
import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { invalid } from '../contract/errors.ts';
import type { Repeatable } from '../database/repeatable.ts';
import type { ExecutionRecord } from './model.ts';

const ID_DIGITS = 12;

/** The id of a new execution; for a request that may be sent again, always the same. */
export function newExecutionId(repeatable: Repeatable | undefined): string {
  if (!repeatable) return randomBytes(ID_DIGITS / 2).toString('hex');
  const source = JSON.stringify([repeatable.principal, repeatable.key]);
  return createHash('sha256').update(source).digest('hex').slice(0, ID_DIGITS);
}

/** @throws ApiError INVALID_PARAMETER_VALUE when the request that was sent first was another */
export function refuseOther(
  started: ExecutionRecord,
  asked: Pick<ExecutionRecord, 'file' | 'set' | 'only'>,
): void {
  const { file, set, only } = started;
  if (isDeepStrictEqual({ file, set, only }, { ...asked, set: { ...asked.set } })) return;
  throw invalid(
    `The Idempotency-Key was sent with another request before, which started execution “${started.id}”. Send a new key ` +
      'with each request.',
  );
}
