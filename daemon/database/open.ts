/** Opening the store's database: what it must be before a byte of it is changed, and how its connections are set. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import SQLite, { type Database as Connection } from 'better-sqlite3';
import { ApiError } from '../contract/errors.ts';
import { newestBackup } from './backups.ts';
import { APPLICATION_ID, type Migration, migrate, SCHEMA_VERSION } from './migrations.ts';
import { clearDoubt, findDamage, isCheckedFirst } from './soundness.ts';

/** Before 3.51.3, two connections that check-point at once can corrupt a WAL database. */
const OLDEST_SQLITE = [3, 51, 3];

/** Above this SQLite's write-ahead log is cut back. */
export const LOG_LIMIT_BYTES = 64 * 1024 * 1024;

/** How long a connection waits for another's lock, in milliseconds. Only check-points ever contend. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the writing connection: checks the file (a large one: see soundness.ts), migrates it (with a backup first), sets it up.
 *
 * @throws ApiError DATA_LOSS: the file is damaged; RESOURCE_CONFLICT: a newer modelthat wrote it, or another program
 * did. In each case the file is left as it was.
 */
export function openForWriting(file: string, migrations?: readonly Migration[]): Connection {
  assertSqlite();
  if (sizeOf(file) > 0) inspect(file, migrations?.length ?? SCHEMA_VERSION);
  const size = sizeOf(file);
  const connection = new SQLite(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    // Before anything is written. It lets free space be given back a little at a time (`modelthat store gc`).
    if (size === 0) connection.pragma('auto_vacuum = INCREMENTAL');
    connection.pragma('journal_mode = WAL');
    // Acknowledged means on the disk, also after a power cut: NORMAL (better-sqlite3's default in WAL) does not sync.
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    connection.pragma('cache_size = -32768');
    connection.pragma('wal_autocheckpoint = 4000');
    connection.pragma(`journal_size_limit = ${LOG_LIMIT_BYTES}`);
    if (migrate(connection, file, migrations) && size <= REBUILT_BYTES) letShrink(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Largest database that is built anew, on the occasion of a migration, so that it can shrink. Takes seconds. */
const REBUILT_BYTES = 2 ** 30;

/** SQLite takes such a setting of an older database only when it builds all of it anew. */
function letShrink(connection: Connection): void {
  if (connection.pragma('auto_vacuum', { simple: true }) !== 0) return;
  connection.pragma('auto_vacuum = INCREMENTAL');
  try {
    connection.exec('VACUUM');
  } catch (error) {
    // Without room for that it stays as it is, which does no harm.
    if (!(error instanceof SQLite.SqliteError) || error.code !== 'SQLITE_FULL') throw error;
  }
}

/** Opens a connection that can only read. The file must exist. */
export function openForReading(file: string): Connection {
  const connection = new SQLite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  connection.pragma('query_only = ON');
  connection.pragma('cache_size = -8192');
  return connection;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Refuses a file that must not be written, on a connection that cannot write. */
function inspect(file: string, known: number): void {
  let connection: Connection | undefined;
  try {
    takeBackInterrupted(file);
    connection = new SQLite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    const schema = Number(connection.pragma('user_version', { simple: true }));
    const application = Number(connection.pragma('application_id', { simple: true }));
    if (application !== APPLICATION_ID && holdsTables(connection)) throw foreign(file);
    if (schema > known) throw newer(file, schema, known);
    if (isCheckedFirst(file)) {
      const problem = findDamage(connection);
      if (problem !== undefined) throw damaged(file, problem);
      clearDoubt(file);
    }
  } catch (error) {
    throw isDamage(error) ? damaged(file, error.message) : error;
  } finally {
    connection?.close();
  }
}

/**
 * Takes back a change that was interrupted before the file had its write-ahead log: that of the very first start, where
 * the disk failed. Nobody can read it before that is done.
 */
function takeBackInterrupted(file: string): void {
  if (!existsSync(`${file}-journal`)) return;
  const connection = new SQLite(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  try {
    connection.pragma('user_version');
  } finally {
    connection.close();
  }
}

function holdsTables(connection: Connection): boolean {
  return connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}

/** @throws Error when better-sqlite3 brings a SQLite that is known to damage databases */
function assertSqlite(): void {
  const memory = new SQLite(':memory:');
  const version = String(memory.prepare('SELECT sqlite_version()').pluck().get());
  memory.close();
  const found = version.split('.').map(Number);
  for (const [place, least] of OLDEST_SQLITE.entries()) {
    const part = found[place] ?? 0;
    if (part > least) return;
    if (part < least)
      throw new Error(
        `SQLite ${version} is too old: ${OLDEST_SQLITE.join('.')} or newer is needed. Install better-sqlite3 again.`,
      );
  }
}

/** SQLITE_ERROR, for statements that are known to be right, is a file whose header makes no sense. */
function isDamage(error: unknown): error is InstanceType<typeof SQLite.SqliteError> {
  return error instanceof SQLite.SqliteError && /^SQLITE_(CORRUPT|NOTADB|ERROR$)/.test(error.code);
}

function damaged(file: string, problem: string): ApiError {
  const backup = newestBackup(file);
  const remedy = backup
    ? `To go back to the newest good backup, ${goBack(file, backup)}.`
    : `There is no backup to go back to. Move ${file} (and the -wal and -shm files beside it) away to start with an empty store.`;
  return new ApiError(
    'DATA_LOSS',
    `The database ${file} is damaged (${problem}). Nothing was changed. ${remedy}`,
    { file, backup },
  );
}

function goBack(file: string, backup: string): string {
  const folder = path.dirname(backup);
  if (path.basename(folder).startsWith('store-')) return `run: modelthat store restore '${folder}' --force`;
  return `move ${file} (and the -wal and -shm files beside it) away and copy ${backup} to ${file}`;
}

function newer(file: string, schema: number, known: number): ApiError {
  return new ApiError(
    'RESOURCE_CONFLICT',
    `The database ${file} was written by a newer modelthat (its schema is ${schema}, this daemon knows ${known}). ` +
      'Nothing was changed. Update this side: the modelthat extension or package that started this daemon.',
    { file, schema, known },
  );
}

function foreign(file: string): ApiError {
  return new ApiError(
    'RESOURCE_CONFLICT',
    `${file} is a database of another program. Nothing was changed. Choose another store folder.`,
    { file },
  );
}
