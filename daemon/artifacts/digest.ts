import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * One SHA-256 for the files of a folder, at any depth, by name and content. It is that of the list which
 * `sha256sum` makes of them, ordered by path, so that it can be had without us.
 *
 * @returns lower-case hexadecimal; undefined when something else than files and folders is there (a link may lead to
 * anything)
 */
export async function folderDigest(folder: string): Promise<string | undefined> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.some(entry => !entry.isFile() && !entry.isDirectory())) return undefined;
  const files = entries
    .filter(entry => entry.isFile())
    .map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
  const list = createHash('sha256');
  for (const file of files) list.update(`${await fileDigest(path.join(folder, file))}  ${file}\n`);
  return list.digest('hex');
}

async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
