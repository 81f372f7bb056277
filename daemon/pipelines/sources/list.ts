/** The sources of a workspace that is under no version control. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { PathIndex } from '../definition/path-index.ts';
import { isIgnored, MAX_FOLDERS, NOT_SEARCHED, type Rules, readRules } from '../find.ts';

interface Place {
  readonly folder: string;
  /** Those of the `.gitignore` files above it. */
  readonly above: readonly Rules[];
}

/**
 * Files below a folder, by path relative to it with `/`: without what `.gitignore` files name, and without what steps
 * write. Those nearest to the root are first.
 */
export async function listSources(root: string, made: PathIndex<unknown>): Promise<string[]> {
  const files: string[] = [];
  const places: Place[] = [{ folder: root, above: [] }];
  // It grows while it is gone through.
  for (const place of places) {
    const found = await readPlace(place, made);
    files.push(...found.files);
    places.push(...found.below.slice(0, Math.max(0, MAX_FOLDERS - places.length)));
  }
  return files.map(file => path.relative(root, file).split(path.sep).join('/'));
}

async function readPlace(
  { folder, above }: Place,
  made: PathIndex<unknown>,
): Promise<{ files: string[]; below: Place[] }> {
  // One that cannot be read holds nothing for us.
  const all = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const rules = all.some(({ name }) => name === '.gitignore') ? [...above, await readRules(folder)] : above;
  const entries = all
    .map(entry => ({ entry, place: path.join(folder, entry.name) }))
    .filter(({ place }) => made.holding(place).length === 0);
  const isSource = ({ entry, place }: (typeof entries)[number]) =>
    entry.isFile() && !isIgnored(place, rules, 'file');
  const isSearched = ({ entry, place }: (typeof entries)[number]) =>
    entry.isDirectory() && !NOT_SEARCHED.test(entry.name) && !isIgnored(place, rules);
  return {
    files: entries.filter(isSource).map(({ place }) => place),
    below: entries.filter(isSearched).map(({ place }) => ({ folder: place, above: rules })),
  };
}
