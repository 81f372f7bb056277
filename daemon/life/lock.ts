/** One daemon per store: a kernel lock, which the system lets go of however the process ends. */
import fs from 'node:fs';
import path from 'node:path';
import Connection from 'better-sqlite3';

/** The lock of a store, held as long as its process lives. */
export interface StoreLock {
  /** Version of the SQLite that this process runs. */
  readonly sqlite: string;
  release(): void;
}

/**
 * Takes the lock of a store.
 *
 * An exclusively locked SQLite file of its own: locks of the kernel through an interface that works alike on all
 * systems. A pid file is no lock: it outlives its process, and pids are used again.
 *
 * @param state the store's private folder
 * @returns undefined when another process holds it
 */
export function lockStore(state: string): StoreLock | undefined {
  const file = path.join(state, 'lock.db');
  fs.closeSync(fs.openSync(file, 'a', 0o600));
  const connection = new Connection(file, { timeout: 0 });
  try {
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  const sqlite = connection.prepare('SELECT sqlite_version()').pluck().get() as string;
  return { sqlite, release: () => connection.close() };
}
