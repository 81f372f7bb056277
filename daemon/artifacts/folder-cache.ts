import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A copy that nobody asked for in so long is removed at the next start, in milliseconds. */
const KEPT_MS = 30 * 24 * 3600_000;

/** Names beginning so are copies in the making. */
const INCOMING = '.incoming-';

/** A file of a remote folder. */
export interface CachedFile {
  /** POSIX path, relative to the folder and checked. */
  readonly path: string;
  /** Another one means other content. */
  readonly version: string;
  read(): Promise<Readable>;
}

/** Copies of remote folders on the local disk, each under a name that is made from what is in it. */
export class FolderCache {
  readonly #root: string;
  /** Copies in the making, by name: what is asked for twice is fetched once. */
  readonly #making = new Map<string, Promise<string>>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folder if it is missing, and removes what is unfinished or was long not used. */
  static async open(root: string): Promise<FolderCache> {
    await fs.mkdir(root, { recursive: true, mode: 0o700 });
    for (const name of await fs.readdir(root)) {
      const place = path.join(root, name);
      const { mtimeMs } = await fs.lstat(place);
      if (name.startsWith(INCOMING) || mtimeMs < Date.now() - KEPT_MS)
        await fs.rm(place, { recursive: true, force: true });
    }
    return new FolderCache(root);
  }

  /** The local folder with these files, all of them, to be read only. */
  async folder(files: readonly CachedFile[]): Promise<string> {
    const hash = createHash('sha256');
    for (const file of files) hash.update(JSON.stringify([file.path, file.version]));
    const name = hash.digest('hex');
    const making = this.#making.get(name) ?? this.#make(name, files).finally(() => this.#making.delete(name));
    this.#making.set(name, making);
    return making;
  }

  async #make(name: string, files: readonly CachedFile[]): Promise<string> {
    const place = path.join(this.#root, name);
    if (await touched(place)) return place;
    const incoming = path.join(this.#root, INCOMING + randomUUID());
    try {
      for (const file of files) {
        const target = path.join(incoming, ...file.path.split('/'));
        await fs.mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
        await pipeline(
          await file.read(),
          createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true }),
        );
      }
      await fs.rename(incoming, place);
      return place;
    } catch (error) {
      await fs.rm(incoming, { recursive: true, force: true });
      throw error;
    }
  }
}

/** Marks a copy as used. @returns whether there is one */
async function touched(place: string): Promise<boolean> {
  const now = new Date();
  return fs.utimes(place, now, now).then(
    () => true,
    () => false,
  );
}
