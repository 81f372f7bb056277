/** Outputs of steps, kept by content. Runs in a thread: copying may take long. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {
  type Content,
  type ContentReader,
  digestOf,
  hashFile,
  type Manifest,
  type ManifestEntry,
} from '../inputs/content.ts';

const READ_ONLY = 0o444;

/** Something that the cache should hold and does not, or holds damaged. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
}

/**
 * Files by their digest, and folders as manifests of files, each there as a whole or not at all. What is copied shares
 * its blocks with the original where the file system can (reflinks).
 */
export class ObjectStore {
  readonly #folder: string;
  readonly #contents: ContentReader;

  constructor(folder: string, contents: ContentReader) {
    this.#folder = folder;
    this.#contents = contents;
  }

  /** Keeps what a path holds, and tells what that was. @throws CacheError when it changes meanwhile */
  keep(place: string): Content {
    const found = this.#contents.readWhole(place);
    if (!found) throw new CacheError(`${place} is gone`);
    const { content, manifest } = found;
    if (!manifest) this.#keepFile(place, content.digest);
    for (const [name, digest] of manifest ?? []) this.#keepFile(path.join(place, name), digest);
    if (manifest) this.#keepManifest(content.digest, manifest);
    return content;
  }

  /** Keeps some files of a folder as if there were no others. @returns the digest of what was kept */
  keepSome(folder: string, names: readonly string[]): string {
    const manifest = names.flatMap((name): ManifestEntry[] => {
      const place = path.join(folder, ...name.split('/'));
      const content = this.#contents.read(place);
      if (content?.kind !== 'file') return [];
      this.#keepFile(place, content.digest);
      return [[name, content.digest, content.executable]];
    });
    manifest.sort(([a], [b]) => (a < b ? -1 : 1));
    const digest = digestOf(manifest);
    this.#keepManifest(digest, manifest);
    return digest;
  }

  /** Keeps which files a folder holds, without the files: enough to tell later which of them changed. */
  remember(place: string): void {
    const found = this.#contents.readWhole(place);
    if (found?.manifest) this.#keepManifest(found.content.digest, found.manifest);
  }

  /** Whether all that is needed to restore this is there. */
  has({ kind, digest }: Pick<Content, 'kind' | 'digest'>): boolean {
    if (!existsSync(this.#place(digest))) return false;
    return (
      kind === 'file' || (this.manifest(digest)?.every(([, each]) => existsSync(this.#place(each))) ?? false)
    );
  }

  /** The files of a folder that was kept; undefined when it was not. */
  manifest(digest: string): Manifest | undefined {
    const place = this.#place(digest);
    return existsSync(place) ? (JSON.parse(readFileSync(place, 'utf8')) as Manifest) : undefined;
  }

  /** Puts back what was kept, in place of what is there. @throws CacheError, having changed nothing */
  restore(place: string, content: Content): void {
    const fresh = beside(place);
    try {
      if (content.kind === 'file') this.#copyOut(content.digest, fresh, content.executable);
      else this.#copyFolderOut(content.digest, fresh);
      replace(place, fresh);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }

  #keepManifest(digest: string, manifest: Manifest): void {
    this.#publish(digest, temporary => writeFileSync(temporary, JSON.stringify(manifest)));
  }

  #keepFile(file: string, digest: string): void {
    this.#publish(digest, temporary => {
      copyFileSync(file, temporary, constants.COPYFILE_FICLONE);
      if (hashFile(temporary) !== digest) throw new CacheError(`${file} changed while it was kept`);
    });
  }

  #copyFolderOut(digest: string, target: string): void {
    const manifest = this.manifest(digest);
    if (!manifest || digestOf(manifest) !== digest)
      throw new CacheError(`the cached folder ${digest} is damaged`);
    mkdirSync(target, { recursive: true });
    for (const [name, each, executable] of manifest) this.#copyOut(each, path.join(target, name), executable);
  }

  #copyOut(digest: string, target: string, executable: boolean): void {
    const place = this.#place(digest);
    if (!existsSync(place)) throw new CacheError(`the cached file ${digest} is gone`);
    // The digest of an object that nobody touched is known without reading it again.
    if (this.#contents.read(place)?.digest !== digest) {
      rmSync(place, { force: true });
      throw new CacheError(`the cached file ${digest} was damaged, and is removed`);
    }
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(place, target, constants.COPYFILE_FICLONE);
    chmodSync(target, executable ? 0o755 : 0o644);
  }

  /** Makes an object under a name of its own first, so that it appears whole. */
  #publish(digest: string, write: (temporary: string) => void): void {
    const place = this.#place(digest);
    if (existsSync(place)) return;
    mkdirSync(path.dirname(place), { recursive: true });
    const temporary = beside(place);
    try {
      write(temporary);
      chmodSync(temporary, READ_ONLY);
      renameSync(temporary, place);
    } catch (error) {
      // Another thread may have been first, and Windows replaces no file that is read-only.
      if (!existsSync(place)) throw error;
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  #place(digest: string): string {
    return path.join(this.#folder, digest.slice(0, 2), digest.slice(2));
  }
}

/** A name in the same folder, so that a rename does not leave the file system. */
function beside(place: string): string {
  mkdirSync(path.dirname(place), { recursive: true });
  return path.join(path.dirname(place), `.${path.basename(place)}.${randomBytes(4).toString('hex')}.tmp`);
}

/** Moves `fresh` to `place`; what was there goes only once the new is in its place. */
function replace(place: string, fresh: string): void {
  if (!existsSync(place)) {
    renameSync(fresh, place);
    return;
  }
  const old = beside(place);
  renameSync(place, old);
  renameSync(fresh, place);
  rmSync(old, { recursive: true, force: true });
}
