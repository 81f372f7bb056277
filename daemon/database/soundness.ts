/**
 * Whether a database is damaged. Reading all of a large one takes longer than anybody waits for a start, so it is read while
 * it is served already, unless there is reason to doubt it.
 */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database as Connection } from 'better-sqlite3';

/** A database of this size is read in less than half a second. */
const SMALL_BYTES = 64 * 2 ** 20;

/** When a database that is served begins to be checked, in milliseconds: whoever started the daemon wants something else. */
const CHECK_AFTER_MS = 5_000;

/** Lies beside a database in which damage was found while it was served. */
const mark = (file: string) => `${file}-damaged`;

/** Whether a database is checked before anything is written: a small one, and one that there is reason to doubt. */
export function isCheckedFirst(file: string): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return size <= SMALL_BYTES || existsSync(mark(file)) || wasCutOff(file);
}

/**
 * Whether the machine went down while the database was in use. A killed process leaves its log behind, too, but all that
 * it wrote reaches the disk.
 */
function wasCutOff(file: string): boolean {
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  return log !== undefined && log.mtimeMs < Date.now() - os.uptime() * 1000;
}

/** What is wrong with all of a database, or with one of its tables, in SQLite's words; undefined when nothing is. */
export function findDamage(connection: Connection, table?: string): string | undefined {
  const problem = String(connection.pragma(`quick_check(${table ? `"${table}"` : 1})`, { simple: true }));
  return problem === 'ok' ? undefined : problem;
}

/** Runs one of the reads below, in a thread of its own. */
type Read = (name: keyof typeof reads, input: object) => Promise<unknown>;

/** The database was found to be sound: what was found earlier is no longer so. */
export function clearDoubt(file: string): void {
  rmSync(mark(file), { force: true });
}

/**
 * Checks a database that is served, table by table. Of damage a mark is left, so that the next start checks all of it first.
 *
 * @throws Error that says what is wrong
 */
export async function checkServed(file: string, read: Read, signal: AbortSignal): Promise<void> {
  await pause(CHECK_AFTER_MS, undefined, { signal, ref: false });
  for (const table of (await read('database.tables', {})) as string[]) {
    if (signal.aborted) return;
    const problem = await read('database.findDamage', { table });
    if (problem === undefined) continue;
    writeFileSync(mark(file), `${problem}\n`);
    throw new Error(`the database ${file} is damaged (${problem}); start again to see what can be done`);
  }
}

export const reads = {
  'database.tables': (connection: Connection, _input: Record<string, never>) =>
    connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[],
  'database.findDamage': (connection: Connection, { table }: { table: string }) =>
    findDamage(connection, table),
} as const;
