/** One daemon per store: kernel locks, which the system lets go of however the process ends. */
import fs from 'node:fs';
import path from 'node:path';
import Connection from 'better-sqlite3';
import type { StorePlace } from '../client/store.ts';

/** The lock of a store, held as long as its process lives. */
export interface StoreLock {
  /** Version of the SQLite that this process runs. */
  readonly sqlite: string;
  release(): void;
}

/**
 * Takes the lock of a store: one file in its private folder, which tells a second start of the same user that there is
 * a daemon to attach to, and one in the store, which also holds against daemons with another state folder.
 *
 * @returns undefined when another process with the same state folder holds it
 * @throws Error that names the store when one with another state folder does
 */
export function lockStore({ state, store }: StorePlace): StoreLock | undefined {
  const mine = lockFile(path.join(state, 'lock.db'));
  if (!mine) return undefined;
  const shared = lockFile(path.join(store, 'lock.db'));
  if (!shared) {
    mine.close();
    throw new Error(
      `The store ${store} is served by a daemon that keeps its state elsewhere: started by another user, in a container, or with another MODELTHAT_STATE_DIR or XDG_STATE_HOME. Stop that one (modelthat stop, with its settings), or choose another store (--store).`,
    );
  }
  const sqlite = mine.prepare('SELECT sqlite_version()').pluck().get() as string;
  return {
    sqlite,
    release: () => {
      shared.close();
      mine.close();
    },
  };
}

/**
 * Locks a file: an exclusively locked SQLite file of its own, for locks of the kernel through an interface that works
 * alike on all systems. A pid file is no lock: it outlives its process, and pids are used again.
 *
 * @returns undefined when another process has locked it
 */
function lockFile(file: string): Connection.Database | undefined {
  refuseForeign(file);
  fs.closeSync(fs.openSync(file, 'a', 0o600));
  const connection = new Connection(file, { timeout: 0 });
  try {
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.exec('BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
}

/** A store may have come with a cloned repository: a lock is an empty file and no link to anything. */
function refuseForeign(file: string): void {
  const found = fs.lstatSync(file, { throwIfNoEntry: false });
  if (found && (!found.isFile() || found.size > 0))
    throw new Error(`${file} is not a lock that modelthat made; remove it.`);
}
