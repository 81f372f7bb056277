/** Whether files are still what was uploaded. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ApiError } from '../contract/errors.ts';
import type { ArtifactEntry, ArtifactStore, OpenArtifact, StoredContent } from './model.ts';

/** Files up to this size are read and hashed each time before they are given out; larger ones once, see `Soundness`. */
const ALWAYS_BYTES = 8 * 1024 * 1024;

/** Larger files that are remembered as sound. */
const REMEMBERED = 10_000;

/**
 * Opens files that are what was uploaded, and no others.
 *
 * A file is hashed before its first byte is given out. For a large one that takes as long as reading it (about a second
 * for a gigabyte), so one that was found sound is not hashed again as long as the daemon runs and its size and time stay
 * the same: damage that leaves both as they were is then found by `modelthat store verify` alone.
 */
export class Soundness {
  readonly #files: ArtifactStore;
  /** Path of a large file -> its size and time when it was found sound. */
  readonly #sound = new Map<string, string>();

  constructor(files: ArtifactStore) {
    this.#files = files;
  }

  /**
   * @param recorded what was uploaded to this path
   * @throws ApiError DATA_LOSS when the file is something else, RESOURCE_DOES_NOT_EXIST when there is none
   */
  async open(path: string, recorded: StoredContent): Promise<OpenArtifact> {
    for (;;) {
      const found = await this.#require(path, recorded);
      const file = await this.#files.open(path);
      if (stamp(file.entry) === found) return file;
      // It was changed between the two: the new content has to be looked at, too.
      await file.close();
    }
  }

  /** Remembers a file as sound that was hashed just now. */
  remember(path: string, stored: Pick<ArtifactEntry, 'size' | 'modifiedAt'>): void {
    this.#sound.delete(path);
    if (stored.size <= ALWAYS_BYTES) return;
    this.#sound.set(path, stamp(stored));
    const [oldest] = this.#sound.keys();
    if (this.#sound.size > REMEMBERED && oldest !== undefined) this.#sound.delete(oldest);
  }

  /** @returns the stamp of the file that was found sound */
  async #require(path: string, recorded: StoredContent): Promise<string> {
    const file = await this.#files.open(path);
    const found = stamp(file.entry);
    if (this.#files.checksContent || this.#sound.get(path) === found) {
      await file.close();
      if (file.entry.size !== recorded.size) throw damaged(path, recorded);
      return found;
    }
    const problem = await problemOf(file, recorded);
    if (problem !== undefined) throw damaged(path, recorded);
    this.remember(path, file.entry);
    return found;
  }
}

function stamp({ size, modifiedAt }: Pick<ArtifactEntry, 'size' | 'modifiedAt'>): string {
  return `${size} ${modifiedAt}`;
}

/** What is wrong with a file, in words; undefined when it is what was uploaded. The file is closed afterwards. */
export async function problemOf(
  file: OpenArtifact,
  recorded: Pick<StoredContent, 'size' | 'sha256'>,
  onBytes: (count: number) => void = () => {},
): Promise<string | undefined> {
  if (file.entry.size !== recorded.size) {
    await file.close();
    return `it has ${file.entry.size} bytes, and had ${recorded.size} when it was uploaded`;
  }
  const sha256 = await hashOf(await file.read(), onBytes);
  return sha256 === recorded.sha256 ? undefined : 'its content is not what was uploaded';
}

/** The SHA-256 of a content, in lower-case hexadecimal. */
export async function hashOf(
  content: Readable,
  onBytes: (count: number) => void = () => {},
): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    onBytes(chunk.byteLength);
  }
  return hash.digest('hex');
}

function damaged(path: string, { sha256 }: StoredContent): ApiError {
  return new ApiError(
    'DATA_LOSS',
    `The artifact '${path}' is damaged: it is not what was uploaded (SHA-256 ${sha256}), so it is not given out. ` +
      'Get it back from a backup (modelthat store restore), or upload it again.',
  );
}
