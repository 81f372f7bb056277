/** The thread that looks at the workspace's files and copies outputs. Started by files.ts. */
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { gather as gatherOne, type Lacking, type Wanted } from '../cache/gather.ts';
import { ObjectStore } from '../cache/objects.ts';
import {
  type CacheReference,
  type CacheReferences,
  type CacheSurvey,
  digestsOf,
  surveyCache,
} from '../cache/survey.ts';
import { CodeReader, type StepCommands } from './code.ts';
import { type Content, ContentReader, type Manifest, UNREADABLE } from './content.ts';
import { DigestStore } from './store.ts';

/** What the thread is started with. */
export interface FilesPlace {
  /** Folder of the cache. */
  readonly cache: string;
  /** Real path of the workspace. */
  readonly workspace: string;
  /** Whether outputs are to be one file with what is kept of them. */
  readonly link: boolean;
}

/** The files of a folder at two times. */
export interface FolderStates {
  readonly before: Manifest;
  readonly now: Manifest;
}

const { cache, workspace, link } = workerData as FilesPlace;
const digests = new DigestStore(path.join(cache, 'digests.db'));
const reader = new ContentReader(digests);
const objects = new ObjectStore(path.join(cache, 'objects'), reader, link);
const codeReader = new CodeReader(workspace);

/** What each path holds, null where nothing is. What cannot be read is like nothing that was there before. */
export function contents(places: readonly string[]): (Content | null)[] {
  return digests.together(() => places.map(readOrSayWhyNot));
}

function readOrSayWhyNot(place: string): Content | null {
  try {
    return reader.read(place);
  } catch (error) {
    const digest = `${UNREADABLE}${(error as Error).message}`;
    return { kind: 'file', digest, size: 0, executable: false };
  }
}

/** The code of each step, absolute paths. */
export function code(steps: readonly StepCommands[]): string[][] {
  return steps.map(step => codeReader.codeOf(step));
}

/** Keeps what each output holds, and which files were in each dependency. */
export function keep(input: { outputs: readonly string[]; deps: readonly string[] }): Content[] {
  for (const place of input.deps) objects.remember(place);
  return input.outputs.map(place => objects.keep(place));
}

/** Keeps some files of a folder as a folder of their own. @returns its digest */
export function keepSome(input: { folder: string; names: readonly string[] }): string {
  return objects.keepSome(input.folder, input.names);
}

/** Whether all of these can be restored. */
export function has(kept: readonly Content[]): boolean {
  return kept.every(content => objects.has(content));
}

/** Restores each path. */
export function restore(items: readonly { readonly place: string; readonly content: Content }[]): void {
  for (const { place, content } of items) objects.restore(place, content);
}

/** Puts data into its places, from wherever it still is: all of it, or nothing when any is nowhere. @returns what is */
export function gather(input: { wanted: readonly Wanted[]; dryRun: boolean }): Lacking[] {
  const lacking = input.wanted.flatMap(each => gatherOne(objects, reader, each, true));
  if (lacking.length > 0 || input.dryRun) return lacking;
  return input.wanted.flatMap(each => gatherOne(objects, reader, each, false));
}

/** Makes sure that whoever writes to these paths writes to nothing in the cache. */
export function unshare(places: readonly string[]): void {
  for (const place of places) objects.unshare(place);
}

/** What of the cache some references need, and what lies in it beside. */
export function survey(references: CacheReferences): CacheSurvey {
  return surveyCache(objects, references);
}

/** Digests of all that some references need. */
export function needed(references: readonly CacheReference[]): string[] {
  return references.flatMap(reference => digestsOf(objects, reference));
}

/** Removes files of the cache. */
export function discard(files: readonly string[]): void {
  objects.remove(files);
}

/** The files of a folder as it was kept, and as it is; undefined when it was not kept, or is no folder. */
export function manifests(item: { kept: string; place: string }): FolderStates | undefined {
  const now = reader.readWhole(item.place)?.manifest;
  const before = now && objects.manifest(item.kept);
  return before && { before, now };
}
