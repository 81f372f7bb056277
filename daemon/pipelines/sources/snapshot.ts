/** The code of a git work tree as a commit of its own, without touching the user's index, HEAD or files. */
import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { CodeVersion } from '../../contract/pipelines.ts';
import { isInside } from '../definition/graph.ts';
import type { PathIndex } from '../definition/path-index.ts';
import type { GitTree } from './git.ts';
import { choose, remark } from './limits.ts';

/** Where the commits of executions are kept from being collected. */
export const REFS = 'refs/modelthat';

/** What is to be recorded, and how. */
export interface SnapshotRequest {
  /** Below this folder, files belong to it that are not in version control. */
  readonly workspace: string;
  /** What steps write: no part of the code unless it is in version control. */
  readonly made: PathIndex<unknown>;
  /** Name of the ref. */
  readonly ref: string;
  readonly message: string;
  /** Path for a temporary index. */
  readonly index: string;
}

/** What a snapshot of git tells. */
export type GitVersion = Omit<CodeVersion, 'archive'>;

/** What `git status` says. */
interface Status {
  /** Null before the first commit. */
  readonly commit: string | null;
  readonly branch: string | null;
  /** Whether anything is staged or changed. */
  readonly changed: boolean;
  /** Files in which the work tree differs from the index, relative to the root. */
  readonly files: readonly string[];
}

/** Records the commit and what the work tree has beyond it. @throws Error with what git said */
export async function snapshot(tree: GitTree, request: SnapshotRequest): Promise<GitVersion> {
  const [status, untracked, repository, kept] = await Promise.all([
    readStatus(tree),
    listUntracked(tree, request),
    readRepository(tree),
    keptElsewhere(tree),
  ]);
  const filtered = await filteredAmong(tree, [...status.files, ...untracked.files]);
  const unfiltered = (name: string) => !filtered.has(name);
  const fresh = await choose(tree.root, untracked.files.filter(unfiltered));
  const files = [...status.files.filter(unfiltered), ...fresh.names];
  const { commit, branch } = status;
  const dirty = status.changed || files.length > 0;
  const recorded = dirty ? await commitFiles(tree, { ...request, files, parent: commit }) : commit;
  if (recorded !== null) await tree.text(['update-ref', request.ref, recorded]);
  return {
    commit,
    branch,
    repository,
    dirty,
    ref: recorded === null ? null : request.ref,
    remarks: [
      ...remark([...filtered], 'changed, and behind a filter of git such as LFS, which is not run'),
      ...fresh.remarks,
      ...remark(untracked.repositories, 'a repository of its own'),
      ...kept,
    ],
  };
}

async function readStatus(tree: GitTree): Promise<Status> {
  const options = ['--porcelain=v2', '--branch', '-z', '--untracked-files=no', '--no-renames'];
  const lines = await tree.parts(['status', ...options, '--ignore-submodules=dirty']);
  const header = (name: string) => {
    const line = lines.find(each => each.startsWith(`# ${name} `));
    return line?.slice(name.length + 3) ?? '';
  };
  const entries = lines.filter(line => /^[1u] /.test(line));
  const [commit, branch] = [header('branch.oid'), header('branch.head')];
  return {
    commit: commit.startsWith('(') ? null : commit,
    branch: branch.startsWith('(') ? null : branch,
    changed: entries.length > 0,
    files: entries.filter(isChangedInWorkTree).map(pathOf),
  };
}

/** `1 <XY> …`, where Y tells the work tree from the index; `u …` is a conflict. */
function isChangedInWorkTree(entry: string): boolean {
  return entry.startsWith('u') || entry[3] !== '.';
}

/** The last field of an entry, which may have spaces in it. */
function pathOf(entry: string): string {
  const before = entry.startsWith('u') ? 10 : 8;
  return entry.split(' ').slice(before).join(' ');
}

async function listUntracked(
  tree: GitTree,
  { workspace, made }: SnapshotRequest,
): Promise<{ files: string[]; repositories: string[] }> {
  const folder = isInside(tree.root, workspace) ? tree.root : workspace;
  const options = ['-z', '--others', '--exclude-standard', '--full-name'];
  const names = await tree.parts(['ls-files', ...options], { folder });
  const isMade = (name: string) => made.holding(path.join(tree.root, name)).length > 0;
  return {
    files: names.filter(name => !name.endsWith('/') && !isMade(name)),
    repositories: names.filter(name => name.endsWith('/')),
  };
}

/** The address that the code comes from, without a password in it. */
async function readRepository(tree: GitTree): Promise<string | null> {
  const address = await tree.text(['config', '--get', 'remote.origin.url']).catch(() => '');
  if (address === '') return null;
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

/** What a commit names but does not hold. */
async function keptElsewhere(tree: GitTree): Promise<string[]> {
  const pointers = await tree.list(['ls-files', '-z', '--', ':(top,attr:filter=lfs)']);
  const entries = existsSync(path.join(tree.root, '.gitmodules'))
    ? await tree.list(['ls-files', '-z', '--stage'])
    : [];
  const submodules = entries
    .filter(entry => entry.startsWith('160000 '))
    .map(entry => `${entry.slice(entry.indexOf('\t') + 1)} at ${entry.slice(7, 14)}`);
  return [
    ...remark(pointers, 'kept by Git LFS: only their pointers are there'),
    ...remark(submodules, 'submodules: only their commits are there'),
  ];
}

/** Those among some files that git would pass through a filter. */
async function filteredAmong(tree: GitTree, names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const found = await tree.parts(['check-attr', '-z', '--stdin', 'filter'], { input: lines(names) });
  // Each file, the attribute, its value.
  return new Set(found.filter((_, at) => at % 3 === 0 && !/^un(set|specified)$/.test(found[at + 2] ?? '')));
}

/** Commits the index with some files as they are in the work tree. @returns the commit */
async function commitFiles(
  tree: GitTree,
  request: SnapshotRequest & { files: readonly string[]; parent: string | null },
): Promise<string> {
  const { index, files, parent, message } = request;
  try {
    const own = await tree.text(['rev-parse', '--git-path', 'index']);
    // Before anything was added there is none.
    await copyFile(path.resolve(tree.root, own), index).catch(() => {});
    const update = ['update-index', '--add', '--remove', '--replace', '-z', '--stdin'];
    await tree.text(update, { index, input: lines(files) });
    const content = await tree.text(['write-tree'], { index });
    const parents = parent === null ? [] : ['-p', parent];
    return await tree.text(['commit-tree', content, ...parents, '-m', message]);
  } finally {
    await rm(index, { force: true });
  }
}

function lines(names: readonly string[]): string {
  return names.map(name => `${name}\0`).join('');
}
