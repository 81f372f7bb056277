/** Whose code a Python model is: what may be started for a caller that may not have code of its own run. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { ApiError } from '../contract/errors.ts';
import type { ServableVersion } from './model.ts';

/** How far the times that a kernel gives to files may lag behind its clock, in milliseconds. */
const FILE_TIME_LAG_MS = 10;

/**
 * Lets a version pass that was released, and whose files nobody has touched since.
 *
 * @throws ApiError PERMISSION_DENIED otherwise, with the remedy
 */
export async function requireRelease({ name, version, folder, releasedAt }: ServableVersion): Promise<void> {
  if (releasedAt !== null && (await lastChange(folder)) < releasedAt - FILE_TIME_LAG_MS) return;
  const why =
    releasedAt === null
      ? 'nobody with the right to run code has moved it to Staging or Production'
      : 'its files were changed after it was moved to its stage';
  throw new ApiError(
    'PERMISSION_DENIED',
    `${name} version ${version} is Python code, which the tracking token may not start: ${why}. ` +
      'Promote it by `modelthat models promote`, or start it by `modelthat predict`.',
  );
}

/**
 * When anything in a folder was written, renamed, added or removed last, in milliseconds since the epoch. Unlike the
 * time of its content, this time of a file cannot be set, and a late rename of an earlier upload counts.
 */
async function lastChange(folder: string): Promise<number> {
  const names = await fs.readdir(folder, { recursive: true });
  const times = await Promise.all(
    ['', ...names].map(async name => (await fs.lstat(path.join(folder, name))).ctimeMs),
  );
  return times.reduce((latest, time) => Math.max(latest, time), 0);
}
