/** The thread that looks at the workspace's files and copies outputs. Started by files.ts. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { ObjectStore } from '../cache/objects.ts';
import { CodeReader, type StepCommands } from './code.ts';
import { type Content, ContentReader, type Manifest } from './content.ts';
import { DigestStore } from './store.ts';

/** What the thread is started with. */
export interface FilesPlace {
  /** Folder of the cache. */
  readonly cache: string;
  /** Real path of the workspace. */
  readonly workspace: string;
}

const { cache, workspace } = workerData as FilesPlace;
mkdirSync(cache, { recursive: true });
const digests = new DigestStore(path.join(cache, 'digests.db'));
const reader = new ContentReader(digests);
const objects = new ObjectStore(path.join(cache, 'objects'), reader);
const codeReader = new CodeReader(workspace);

/** What each path holds, null where nothing is. */
export function contents(places: readonly string[]): (Content | null)[] {
  return digests.together(() => places.map(place => reader.read(place)));
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

/** Whether all of these can be restored. */
export function has(kept: readonly Content[]): boolean {
  return kept.every(content => objects.has(content));
}

/** Restores each path. */
export function restore(items: readonly { readonly place: string; readonly content: Content }[]): void {
  for (const { place, content } of items) objects.restore(place, content);
}

/** The files of a folder as it was kept, and as it is. */
export function manifests(item: { kept: string; place: string }): { before?: Manifest; now: Manifest } {
  const before = objects.manifest(item.kept);
  const { manifest: now } = reader.manifest(item.place);
  return before ? { before, now } : { now };
}
