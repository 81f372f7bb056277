import fs from 'node:fs';
import path from 'node:path';
import { findStore, storeFor } from '../../daemon/client/store.ts';
import { PIPELINE_FILES } from '../../daemon/contract/pipelines.ts';

/** A store that belongs to a window's folders. */
export interface FoundStore {
  /** The store's folder; it may not be made yet. */
  readonly store: string;
  /** Whether there is a store or a pipeline file: something to start a daemon for. */
  readonly inUse: boolean;
}

/**
 * The stores of a workspace root: the one found by walking up from it, and those of the projects nested one level
 * below. A root that is no project itself counts only when nothing is nested in it.
 *
 * @param configured `modelthat.storePath`; empty = found by walking up
 */
export function findStores(root: string, configured: string): FoundStore[] {
  const own = storeAt(root, configured);
  const nested = subfolders(root)
    .filter(folder => isProject(folder))
    // Of a project that has no store yet, they are part, too.
    .map(folder => (own.inUse && findStore(folder) === undefined ? own : storeAt(folder, '')));
  const all = nested.length > 0 && !own.inUse ? nested : [own, ...nested];
  return [...new Map(all.map(found => [found.store, found])).values()];
}

function storeAt(folder: string, configured: string): FoundStore {
  const store = configured ? path.resolve(folder, configured) : storeFor(folder);
  return { store, inUse: fs.existsSync(store) || hasPipeline(folder) || hasPipeline(path.dirname(store)) };
}

function isProject(folder: string): boolean {
  return hasPipeline(folder) || findStore(folder) === path.join(folder, path.basename(storeFor(folder)));
}

function hasPipeline(folder: string): boolean {
  return PIPELINE_FILES.some(name => fs.existsSync(path.join(folder, name)));
}

function subfolders(root: string): string[] {
  try {
    return fs
      .readdirSync(root, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .map(entry => path.join(root, entry.name));
  } catch {
    return [];
  }
}
