/** The thread that hashes what stages read and write, and moves it into and out of DVC's cache. Started by files.ts. */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { isInside } from '../definition/graph.ts';
import { UNREADABLE } from '../inputs/content.ts';
import { DigestStore } from '../inputs/store.ts';
import { readConfig } from './config.ts';
import { type DvcContent, DvcReader, readTree, type Tree, treeText } from './content.ts';
import type { HashName } from './lock-entry.ts';
import { DvcCacheError, DvcObjects } from './objects.ts';

/** What the thread is started with. */
export interface DvcPlace {
  /** Folder of the store's cache. */
  readonly cache: string;
}

/** A path, and by which rule it is to be hashed. */
export interface Wanted {
  readonly place: string;
  readonly hash: HashName;
}

/** What is to be kept. */
export interface Kept {
  /** What the workspace has of the cache, in the way that the project wants. */
  readonly outs: readonly string[];
  /** Data that has versions, in the same way. */
  readonly data: readonly string[];
  /** What it has for itself. */
  readonly copies?: readonly string[];
  readonly deps: readonly string[];
}

const { cache } = workerData as DvcPlace;
const digests = new DigestStore(path.join(cache, 'digests.db'));
/** Which files folders had that DVC does not keep: dependencies. */
const trees = path.join(cache, 'dvc-trees');

const readerOf = (root: string) => new DvcReader(digests, root);
const objectsOf = (root: string) => new DvcObjects(readConfig(root), readerOf(root));

/** What each path holds, null where nothing is. What cannot be read is like nothing that was there before. */
export function contents({
  root,
  wanted,
}: {
  root: string;
  wanted: readonly Wanted[];
}): (DvcContent | null)[] {
  const reader = readerOf(root);
  return digests.together(() => wanted.map(each => readOrSayWhyNot(reader, each)));
}

function readOrSayWhyNot(reader: DvcReader, { place, hash }: Wanted): DvcContent | null {
  try {
    return reader.read(place, hash);
  } catch (error) {
    const digest = `${UNREADABLE}${(error as Error).message}`;
    return { kind: 'file', digest, size: 0, files: null, executable: false };
  }
}

/** Whether each of these can be restored from DVC's cache. */
export function has({ root, kept }: { root: string; kept: readonly string[] }): boolean[] {
  const objects = objectsOf(root);
  return kept.map(digest => objects.has(digest));
}

/** Keeps what outputs hold, and which files were in each dependency. */
export function keep({ root, outs, data, copies = [], deps }: Kept & { root: string }): void {
  const reader = readerOf(root);
  for (const place of deps) remember(reader, place);
  const config = readConfig(root);
  const linked = new DvcObjects(config, reader);
  for (const place of [...outs, ...data]) linked.keep(place);
  const copied = new DvcObjects({ ...config, links: ['copy'] }, reader);
  for (const place of copies) copied.keep(place);
}

function remember(reader: DvcReader, place: string): void {
  const { content, tree } = reader.readWhole(place, 'md5') ?? {};
  if (!content || !tree) return;
  const file = path.join(trees, content.digest);
  if (existsSync(file)) return;
  mkdirSync(trees, { recursive: true });
  writeFileSync(file, treeText(tree));
}

/** Makes room for a stage: what it writes goes, but for what persists, which can be written to then. */
export function clear(input: { root: string; outs: readonly string[]; persistent: readonly string[] }): void {
  const { root, outs, persistent } = input;
  const objects = objectsOf(root);
  for (const place of [...outs, ...persistent]) requireInside(root, place);
  for (const place of persistent) objects.unprotect(place);
  for (const place of outs) rmSync(place, { recursive: true, force: true });
}

/** Puts each path back as it was kept. */
export function restore(input: {
  root: string;
  items: readonly { readonly place: string; readonly content: DvcContent }[];
}): void {
  const { root, items } = input;
  const objects = objectsOf(root);
  for (const { place } of items) requireInside(root, place);
  for (const { place, content } of items) objects.restore(place, content);
}

/** The file of a folder that differs from when the folder had a digest; undefined where that is not known. */
export function difference(input: { root: string; place: string; before: string }): string | undefined {
  const now = readerOf(input.root).readWhole(input.place, 'md5')?.tree;
  const before = now && (objectsOf(input.root).tree(input.before) ?? remembered(input.before));
  return before && firstDifference(before, now);
}

function remembered(digest: string): Tree | undefined {
  const file = path.join(trees, digest);
  return existsSync(file) ? readTree(readFileSync(file, 'utf8')) : undefined;
}

function firstDifference(before: Tree, now: Tree): string | undefined {
  const old = new Map(before);
  const fresh = new Map(now);
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .sort()
    .find(name => old.get(name) !== fresh.get(name));
}

/** No link in the way to what is removed or replaced leads out of the project. @throws DvcCacheError */
function requireInside(root: string, place: string): void {
  let folder = path.dirname(place);
  while (!existsSync(folder)) folder = path.dirname(folder);
  const real = realpathSync(folder);
  const base = realpathSync(root);
  if (real !== base && !isInside(real, base))
    throw new DvcCacheError(`${place} lies outside of the project ${root}: it is not touched`);
}
