import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Puts a text in place of a file's content: whoever reads it, even after a power cut, has the old or the new. */
export function replaceFile(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  const descriptor = openSync(fresh, 'wx');
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    renameSync(fresh, file);
  } finally {
    rmSync(fresh, { force: true });
  }
}
