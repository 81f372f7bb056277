/**
 * Notes of git that anchor the audit log where others have it, too: a line `<number> <hash> <store>` at a commit, below
 * `refs/notes/modelthat-audit`. They travel with `git push origin refs/notes/modelthat-audit`.
 */
import path from 'node:path';
import { invalid } from '../contract/errors.ts';
import { GitTree } from '../pipelines/sources/git.ts';
import type { Link } from './chain.ts';

const NOTES = ['notes', '--ref=modelthat-audit'];
const LINE = /^([1-9]\d{0,15}) ([0-9a-f]{64}) (.+)$/;

/** Where notes about a store are. */
export interface NotedStore {
  readonly store: string;
  /** A folder in the repository. */
  readonly workspace: string;
}

/** Adds the newest entry to the note of the commit that is checked out. @returns the commit */
export async function writeNote({ store, workspace }: NotedStore, { number, hash }: Link): Promise<string> {
  const tree = await GitTree.of(workspace);
  const commit = await tree?.text(['rev-parse', 'HEAD']).catch(() => undefined);
  if (!tree || commit === undefined)
    throw invalid(
      `${workspace} is in no work tree of git that has a commit: there is nothing to put a note on.`,
    );
  await tree.text([...NOTES, 'append', '-m', `${number} ${hash} ${nameOf(store, tree)}`, commit]);
  return commit;
}

/** What notes say of a store; nothing where there are none. */
export async function readNotes({ store, workspace }: NotedStore): Promise<Link[]> {
  const tree = await GitTree.of(workspace);
  const listed = await tree?.text([...NOTES, 'list']).catch(() => undefined);
  if (!tree || !listed) return [];
  const links: Link[] = [];
  for (const note of listed.split('\n')) {
    const text = await tree.text(['cat-file', 'blob', note.split(' ')[0] ?? '']);
    for (const line of text.split('\n')) {
      const [, number, hash = '', name] = LINE.exec(line) ?? [];
      if (name === nameOf(store, tree)) links.push({ number: Number(number), hash });
    }
  }
  return links;
}

/** A repository may have several stores. */
function nameOf(store: string, tree: GitTree): string {
  return path.relative(tree.root, store).split(path.sep).join('/');
}
