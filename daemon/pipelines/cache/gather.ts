/** Getting back what a path once held, by its digest, from wherever it still is. Runs in a thread. */
import path from 'node:path';
import type { ContentReader } from '../inputs/content.ts';
import type { ObjectStore } from './objects.ts';

/** Data that is wanted, by its digest. */
export interface Wanted {
  readonly digest: string;
  /** Where it was when the digest was taken: if it is unchanged there, that is as good as the cache. */
  readonly source: string;
  /** Where it is to be; the same as `source` when it must not be touched. */
  readonly target: string;
}

/** A file that is wanted and is nowhere. */
export interface Lacking {
  readonly digest: string;
  /** Where it once was. */
  readonly source: string;
  /** Where the cache would have it. */
  readonly object: string;
}

/**
 * Puts data into its place.
 *
 * @param dryRun only look whether it could be
 * @returns files that are nowhere; with any, nothing was put anywhere
 */
export function gather(
  objects: ObjectStore,
  contents: ContentReader,
  wanted: Wanted,
  dryRun: boolean,
): Lacking[] {
  const { digest, source, target } = wanted;
  if (digestAt(contents, target) === digest) return [];
  const content = objects.contentOf(digest);
  const files =
    content.kind === 'folder'
      ? (objects.manifest(digest) ?? []).map(([name, each]) => ({ name, digest: each }))
      : [{ name: '', digest }];
  const outside = files.filter(each => !objects.has({ kind: 'file', digest: each.digest }));
  const unchanged = source !== target && digestAt(contents, source) === digest;
  const isThere = (file: (typeof files)[number]) =>
    unchanged || digestAt(contents, path.join(source, file.name)) === file.digest;
  const lacking = source === target ? files : outside.filter(file => !isThere(file));
  if (lacking.length > 0)
    return lacking.map(file => ({
      digest: file.digest,
      source: path.join(source, file.name),
      object: objects.placeOf(file.digest),
    }));
  if (dryRun) return [];
  for (const { name } of outside) objects.keepCopy(path.join(source, name));
  // Asked again: only now it may be known that it is a folder.
  objects.restore(target, objects.contentOf(digest));
  return [];
}

/** Nothing where nothing is, or what has no digest. */
function digestAt(contents: ContentReader, place: string): string | undefined {
  try {
    return contents.read(place)?.digest;
  } catch {
    return undefined;
  }
}
