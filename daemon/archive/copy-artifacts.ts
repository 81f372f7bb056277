/** Copies artifacts of another store into this one. */
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { ArtifactService } from '../artifacts/service.ts';
import { ApiError } from '../contract/errors.ts';
import { Unreadable, unreadable } from './folder.ts';
import type { Reporter, SourceFile } from './model.ts';

/** Files that are copied at the same time, for one run. */
const AT_ONCE = 4;

/** What became of the files of one folder. */
export interface Copied {
  made: number;
  changed: number;
  same: number;
  bytes: number;
}

/**
 * Copies what is not there yet; a file of the same size counts as there. A file that cannot be read or stored is
 * reported, and the others go on.
 *
 * @param target path of the folder in this store
 * @throws ApiError INSUFFICIENT_STORAGE on a full disk
 */
export async function copyArtifacts(
  artifacts: ArtifactService,
  files: readonly SourceFile[],
  target: string,
  context: { readonly reporter: Reporter; readonly signal: AbortSignal },
): Promise<Copied> {
  const copied: Copied = { made: 0, changed: 0, same: 0, bytes: 0 };
  const rest = files.values();
  const copy = async () => {
    for (const file of rest) {
      context.signal.throwIfAborted();
      try {
        const place = `${target}/${file.path}`;
        const there = await artifacts.files.stat(place);
        if (there?.isDir === false && there.size === file.size) copied.same += 1;
        else {
          const size = await copyFile(artifacts, file, place, context.signal);
          copied.bytes += size;
          copied[there ? 'changed' : 'made'] += 1;
        }
      } catch (error) {
        context.signal.throwIfAborted();
        context.reporter.problem(file.place, `The artifact was left out: ${reasonOf(error)}`);
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: AT_ONCE }, copy));
  const failed = outcomes.find(outcome => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return copied;
}

/** @returns the size in bytes */
async function copyFile(
  artifacts: ArtifactService,
  file: SourceFile,
  place: string,
  signal: AbortSignal,
): Promise<number> {
  const handle = await openAsListed(file);
  const content = handle.createReadStream({ signal });
  // It may be ended before the upload has begun to listen, which then finds it ended.
  content.on('error', () => {});
  try {
    return (await artifacts.upload(place, content)).size;
  } finally {
    content.destroy();
  }
}

/** Opens the file that was listed, and not what may have taken its place since. */
async function openAsListed({ place }: SourceFile): Promise<fs.FileHandle> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await fs.open(place, flags);
  try {
    const [opened, named, real] = await Promise.all([handle.stat(), fs.lstat(place), fs.realpath(place)]);
    if (
      !opened.isFile() ||
      opened.ino !== named.ino ||
      opened.dev !== named.dev ||
      real !== path.resolve(place)
    )
      throw new Unreadable('it was changed while it was read');
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What to say of one file. @throws what concerns all of them */
function reasonOf(error: unknown): string {
  if (error instanceof ApiError && error.code !== 'INSUFFICIENT_STORAGE') return error.message;
  if (error instanceof ApiError || (error as Error).name === 'AbortError') throw error;
  return `${unreadable(error).message}.`;
}
