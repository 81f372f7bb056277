/** Copies of the database made before its schema changes, in `backups/` beside it. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import SQLite, { type Database as Connection } from 'better-sqlite3';
import { ApiError } from '../contract/errors.ts';

/** How many backups are kept. */
const KEPT = 3;

const folder = (file: string) => path.join(path.dirname(file), 'backups');

/** Names sort by time: `modelthat-20260101T120000000Z-schema3.db`. */
function backups(file: string): string[] {
  const place = folder(file);
  const stem = `${path.basename(file, '.db')}-`;
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter(name => name.startsWith(stem) && name.endsWith('.db'))
    .sort()
    .map(name => path.join(place, name));
}

/** The databases in backups of the whole store: `store-20260101T120000000Z/modelthat.db`. */
function inStoreBackups(file: string): string[] {
  const place = folder(file);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter(name => /^store-\d{8}T\d{9}Z$/.test(name))
    .map(name => path.join(place, name, path.basename(file)))
    .filter(copy => existsSync(copy));
}

/** The newest backup of a database that is not damaged itself, or undefined: a copy, or the one in a backup of the store. */
export function newestBackup(file: string): string | undefined {
  const time = (copy: string) => /\d{8}T\d{9}Z/.exec(path.relative(folder(file), copy))?.[0] ?? '';
  return [...backups(file), ...inStoreBackups(file)]
    .sort((a, b) => (time(a) < time(b) ? 1 : -1))
    .find(isSound);
}

function isSound(copy: string): boolean {
  try {
    const connection = new SQLite(copy, { readonly: true, fileMustExist: true });
    try {
      return connection.pragma('quick_check(1)', { simple: true }) === 'ok';
    } finally {
      connection.close();
    }
  } catch {
    return false;
  }
}

/**
 * Copies the database as it is committed now and drops the oldest copies. The copy has its name only once it is whole
 * and on the disk.
 *
 * @throws ApiError INSUFFICIENT_STORAGE when there is no room for it
 */
export function backUp(connection: Connection, file: string, schema: number): string {
  mkdirSync(folder(file), { recursive: true, mode: 0o700 });
  const time = new Date().toISOString().replace(/[-:.]/g, '');
  const target = path.join(folder(file), `${path.basename(file, '.db')}-${time}-schema${schema}.db`);
  // One name for all that are not finished: what a crash left is overwritten.
  const partial = path.join(folder(file), `${path.basename(file)}.partial`);
  rmSync(partial, { force: true });
  try {
    connection.prepare('VACUUM INTO ?').run(partial);
  } catch (error) {
    rmSync(partial, { force: true });
    if (!(error instanceof SQLite.SqliteError) || error.code !== 'SQLITE_FULL') throw error;
    throw new ApiError(
      'INSUFFICIENT_STORAGE',
      `There is no room in ${folder(file)} for the backup that is made before the database is updated. ` +
        `Free ${Math.ceil(statSync(file).size / 2 ** 20)} MB and start again; nothing was changed.`,
    );
  }
  sync(partial);
  renameSync(partial, target);
  if (process.platform !== 'win32') sync(folder(file));
  for (const old of backups(file).slice(0, -KEPT)) rmSync(old, { force: true });
  return target;
}

function sync(place: string): void {
  const descriptor = openSync(place, process.platform === 'win32' ? 'r+' : 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
