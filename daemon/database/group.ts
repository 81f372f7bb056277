/** Group commit: requests that wait together are committed together, each in a savepoint of its own. */
import SQLite, { type Database as Connection } from 'better-sqlite3';
import { ApiError } from '../contract/errors.ts';
import { failure, type Outcome } from './outcome.ts';
import { statement } from './statements.ts';

/**
 * How long a group goes on taking requests, in milliseconds: those first in it wait for the commit. The sync that a
 * larger group would save is a small part of this.
 */
const GROUP_MS = 40;

/** Thrown when the disk failed in a way after which only a restart knows what is on it. */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure';
}

/**
 * Runs requests until `next` has no more, commits, and only then returns their outcomes, in order. When the disk is full
 * all of the group is refused and nothing of it is kept.
 *
 * @throws StorageFailure when it is unknown whether the group reached the disk
 */
export function commitGroup<Request>(
  connection: Connection,
  first: Request,
  next: () => Request | undefined,
  run: (request: Request) => unknown,
): { requests: Request[]; outcomes: Outcome[] } {
  const requests: Request[] = [];
  const outcomes: Outcome[] = [];
  const until = performance.now() + GROUP_MS;
  try {
    statement(connection, 'BEGIN IMMEDIATE').run();
    for (let request: Request | undefined = first; request !== undefined; ) {
      const current = request;
      requests.push(current);
      outcomes.push(inSavepoint(connection, () => run(current)));
      request = performance.now() < until ? next() : undefined;
    }
    statement(connection, 'COMMIT').run();
    return { requests, outcomes };
  } catch (error) {
    const refused = failure(refusalOf(error));
    if (connection.inTransaction) connection.exec('ROLLBACK');
    if (requests.length === 0) requests.push(first);
    return { requests, outcomes: requests.map(() => refused) };
  }
}

/** Runs one request; what it throws undoes it alone, unless the storage itself failed. */
function inSavepoint(connection: Connection, run: () => unknown): Outcome {
  statement(connection, 'SAVEPOINT request').run();
  try {
    const value = run();
    statement(connection, 'RELEASE request').run();
    return { ok: true, value };
  } catch (error) {
    if (isStorageError(error)) throw error;
    statement(connection, 'ROLLBACK TO request').run();
    statement(connection, 'RELEASE request').run();
    return failure(error);
  }
}

function isStorageError(error: unknown): error is InstanceType<typeof SQLite.SqliteError> {
  return (
    error instanceof SQLite.SqliteError &&
    /^SQLITE_(FULL|IOERR|CORRUPT|NOTADB|READONLY|CANTOPEN|PROTOCOL)/.test(error.code)
  );
}

/** A full disk is a refusal that ends by itself; any other storage error stops all writing. */
function refusalOf(error: unknown): unknown {
  if (!isStorageError(error)) return error;
  if (error.code === 'SQLITE_FULL' || error.code === 'SQLITE_IOERR_SHMSIZE')
    return new ApiError(
      'INSUFFICIENT_STORAGE',
      'The disk of the store is full: nothing of this request was written. Free some space and send it again.',
    );
  throw new StorageFailure(`${error.code}: ${error.message}`, { cause: error });
}
