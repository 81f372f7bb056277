/** What was permanently deleted, as far as tracking has to know of it. */
import type { Database as Connection } from 'better-sqlite3';
import { type ApiError, missing } from '../../contract/errors.ts';
import { statement } from '../../database/statements.ts';

type Kind = 'run' | 'experiment';

/** When something was permanently deleted, or began to be; undefined when it was not. */
function purgedAt(connection: Connection, kind: Kind, id: string): number | undefined {
  return statement<number>(connection, 'SELECT at FROM purged WHERE kind = ? AND thing = ?')
    .pluck()
    .get(kind, id) as number | undefined;
}

/** The error for what is not there, which tells when it was permanently deleted. @param message what it says of one that never was */
export function missingOrPurged(connection: Connection, kind: Kind, id: string, message: string): ApiError {
  const at = purgedAt(connection, kind, id);
  if (at === undefined) return missing(message);
  const day = new Date(at).toISOString().slice(0, 10);
  return missing(`${message}: it was permanently deleted on ${day} and cannot be restored`);
}

/** @throws ApiError when it is being deleted permanently: part of it is gone already */
export function refusePurged(connection: Connection, kind: Kind, id: string): void {
  if (purgedAt(connection, kind, id) === undefined) return;
  throw missingOrPurged(connection, kind, id, `The ${kind} ${id} is gone`);
}
