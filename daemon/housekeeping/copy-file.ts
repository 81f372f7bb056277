import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '../contract/errors.ts';

/** A content as it was copied. */
export interface Copied {
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Of the new file, in milliseconds. */
  readonly modifiedAt: number;
}

/**
 * Writes a new file, folders included, to the disk and not just to the system's cache.
 *
 * @throws ApiError INSUFFICIENT_STORAGE on a full disk
 */
export async function copyInto(
  target: string,
  content: Readable,
  onBytes: (count: number) => void,
): Promise<Copied> {
  const hash = createHash('sha256');
  let size = 0;
  async function* measured(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.byteLength;
      onBytes(chunk.byteLength);
      yield chunk;
    }
  }
  try {
    await fs.mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    const handle = await fs.open(target, 'wx', 0o600);
    await pipeline(content, measured, handle.createWriteStream({ flush: true }));
    const { mtimeMs } = await fs.stat(target);
    return { size, sha256: hash.digest('hex'), modifiedAt: mtimeMs };
  } catch (error) {
    content.destroy();
    if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new ApiError('INSUFFICIENT_STORAGE', `There is no room for ${target}: the disk is full.`);
  }
}

/** Makes names in a folder last through a power cut; Windows cannot open folders, and needs no such step. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
