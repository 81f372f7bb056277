/** Finding files of a workspace, however many it has, while other requests go on. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { PIPELINE_FILES } from '../contract/pipelines.ts';

/** How many folders are looked into. A search that is not through by then says so. */
export const MAX_FOLDERS = 5_000;
/** Folders that are read at the same time. */
const READ_AT_ONCE = 16;
/** Names of folders that hold neither code nor pipelines of the workspace's own. */
export const NOT_SEARCHED = /^(\..*|node_modules|__pycache__|venv|site-packages|mlruns|dist)$/;

/** What a search found. */
export interface Found {
  /** Absolute paths, those nearest to the root first. */
  readonly files: readonly string[];
  /** Whether all folders were looked into. */
  readonly complete: boolean;
}

/** What is looked for, and where. */
export interface Search {
  readonly wanted: (name: string) => boolean;
  /** Names of files that say, as `.gitignore` does, which folders are not looked into. */
  readonly ignoreFiles: readonly string[];
  /** Names of folders that are not looked into either. */
  readonly skipped: RegExp;
  /** Whether a folder below the root, by the names in it, is none of our concern. */
  readonly isForeign?: (names: ReadonlySet<string>) => boolean;
  /** How deep below the root it goes. */
  readonly maxDepth?: number;
  /** After how many folders it stops; those nearest to the root are first. */
  readonly maxFolders?: number;
}

/**
 * Looks for pipeline files in a workspace, outside of the folders that its `.gitignore` files name: data, outputs,
 * environments.
 */
export function findPipelines(workspace: string, maxFolders = MAX_FOLDERS): Promise<Found> {
  return findFiles(workspace, {
    wanted: name => PIPELINE_FILES.includes(name),
    ignoreFiles: ['.gitignore'],
    skipped: NOT_SEARCHED,
    maxDepth: 4,
    maxFolders,
  });
}

/** Looks for files below a folder. Starts no program: a repository that nobody trusts yet is searched, too. */
export async function findFiles(root: string, search: Search): Promise<Found> {
  const { maxDepth = Number.POSITIVE_INFINITY, maxFolders = MAX_FOLDERS } = search;
  const files: string[] = [];
  let left = maxFolders;
  let level: Place[] = [{ folder: root, rules: [], isRoot: true }];
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const taken = level.slice(0, left);
    const read = await readFolders(taken, search);
    files.push(...read.flatMap(place => place.files));
    if (taken.length < level.length) return { files, complete: false };
    left -= taken.length;
    level = read.flatMap(({ below }) => below);
  }
  return { files, complete: true };
}

/** A folder to look into. */
interface Place {
  readonly folder: string;
  /** Those of the ignore files above it. */
  readonly rules: readonly Rules[];
  readonly isRoot?: boolean;
}

/** What an ignore file says. */
export interface Rules {
  /** Its name. */
  readonly name: string;
  readonly folder: string;
  readonly ignored: Ignore;
}

interface Read {
  readonly files: readonly string[];
  readonly below: readonly Place[];
}

async function readFolders(places: readonly Place[], search: Search): Promise<Read[]> {
  const read: Read[] = [];
  for (let start = 0; start < places.length; start += READ_AT_ONCE) {
    const together = places.slice(start, start + READ_AT_ONCE);
    read.push(...(await Promise.all(together.map(place => readPlace(place, search)))));
  }
  return read;
}

async function readPlace({ folder, rules: above, isRoot }: Place, search: Search): Promise<Read> {
  // One that cannot be read holds nothing for us.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (!isRoot && search.isForeign?.(new Set(entries.map(({ name }) => name))))
    return { files: [], below: [] };
  const files = entries.filter(entry => entry.isFile()).map(({ name }) => name);
  const here = search.ignoreFiles.filter(name => files.includes(name)).map(name => readRules(folder, name));
  const rules = [...above, ...(await Promise.all(here))];
  // What one kind of file takes back, another may still name.
  const chains = search.ignoreFiles.map(name => rules.filter(each => each.name === name));
  return {
    files: files.filter(search.wanted).map(name => path.join(folder, name)),
    below: entries
      .filter(entry => entry.isDirectory() && !search.skipped.test(entry.name))
      .map(entry => path.join(folder, entry.name))
      .filter(place => !chains.some(chain => isIgnored(place, chain)))
      .map(place => ({ folder: place, rules })),
  };
}

/** Those of a folder, by the file of that name in it. */
export async function readRules(folder: string, name = '.gitignore'): Promise<Rules> {
  const text = await readFile(path.join(folder, name), 'utf8').catch(() => '');
  return { name, folder, ignored: ignore().add(text) };
}

/** Whether git would ignore a folder, or a file: the rules nearest to it that say something decide. */
export function isIgnored(
  place: string,
  rules: readonly Rules[],
  kind: 'folder' | 'file' = 'folder',
): boolean {
  for (const { folder, ignored } of rules.toReversed()) {
    const relative = path.relative(folder, place).split(path.sep).join('/');
    const found = ignored.test(kind === 'folder' ? `${relative}/` : relative);
    if (found.ignored || found.unignored) return found.ignored;
  }
  return false;
}
