/** The names in a large folder, in order, without holding up anything else: sorting 100,000 at once would be noticed. */
import type { Dirent } from 'node:fs';
import fs from 'node:fs/promises';

/** Names that are sorted together. */
const PART = 4_000;

/** Names that the system is asked for at once. */
const READ_AT_ONCE = 500;

/** The names of a folder's entries that are wanted, in parts, each of which is sorted. */
export async function namesInParts(folder: string, wanted: (entry: Dirent) => boolean): Promise<string[][]> {
  const parts: string[][] = [];
  let part: string[] = [];
  for await (const entry of await fs.opendir(folder, { bufferSize: READ_AT_ONCE })) {
    if (!wanted(entry)) continue;
    if (part.push(entry.name) < PART) continue;
    parts.push(part.sort());
    part = [];
  }
  return [...parts, part.sort()];
}

/** Goes through sorted parts in their common order, `size` names at a time. */
export function* inOrder(parts: readonly string[][], size: number): Generator<string[]> {
  const rest = parts.map(part => part.values());
  const heads = rest.map(names => names.next().value);
  let batch: string[] = [];
  for (;;) {
    let least = -1;
    for (const [at, name] of heads.entries())
      if (name !== undefined && (least < 0 || name < (heads[least] ?? ''))) least = at;
    if (least < 0) break;
    if (batch.push(heads[least] ?? '') === size) {
      yield batch;
      batch = [];
    }
    heads[least] = rest[least]?.next().value;
  }
  yield batch;
}
