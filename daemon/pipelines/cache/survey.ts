/** What lies in the cache, and who needs it. Runs in a thread: there may be very many files. */
import type { Content } from '../inputs/content.ts';
import type { ObjectStore } from './objects.ts';

/** What a result has in the cache. */
export interface CacheReference {
  readonly key: string;
  readonly outputs: readonly Pick<Content, 'kind' | 'digest'>[];
  /** Digests of its dependencies: those that are folders have their list of files there. */
  readonly deps: readonly string[];
}

/** Results that stay, and results that may go. */
export interface CacheReferences {
  readonly kept: readonly CacheReference[];
  readonly doomed: readonly CacheReference[];
  /** What was written later stays, whoever needs it. Milliseconds since the epoch. */
  readonly before: number;
}

/** Bytes by the key of each result that may go: what it has there that no result before it, or that stays, has. */
export interface CacheSurvey {
  readonly doomed: Readonly<Record<string, number>>;
  /** Of results that stay, and of files that are too new. */
  readonly keptBytes: number;
  /** Files that belong to no result at all. */
  readonly strays: readonly CacheFile[];
  /** Files that belong to results that may go, and to no other. */
  readonly files: readonly CacheFile[];
}

/** A file of the cache. */
export interface CacheFile {
  readonly file: string;
  readonly digest: string | null;
  readonly bytes: number;
}

/** Goes through the cache once. */
export function surveyCache(objects: ObjectStore, { kept, doomed, before }: CacheReferences): CacheSurvey {
  const needed = new Set<string | null>(kept.flatMap(reference => digestsOf(objects, reference)));
  const owners = ownersOf(objects, doomed);
  const bytesOf: Record<string, number> = Object.fromEntries(doomed.map(({ key }) => [key, 0]));
  const strays: CacheFile[] = [];
  const files: CacheFile[] = [];
  let keptBytes = 0;
  for (const { writtenAt, ...file } of objects.list()) {
    const owner = owners.get(file.digest);
    if (writtenAt >= before || needed.has(file.digest)) {
      keptBytes += file.bytes;
    } else if (owner === undefined) {
      strays.push(file);
    } else {
      files.push(file);
      bytesOf[owner] = (bytesOf[owner] ?? 0) + file.bytes;
    }
  }
  return { doomed: bytesOf, keptBytes, strays, files };
}

/** The key of the first result that needs each digest. */
function ownersOf(objects: ObjectStore, references: readonly CacheReference[]): Map<string | null, string> {
  const pairs = references.flatMap(reference =>
    digestsOf(objects, reference).map((digest): [string, string] => [digest, reference.key]),
  );
  // Of pairs with one digest the last stays.
  return new Map(pairs.toReversed());
}

/** Digests of all that a reference needs. */
export function digestsOf(objects: ObjectStore, { outputs, deps }: CacheReference): string[] {
  const files = outputs.flatMap(({ kind, digest }) =>
    kind === 'folder' ? (objects.manifest(digest) ?? []).map(([, each]) => each) : [],
  );
  return [...outputs.map(({ digest }) => digest), ...files, ...deps];
}
