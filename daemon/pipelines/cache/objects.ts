/** Outputs of steps, kept by content. Runs in a thread: copying may take long. */
import {
  type BigIntStats,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import {
  type Content,
  type ContentReader,
  digestOf,
  type Manifest,
  type ManifestEntry,
} from '../inputs/content.ts';
import { hashFile } from '../inputs/hash-file.ts';
import { beside, clearBeside, copy, isTemporary, READ_ONLY, replace, tryLink } from './transfer.ts';

/** Something that the cache should hold and does not, or holds damaged. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
}

/** A file of the cache as it lies there. */
export interface StoredObject {
  /** What it holds; null of one that was not finished. */
  readonly digest: string | null;
  readonly file: string;
  readonly bytes: number;
  /** In milliseconds since the epoch. */
  readonly writtenAt: number;
}

/** A file that was put somewhere, and its stats when its content was written. */
interface Written {
  readonly place: string;
  readonly digest: string;
  readonly stats: BigIntStats;
}

const Manifests = z.array(z.tuple([z.string(), z.string().regex(/^[0-9a-f]{64}$/), z.boolean()]));

/** More files than any folder has that is kept as a whole, in bytes. */
const MANIFEST_BYTES = 256 * 2 ** 20;

/** Longer than the clock of any file system that tells fractions of seconds, in milliseconds. */
const CLOCK_MS = 25;

/**
 * Files by their digest, and folders as manifests of files, each there as a whole or not at all. What is copied shares
 * its blocks with the original where the file system can (reflinks).
 */
export class ObjectStore {
  readonly #folder: string;
  readonly #contents: ContentReader;
  readonly #link: boolean;

  /** @param link whether outputs are to be one file with what is kept of them, where the file system can */
  constructor(folder: string, contents: ContentReader, link: boolean) {
    this.#folder = folder;
    this.#contents = contents;
    this.#link = link;
  }

  /** Keeps what a path holds, and tells what that was. @throws CacheError when it changes meanwhile */
  keep(place: string): Content {
    return this.#keep(place, this.#link);
  }

  /** The same for what people edit: it is never one file with what is kept. */
  keepCopy(place: string): Content {
    return this.#keep(place, false);
  }

  /** Where a file with this digest is kept, or would be. */
  placeOf(digest: string): string {
    return this.#place(digest);
  }

  #keep(place: string, link: boolean): Content {
    const found = this.#contents.readWhole(place);
    if (!found) throw new CacheError(`${place} is gone`);
    const { content, manifest } = found;
    const files: Manifest = manifest ?? [['', content.digest, content.executable]];
    const written = files.flatMap(([name, digest, executable]) =>
      this.#keepFile(path.join(place, name), digest, link && !executable),
    );
    if (manifest) written.push(...this.#keepManifest(content.digest, manifest));
    this.#note(written);
    return content;
  }

  /** Keeps some files of a folder as if there were no others. @returns the digest of what was kept */
  keepSome(folder: string, names: readonly string[]): string {
    const written: Written[] = [];
    const manifest = names.flatMap((name): ManifestEntry[] => {
      const place = path.join(folder, ...name.split('/'));
      const content = this.#contents.read(place);
      if (content?.kind !== 'file') return [];
      // Never linked: these are the files that people edit.
      written.push(...this.#keepFile(place, content.digest, false));
      return [[name, content.digest, content.executable]];
    });
    manifest.sort(([a], [b]) => (a < b ? -1 : 1));
    const digest = digestOf(manifest);
    this.#note([...written, ...this.#keepManifest(digest, manifest)]);
    return digest;
  }

  /** Keeps which files a folder holds, without the files: enough to tell later which of them changed. */
  remember(place: string): void {
    const found = this.#contents.readWhole(place);
    if (found?.manifest) this.#note(this.#keepManifest(found.content.digest, found.manifest));
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

  /**
   * What a digest alone stands for: a folder when it is that of a manifest that was kept, else a file.
   *
   * @returns its size is not known
   */
  contentOf(digest: string): Content {
    const kind = this.#isManifest(digest) ? 'folder' : 'file';
    return { kind, digest, size: 0, executable: false };
  }

  /** Puts back what was kept, in place of what is there. @throws CacheError, having changed nothing */
  restore(place: string, content: Content): void {
    clearBeside(place);
    const fresh = beside(place);
    try {
      const written =
        content.kind === 'file'
          ? [this.#copyOut(content.digest, fresh, content.executable)]
          : this.#copyFolderOut(content.digest, fresh);
      replace(place, fresh);
      this.#note(written.map(each => ({ ...each, place: place + each.place.slice(fresh.length) })));
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }

  /** Makes outputs that are one file with the cache's into copies: whoever writes to them must change nothing there. */
  unshare(place: string): void {
    const stats = statSync(place, { throwIfNoEntry: false });
    if (stats?.isDirectory()) for (const name of readdirSync(place)) this.unshare(path.join(place, name));
    else if (stats?.isFile() && stats.nlink > 1 && (stats.mode & 0o222) === 0) {
      const fresh = beside(place);
      copy(place, fresh, 0o644);
      renameSync(fresh, place);
    }
  }

  /** All that lies in the cache, what was not finished included. */
  *list(): Generator<StoredObject> {
    if (!existsSync(this.#folder)) return;
    for (const folder of readdirSync(this.#folder)) {
      for (const name of readdirSync(path.join(this.#folder, folder))) {
        const file = path.join(this.#folder, folder, name);
        const stats = statSync(file, { throwIfNoEntry: false });
        if (!stats?.isFile()) continue;
        const digest = isTemporary(name) ? null : folder + name;
        yield { digest, file, bytes: stats.size, writtenAt: stats.mtimeMs };
      }
    }
  }

  /** Removes files of the cache for good. */
  remove(files: readonly string[]): void {
    for (const file of files) rmSync(file, { force: true });
    this.#contents.forget(files);
  }

  #isManifest(digest: string): boolean {
    const place = this.#place(digest);
    const stats = statSync(place, { throwIfNoEntry: false });
    if (!stats || stats.size > MANIFEST_BYTES) return false;
    const parsed = Manifests.safeParse(parsedOrNot(readFileSync(place, 'utf8')));
    return parsed.success && digestOf(parsed.data) === digest;
  }

  #keepManifest(digest: string, manifest: Manifest): Written[] {
    return this.#publish(digest, temporary => writeFileSync(temporary, JSON.stringify(manifest)));
  }

  /** @returns what was written: with a link that is the file itself, too, which is protected now */
  #keepFile(file: string, digest: string, link: boolean): Written[] {
    let linked = false;
    const written = this.#publish(digest, temporary => {
      linked = link && tryLink(file, temporary);
      if (!linked) copy(file, temporary, READ_ONLY);
    });
    return linked ? written.flatMap(each => [each, { ...each, place: file }]) : written;
  }

  #copyFolderOut(digest: string, target: string): Written[] {
    const manifest = this.manifest(digest);
    if (!manifest || digestOf(manifest) !== digest)
      throw new CacheError(`the cached folder ${digest} is damaged`);
    mkdirSync(target, { recursive: true });
    return manifest.map(([name, each, executable]) =>
      this.#copyOut(each, path.join(target, name), executable),
    );
  }

  #copyOut(digest: string, target: string, executable: boolean): Written {
    const object = this.#place(digest);
    if (!existsSync(object)) throw new CacheError(`the cached file ${digest} is gone`);
    // The digest of an object that nobody touched is known without reading it again.
    if (this.#contents.read(object)?.digest !== digest) {
      rmSync(object, { force: true });
      throw new CacheError(`the cached file ${digest} was damaged, and is removed`);
    }
    mkdirSync(path.dirname(target), { recursive: true });
    // One file has one mode: with a second name, what may be executed could be changed.
    if (executable || !this.#link || !tryLink(object, target))
      copy(object, target, executable ? 0o755 : 0o644);
    return { place: target, digest, stats: statSync(target, { bigint: true }) };
  }

  /**
   * Makes an object under a name of its own first, so that it appears whole.
   *
   * @returns what was written; nothing when it is there already
   * @throws CacheError when what was written is not what it is to be: its source changed meanwhile
   */
  #publish(digest: string, write: (temporary: string) => void): Written[] {
    const place = this.#place(digest);
    if (existsSync(place)) return [];
    mkdirSync(path.dirname(place), { recursive: true });
    const temporary = beside(place);
    try {
      write(temporary);
      chmodSync(temporary, READ_ONLY);
      const stats = statSync(temporary, { bigint: true });
      if (hashFile(temporary, 'sha256') !== digest) throw new CacheError('it changed while it was kept');
      renameSync(temporary, place);
      return [{ place, digest, stats }];
    } catch (error) {
      // Another thread may have been first, and Windows replaces no file that is read-only.
      if (!existsSync(place)) throw error;
      return [];
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /** Has it known what was just written, once a later change of it would show in its times. */
  #note(written: readonly Written[]): void {
    if (written.length === 0) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, CLOCK_MS);
    for (const { place, digest, stats } of written) this.#contents.note(place, digest, stats);
  }

  #place(digest: string): string {
    return path.join(this.#folder, digest.slice(0, 2), digest.slice(2));
  }
}

function parsedOrNot(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
