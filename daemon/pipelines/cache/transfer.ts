/** Getting files into the cache and out of it. Runs in a thread. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';

/** What nobody is to change: objects, and the outputs that share their blocks by a hard link. */
export const READ_ONLY = 0o444;

/** Gives a file a second name. @returns false where the file system cannot, or not between these folders */
export function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Copies a file, sharing its blocks with the original where the file system can (reflinks). */
export function copy(from: string, to: string, mode: number): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chmodSync(to, mode);
}

/** A name in the same folder, so that a rename does not leave the file system. */
export function beside(place: string): string {
  mkdirSync(path.dirname(place), { recursive: true });
  return path.join(path.dirname(place), `.${path.basename(place)}.${randomBytes(4).toString('hex')}.tmp`);
}

/** Whether a file has such a name: it is left over when nobody has written to it for long. */
export function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{8}\.tmp$/.test(name);
}

/** Removes what was left beside a place when something that was to replace it was interrupted. */
export function clearBeside(place: string): void {
  const folder = path.dirname(place);
  if (!existsSync(folder)) return;
  const begins = `.${path.basename(place)}.`;
  for (const name of readdirSync(folder))
    if (name.startsWith(begins) && isTemporary(name))
      rmSync(path.join(folder, name), { recursive: true, force: true });
}

/** Moves `fresh` to `place`; what was there goes only once the new is in its place. */
export function replace(place: string, fresh: string): void {
  if (!existsSync(place)) {
    renameSync(fresh, place);
    return;
  }
  const old = beside(place);
  renameSync(place, old);
  renameSync(fresh, place);
  rmSync(old, { recursive: true, force: true });
}
