/** A store with many artifacts, and ways to damage them. */
import fs from 'node:fs';
import path from 'node:path';
import type { TestDaemon } from './daemon.ts';
import { MlflowWire } from './mlflow.ts';

/** Uploads that go on at the same time. */
const AT_ONCE = 8;

/** Uploads files of different content and size below a new run. @returns their paths in the store */
export async function uploadMany(daemon: TestDaemon, count: number): Promise<string[]> {
  const wire = new MlflowWire(daemon);
  const { artifacts } = await wire.startRun('files');
  const files = Array.from({ length: count }, (_, index) => `${artifacts}/part-${index % 7}/${index}.bin`);
  const queue = [...files.entries()];
  const upload = async () => {
    for (let next = queue.shift(); next; next = queue.shift())
      await wire.upload(next[1], `content of ${next[0]} `.repeat(20 + (next[0] % 50)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, upload));
  return files;
}

/** Damages different files: bits flipped, truncated, deleted, two swapped. @returns the paths of all of them */
export function damage(
  store: string,
  files: readonly string[],
  counts: { flipped: number; truncated: number; deleted: number },
): string[] {
  const step = Math.floor(files.length / (counts.flipped + counts.truncated + counts.deleted + 2));
  const chosen = files.filter((_, index) => index % step === 0).map(file => file);
  const take = (count: number) => chosen.splice(0, count);
  const place = (file: string) => path.join(store, 'artifacts', ...file.split('/'));
  const flipped = take(counts.flipped);
  for (const [index, file] of flipped.entries()) flipBit(place(file), index);
  const truncated = take(counts.truncated);
  for (const file of truncated) fs.truncateSync(place(file), Math.floor(fs.statSync(place(file)).size / 2));
  const deleted = take(counts.deleted);
  for (const file of deleted) fs.rmSync(place(file));
  const [one = '', other = ''] = take(2);
  fs.renameSync(place(one), `${place(one)}.aside`);
  fs.renameSync(place(other), place(one));
  fs.renameSync(`${place(one)}.aside`, place(other));
  return [...flipped, ...truncated, ...deleted, one, other].sort();
}

/** As a failing disk does: the file's size and times stay as they were. */
function flipBit(file: string, seed: number): void {
  const { atime, mtime } = fs.statSync(file);
  const content = fs.readFileSync(file);
  const at = (seed * 7919) % content.length;
  content[at] = (content[at] ?? 0) ^ (1 << (seed % 8));
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, content, at, 1, at);
  fs.closeSync(handle);
  fs.utimesSync(file, atime, mtime);
}
