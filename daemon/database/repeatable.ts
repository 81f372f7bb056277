/**
 * Writes that a client may send again without a second effect. What a write came to is kept in the transaction of the
 * write itself, so that one that was acknowledged is never done twice, whatever happened in between.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database as Connection } from 'better-sqlite3';
import { invalid } from '../contract/errors.ts';
import { statement } from './statements.ts';

/** How long a request may be repeated, in milliseconds: longer than any client goes on trying. */
const KEPT_MS = 24 * 3600_000;

/** A request that its sender may repeat. */
export interface Repeatable {
  /** Who sends it: under the same key, another's request is another. */
  readonly principal: string;
  /** As the sender chose it. */
  readonly key: string;
  /** SHA-256 of the request, in hexadecimal digits. */
  readonly request: string;
}

const current = new AsyncLocalStorage<{ repeatable: Repeatable | undefined }>();

/** Runs work that makes one write: where that was made already, it comes to what it came to then. */
export function repeatably<Result>(repeatable: Repeatable, work: () => Promise<Result>): Promise<Result> {
  return current.run({ repeatable }, work);
}

/** The request that a write is made for, to the first who asks. */
export function takeRepeatable(): Repeatable | undefined {
  const request = current.getStore();
  const repeatable = request?.repeatable;
  if (request) request.repeatable = undefined;
  return repeatable;
}

/**
 * Does a write unless it was done, in the writer thread.
 *
 * @returns what it came to, now or the first time
 * @throws ApiError INVALID_PARAMETER_VALUE when another request had this key; what the write throws, which is not kept
 */
export function writeOnce(
  connection: Connection,
  { principal, key, request }: Repeatable,
  write: () => unknown,
  now = Date.now(),
): unknown {
  statement(connection, 'DELETE FROM repeatable_write WHERE at < ?').run(now - KEPT_MS);
  const done = statement<{ request: string; outcome: string }>(
    connection,
    'SELECT request, outcome FROM repeatable_write WHERE principal = ? AND key = ?',
  ).get(principal, key);
  if (done && done.request !== request)
    throw invalid(
      `The Idempotency-Key '${key}' was sent with another request before. Send a new key with each request, ` +
        'and the same one only with the very same request.',
    );
  if (done) return JSON.parse(done.outcome);
  const outcome = write();
  statement(
    connection,
    'INSERT INTO repeatable_write (principal, key, request, outcome, at) VALUES (?, ?, ?, ?, ?)',
  ).run(principal, key, request, JSON.stringify(outcome ?? null), now);
  return outcome;
}
