/** Finding the pipelines of a workspace, however many files it has, while other requests go on. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';

/** Names a pipeline file may have. */
export const PIPELINE_FILES: readonly string[] = ['modelthat.yaml', 'modelthat.yml'];

/** How deep below the workspace's root pipelines are looked for. */
const MAX_DEPTH = 4;
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

/**
 * Looks for pipeline files in a workspace, outside of the folders that its `.gitignore` files name: data, outputs,
 * environments. Starts no program: a repository that nobody trusts yet is searched, too.
 *
 * @param maxFolders after how many folders it stops; those nearest to the root are first
 */
export async function findPipelines(workspace: string, maxFolders = MAX_FOLDERS): Promise<Found> {
  const files: string[] = [];
  let left = maxFolders;
  let level: Place[] = [{ folder: workspace, rules: [] }];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    const taken = level.slice(0, left);
    const read = await readFolders(taken);
    files.push(...read.flatMap(({ file }) => file ?? []));
    if (taken.length < level.length) return { files, complete: false };
    left -= taken.length;
    level = read.flatMap(({ below }) => below);
  }
  return { files, complete: true };
}

/** A folder to look into. */
interface Place {
  readonly folder: string;
  /** Those of the `.gitignore` files above it. */
  readonly rules: readonly Rules[];
}

/** What the `.gitignore` of a folder says. */
export interface Rules {
  readonly folder: string;
  readonly ignored: Ignore;
}

interface Read {
  readonly file: string | undefined;
  readonly below: readonly Place[];
}

async function readFolders(places: readonly Place[]): Promise<Read[]> {
  const read: Read[] = [];
  for (let start = 0; start < places.length; start += READ_AT_ONCE)
    read.push(...(await Promise.all(places.slice(start, start + READ_AT_ONCE).map(readPlace))));
  return read;
}

async function readPlace({ folder, rules: above }: Place): Promise<Read> {
  // One that cannot be read holds nothing for us.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = new Set(entries.filter(entry => entry.isFile()).map(entry => entry.name));
  const name = PIPELINE_FILES.find(candidate => names.has(candidate));
  const rules = names.has('.gitignore') ? [...above, await readRules(folder)] : above;
  return {
    file: name && path.join(folder, name),
    below: entries
      .filter(entry => entry.isDirectory() && !NOT_SEARCHED.test(entry.name))
      .map(entry => path.join(folder, entry.name))
      .filter(place => !isIgnored(place, rules))
      .map(place => ({ folder: place, rules })),
  };
}

/** Those of a folder. */
export async function readRules(folder: string): Promise<Rules> {
  const text = await readFile(path.join(folder, '.gitignore'), 'utf8').catch(() => '');
  return { folder, ignored: ignore().add(text) };
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
