/** The code that runs were made from: by git, or, where there is none, what the cache has of the files that steps ran. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { invalid, missing } from '../contract/errors.ts';
import { type CodeChange, MOST_CHANGES } from '../contract/origins.ts';
import { GitTree } from '../pipelines/sources/git.ts';
import type { FoundOrigin } from './origins.ts';

/** Larger files are no code that people read. */
const MOST_BYTES = 5_000_000;
const COMMIT = /^[0-9a-f]{7,64}$/;
const DIGEST = /^[0-9a-f]{64}$/;

const CHANGES: Readonly<Record<string, CodeChange['change']>> = { A: 'added', D: 'removed' };

/** The code of a run in a repository. */
interface Revision {
  readonly tree: GitTree;
  /** A whole commit name. */
  readonly commit: string;
}

interface Differences {
  readonly changes: CodeChange[];
  readonly more: number;
  readonly remarks: string[];
}

/** Compares and reads the code of runs. */
export class CodeOfRuns {
  readonly #workspace: string;
  readonly #cache: string;

  /** @param workspace absolute path @param cache folder with files by their content */
  constructor(workspace: string, cache: string) {
    this.#workspace = workspace;
    this.#cache = cache;
  }

  /** The files in which the code of two runs differs, the first so many of them. */
  async changes(from: FoundOrigin, to: FoundOrigin): Promise<Differences> {
    const [before, now] = await Promise.all([this.#revisionOf(from), this.#revisionOf(to)]);
    const all = before && now ? await changesByGit(before, now) : changesByDigest(from, to);
    const remarks = [from, to].flatMap(({ code }) => code?.remarks ?? []);
    if (!before || !now) remarks.push(whyByDigest(from, to));
    if ([from, to].some(({ code }) => code?.commit && code.dirty === null))
      remarks.push('Only the commits are compared: what the work tree had beyond them was not recorded.');
    return {
      changes: all.slice(0, MOST_CHANGES),
      more: Math.max(0, all.length - MOST_CHANGES),
      remarks: [...new Set(remarks)],
    };
  }

  /**
   * A file of the code of a run; empty where the code had none of that name.
   *
   * @param name relative to the repository's root, or to the pipeline's folder where there is no git
   * @throws ApiError RESOURCE_DOES_NOT_EXIST when the code is not kept, INVALID_PARAMETER_VALUE for what is too large
   */
  async read(origin: FoundOrigin, name: string): Promise<string> {
    const revision = await this.#revisionOf(origin);
    if (revision) return readByGit(revision, name);
    const digest = Object.hasOwn(origin.files, name) ? origin.files[name] : null;
    if (digest === null || digest === undefined) return '';
    const kept = path.join(this.#cache, 'objects', digest.slice(0, 2), digest.slice(2));
    const status = DIGEST.test(digest) ? await stat(kept).catch(() => undefined) : undefined;
    if (!status?.isFile()) throw missing(`“${name}” as it was then is not kept.`);
    refuseLarge(name, status.size);
    return readFile(kept, 'utf8');
  }

  /** Undefined without git, and when the repository does not have the commit any more. */
  async #revisionOf({ code, pipeline }: FoundOrigin): Promise<Revision | undefined> {
    const named = code?.ref ?? code?.commit ?? null;
    // A client says what it likes; a ref is the daemon's own.
    if (!code || named === null || (code.ref === null && !COMMIT.test(named))) return undefined;
    const tree = await GitTree.of(pipeline === null ? this.#workspace : path.dirname(pipeline));
    const commit = await tree
      ?.text(['rev-parse', '--verify', '--quiet', '--end-of-options', `${named}^{commit}`])
      .catch(() => undefined);
    return tree && commit !== undefined ? { tree, commit } : undefined;
  }
}

async function changesByGit(before: Revision, now: Revision): Promise<CodeChange[]> {
  const options = ['--name-status', '-z', '--no-renames', '--no-ext-diff', '--no-textconv'];
  const parts = await now.tree.parts(['diff', ...options, before.commit, now.commit]);
  return parts.flatMap((status, place) => {
    const name = place % 2 === 0 ? parts[place + 1] : undefined;
    return name === undefined ? [] : [{ path: name, change: CHANGES[status] ?? 'changed' }];
  });
}

function changesByDigest({ files: before }: FoundOrigin, { files: now }: FoundOrigin): CodeChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names.flatMap((name): CodeChange[] => {
    const [old, fresh] = [before[name] ?? null, now[name] ?? null];
    if (old === fresh) return [];
    return [{ path: name, change: old === null ? 'added' : fresh === null ? 'removed' : 'changed' }];
  });
}

function whyByDigest(from: FoundOrigin, to: FoundOrigin): string {
  return Object.keys(from.files).length > 0 && Object.keys(to.files).length > 0
    ? 'Only the files that the steps ran and imported are compared: there is no git commit of both.'
    : 'The code of both was not recorded, or is not in this repository: it cannot be compared.';
}

async function readByGit({ tree, commit }: Revision, name: string): Promise<string> {
  const blob = `${commit}:${name}`;
  const size = await tree.text(['cat-file', '-s', blob]).catch(() => undefined);
  if (size === undefined) return '';
  refuseLarge(name, Number(size));
  return tree.content(['cat-file', 'blob', blob]);
}

function refuseLarge(name: string, size: number): void {
  if (size > MOST_BYTES) throw invalid(`“${name}” has ${size} bytes: more than ${MOST_BYTES} are not shown.`);
}
