import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 1 << 20;

/** Used again for each file: to make one takes longer than to hash a small file, and the collector long to free them. */
let buffer: Buffer | undefined;

/**
 * The digest of a file's bytes, hex. Takes as long as the disk does: for threads of their own.
 *
 * @param view what is hashed of each part of the file in place of it
 */
export function hashFile(
  file: string,
  algorithm: 'sha256' | 'md5',
  view: (chunk: Buffer) => Buffer = chunk => chunk,
): string {
  buffer ??= Buffer.allocUnsafe(CHUNK_BYTES);
  const hash = createHash(algorithm);
  const descriptor = openSync(file, 'r');
  try {
    for (let length = -1; length !== 0; ) {
      length = readSync(descriptor, buffer, 0, CHUNK_BYTES, null);
      hash.update(view(buffer.subarray(0, length)));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}
