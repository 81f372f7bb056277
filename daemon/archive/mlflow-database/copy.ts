/** A private copy of a SQLite database: the original is never opened, so nothing beside it is made, changed or locked. */
import fs from 'node:fs';
import path from 'node:path';
import { ApiError } from '../../contract/errors.ts';

/** What belongs to a database: without its log and journal, a copy would lack what was written last. */
const COMPANIONS = ['', '-wal', '-journal'];

const TRIES = 3;

/**
 * Copies a database with all that belongs to it, as one moment saw it.
 *
 * @param folder a private one, made for this
 * @returns path of the copy
 * @throws ApiError RESOURCE_CONFLICT when the database goes on being written to; INSUFFICIENT_STORAGE on a full disk
 */
export function copyDatabase(file: string, folder: string): string {
  const copy = path.join(folder, 'source.db');
  for (let tries = 0; tries < TRIES; tries += 1) {
    const before = stateOf(file);
    for (const companion of COMPANIONS) copyFile(file + companion, copy + companion);
    if (stateOf(file) === before) return copy;
  }
  throw new ApiError(
    'RESOURCE_CONFLICT',
    `${file} is being written to. Stop the server that uses it, and import it again.`,
  );
}

/** Sizes and times of the files, as one text. */
function stateOf(file: string): string {
  return COMPANIONS.map(companion => {
    const stats = fs.statSync(file + companion, { bigint: true, throwIfNoEntry: false });
    return stats ? `${stats.ino} ${stats.size} ${stats.mtimeNs}` : '-';
  }).join();
}

function copyFile(from: string, to: string): void {
  try {
    fs.rmSync(to, { force: true });
    if (!fs.lstatSync(from, { throwIfNoEntry: false })?.isFile()) return;
    fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(to, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new ApiError(
      'INSUFFICIENT_STORAGE',
      `There is no room for a copy of ${from}, which an import reads from. Free some space and import it again.`,
    );
  }
}
