/** Finding the pipelines of a workspace, however many files it has, while other requests go on. */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { inheritedEnvironment } from '../processes/environment.ts';

/** Names a pipeline file may have. */
export const PIPELINE_FILES: readonly string[] = ['modelthat.yaml', 'modelthat.yml'];

/** How deep below the workspace's root pipelines are looked for. */
const MAX_DEPTH = 4;
/** How many folders are looked into. A search that is not through by then says so. */
export const MAX_FOLDERS = 5_000;
/** Folders that are read at the same time. */
const READ_AT_ONCE = 16;
const GIT_TIMEOUT_MS = 5_000;
const NOT_SEARCHED = /^(\..*|node_modules|__pycache__|venv|site-packages|mlruns|dist)$/;

/** What a search found. */
export interface Found {
  /** Absolute paths, those nearest to the root first. */
  readonly files: readonly string[];
  /** Whether all folders were looked into. */
  readonly complete: boolean;
}

/**
 * Looks for pipeline files in a workspace, outside of what version control ignores.
 *
 * @param maxFolders after how many folders it stops; those nearest to the root are first
 */
export async function findPipelines(workspace: string, maxFolders = MAX_FOLDERS): Promise<Found> {
  const files: string[] = [];
  let left = maxFolders;
  let level = [workspace];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    const taken = level.slice(0, left);
    const read = await readFolders(await withoutIgnored(workspace, taken));
    files.push(...read.flatMap(({ file }) => file ?? []));
    if (taken.length < level.length) return { files, complete: false };
    left -= taken.length;
    level = read.flatMap(({ folders }) => folders);
  }
  return { files, complete: true };
}

interface Folder {
  readonly file: string | undefined;
  readonly folders: readonly string[];
}

async function readFolders(places: readonly string[]): Promise<Folder[]> {
  const read: Folder[] = [];
  for (let start = 0; start < places.length; start += READ_AT_ONCE)
    read.push(...(await Promise.all(places.slice(start, start + READ_AT_ONCE).map(readFolder))));
  return read;
}

async function readFolder(place: string): Promise<Folder> {
  // One that cannot be read holds nothing for us.
  const entries = await readdir(place, { withFileTypes: true }).catch(() => []);
  const names = new Set(entries.filter(entry => entry.isFile()).map(entry => entry.name));
  const name = PIPELINE_FILES.find(candidate => names.has(candidate));
  return {
    file: name && path.join(place, name),
    folders: entries
      .filter(entry => entry.isDirectory() && !NOT_SEARCHED.test(entry.name))
      .map(entry => path.join(place, entry.name)),
  };
}

/** Leaves out the folders that git ignores: data, outputs, environments. All stay where there is no git or no repository. */
async function withoutIgnored(workspace: string, folders: readonly string[]): Promise<readonly string[]> {
  const below = folders.filter(folder => folder !== workspace);
  if (below.length === 0) return folders;
  // A workspace may itself lie in an ignored folder; then git has nothing to say about what is in it.
  const asked = [workspace, ...below].map(folder => `${path.relative(workspace, folder) || '.'}\0`).join('');
  const ignored = new Set((await gitCheckIgnore(workspace, asked)).split('\0'));
  if (ignored.has('.')) return folders;
  return folders.filter(folder => !ignored.has(path.relative(workspace, folder)));
}

/** @returns those of the paths (each ended by NUL) that are ignored, in the same form; none when git cannot tell */
async function gitCheckIgnore(workspace: string, paths: string): Promise<string> {
  // A file system monitor is a program that the repository names: it is not run for a mere question.
  const git = spawn('git', ['-c', 'core.fsmonitor=false', 'check-ignore', '-z', '--stdin'], {
    cwd: workspace,
    timeout: GIT_TIMEOUT_MS,
    env: { ...inheritedEnvironment(), GIT_OPTIONAL_LOCKS: '0' },
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
  const failed = new Promise<string>(resolve => git.once('error', () => resolve('')));
  git.stdin.once('error', () => {});
  git.stdin.end(paths);
  return Promise.race([text(git.stdout), failed]);
}
