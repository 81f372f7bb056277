import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { ArtifactFile } from '../contract/runs.ts';
import type { ArtifactEntry } from './model.ts';
import { checkArtifactPath } from './paths.ts';
import type { ArtifactService } from './service.ts';

/** Characters of an answer that are gathered before they are sent. */
const CHUNK = 64 * 1024;

/** What is directly below a folder under a root, with paths relative to that root. */
export async function* listBelow(
  artifacts: ArtifactService,
  root: string,
  folder: string,
): AsyncGenerator<ArtifactFile> {
  const checked = checkArtifactPath(folder);
  const below = checked === '' ? root : `${root}/${checked}`;
  for await (const entry of artifacts.files.list(below))
    yield toFile(entry, entry.path.slice(root.length + 1));
}

/** What is directly below a folder of the store, by name. */
export async function* listNames(artifacts: ArtifactService, folder: string): AsyncGenerator<ArtifactFile> {
  for await (const entry of artifacts.files.list(checkArtifactPath(folder)))
    yield toFile(entry, entry.path.slice(entry.path.lastIndexOf('/') + 1));
}

function toFile({ isDir, size }: ArtifactEntry, path: string): ArtifactFile {
  return isDir ? { path, isDir } : { path, isDir, size };
}

/**
 * Answers with `head` and the files in MLflow's form, as they are found: a folder of 100,000 files is never held whole.
 *
 * @throws ApiError when the listing fails before anything was sent
 */
export async function sendListing(
  response: Response,
  head: Readonly<Record<string, string>>,
  files: AsyncIterable<ArtifactFile>,
): Promise<void> {
  const text = listingText(head, files);
  const first = await text.next();
  response.type('application/json');
  async function* all(): AsyncGenerator<string> {
    yield first.value ?? '';
    yield* text;
  }
  await pipeline(Readable.from(all(), { objectMode: false }), response).catch(() => response.destroy());
}

async function* listingText(
  head: Readonly<Record<string, string>>,
  files: AsyncIterable<ArtifactFile>,
): AsyncGenerator<string, undefined> {
  const members = Object.entries(head).map(member => member.map(part => JSON.stringify(part)).join(':'));
  let text = `{${members.join(',')}`;
  let count = 0;
  for await (const { path, isDir, size } of files) {
    // Without files there is no such member: MLflow leaves out what is empty.
    if (count === 0) text += `${members.length > 0 ? ',' : ''}"files":[`;
    else text += ',';
    text += JSON.stringify({ path, is_dir: isDir, file_size: size });
    count += 1;
    if (text.length < CHUNK) continue;
    yield text;
    text = '';
  }
  yield `${text}${count > 0 ? ']' : ''}}`;
}
