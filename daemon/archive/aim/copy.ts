/** A private copy of an Aim store: its package writes to what it reads. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { ApiError, invalid } from '../../contract/errors.ts';
import { unreadable } from '../folder.ts';

/** What a store consists of; the rest (locks, signs of life) is about programs that use it now. */
const PARTS = [
  'VERSION',
  'meta',
  'seqs',
  'run_metadata.sqlite',
  'run_metadata.sqlite-wal',
  'run_metadata.sqlite-journal',
];

const TRIES = 3;

/**
 * Copies a store, as one moment saw it. Links are left out: who brought the store could have made them lead anywhere.
 *
 * @param copy the folder to make
 * @throws ApiError RESOURCE_CONFLICT when the store goes on being written to; INSUFFICIENT_STORAGE on a full disk
 */
export async function copyAim(store: string, copy: string, signal: AbortSignal): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    await fs.rm(copy, { recursive: true, force: true });
    await fs.mkdir(path.join(copy, 'locks'), { recursive: true });
    const before = await stateOf(store);
    try {
      for (const file of before.keys()) {
        signal.throwIfAborted();
        await copyFile(path.join(store, file), path.join(copy, file));
      }
    } catch (error) {
      // A file that is gone by now: it is being written to.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explained(error, store);
    }
    const after = await stateOf(store);
    if (JSON.stringify([...before]) === JSON.stringify([...after])) return;
  }
  throw new ApiError(
    'RESOURCE_CONFLICT',
    `${store} is being written to. Import it again when the runs that log to it have ended.`,
  );
}

/** The files of a store with their sizes and times, by their paths in it. */
async function stateOf(store: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const walk = async (relative: string): Promise<void> => {
    const place = path.join(store, relative);
    const stats = await fs.lstat(place, { bigint: true }).catch(() => undefined);
    if (stats?.isFile()) found.set(relative, `${stats.ino} ${stats.size} ${stats.mtimeNs}`);
    if (stats?.isDirectory())
      for (const name of (await fs.readdir(place)).sort()) await walk(path.join(relative, name));
  };
  for (const part of PARTS) await walk(part);
  return found;
}

async function copyFile(from: string, to: string): Promise<void> {
  await fs.mkdir(path.dirname(to), { recursive: true });
  await fs.copyFile(from, to, fs.constants.COPYFILE_FICLONE);
  await fs.chmod(to, 0o600);
}

function explained(error: unknown, store: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || (error as Error).name === 'AbortError') return error;
  if (code !== 'ENOSPC') return invalid(`${store} cannot be read: ${unreadable(error).message}.`);
  return new ApiError(
    'INSUFFICIENT_STORAGE',
    `There is no room for a copy of ${store}, which an import reads from. Free some space and import it again.`,
  );
}
