/** DVC's cache: files and folders by their digest. Runs in a thread: copying may take long. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fingerprint } from '../inputs/content.ts';
import type { DvcConfig, LinkType } from './config.ts';
import { type DvcContent, type DvcReader, readTree, type Tree, treeText } from './content.ts';

const READ_ONLY = 0o444;

/** From so many files on, folders of the cache are listed instead of asked for each file. */
const MANY = 1_000;

/** Something that the cache should hold and does not, or what could not be put there. */
export class DvcCacheError extends Error {
  override readonly name = 'DvcCacheError';
}

export class DvcObjects {
  readonly #reader: DvcReader;
  readonly #config: DvcConfig;
  readonly #fileMode: number;
  readonly #folderMode: number | undefined;

  constructor(config: DvcConfig, reader: DvcReader) {
    this.#reader = reader;
    this.#config = config;
    this.#fileMode = config.shared ? 0o664 : 0o666 & ~process.umask();
    this.#folderMode = config.shared ? 0o2775 : undefined;
  }

  /** Whether all that is needed to restore this is there. */
  has(digest: string): boolean {
    const place = this.#placeOf(digest);
    if (place === undefined) return false;
    if (!digest.endsWith('.dir')) return true;
    const tree = this.#readTree(place);
    return tree !== undefined && this.#hasAll(path.dirname(path.dirname(place)), tree);
  }

  /** The files of a folder that is kept; undefined when it is not. */
  tree(digest: string): Tree | undefined {
    const place = this.#placeOf(digest);
    return place === undefined ? undefined : this.#readTree(place);
  }

  /**
   * Keeps what a path holds, and links it to what is kept where the project wants that.
   *
   * @throws DvcCacheError when it is gone or changes meanwhile
   */
  keep(place: string): DvcContent {
    const found = this.#reader.readWhole(place, 'md5');
    if (!found) throw new DvcCacheError(`${place} is gone`);
    const { content, tree } = found;
    if (!tree) {
      this.#keepFile(place, content.digest);
      this.#relink(place, content.digest, content.executable);
      return content;
    }
    for (const [name, digest] of tree) this.#keepFile(path.join(place, name), digest);
    this.#publish(this.#newPlace(content.digest), temporary => writeFileSync(temporary, treeText(tree)));
    for (const [name, digest] of tree) this.#relink(path.join(place, name), digest, false);
    return content;
  }

  /** Puts back what is kept, in place of what is there. @throws DvcCacheError, having changed nothing */
  restore(place: string, content: DvcContent): void {
    const tree = content.kind === 'folder' ? this.tree(content.digest) : undefined;
    if (content.kind === 'folder' && !tree)
      throw new DvcCacheError(`the folder ${content.digest} is not in the cache`);
    const fresh = beside(place);
    try {
      if (tree) mkdirSync(fresh, { recursive: true });
      else this.#bring(content.digest, fresh, content.executable);
      for (const [name, digest] of tree ?? [])
        this.#bring(digest, path.join(fresh, ...name.split('/')), false);
      rmSync(place, { recursive: true, force: true });
      renameSync(fresh, place);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }

  /** Makes what hangs together with the cache a file of its own, which can be written to. */
  unprotect(place: string): void {
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (!stats) return;
    if (stats.isDirectory()) {
      for (const name of readdirSync(place)) this.unprotect(path.join(place, name));
      return;
    }
    if (stats.isSymbolicLink() || stats.nlink > 1) {
      // A link to a folder is none of the cache's.
      if (!statSync(place, { throwIfNoEntry: false })?.isFile()) return;
      const fresh = beside(place);
      copyFileSync(place, fresh, constants.COPYFILE_FICLONE);
      renameSync(fresh, place);
      chmodSync(place, this.#fileMode);
    } else if ((stats.mode & 0o200) === 0) {
      chmodSync(place, stats.mode | 0o200);
    }
  }

  /** Where an object is: DVC 2 kept its own without `files/md5`. */
  #placeOf(digest: string): string | undefined {
    const legacy = path.join(this.#config.cache, digest.slice(0, 2), digest.slice(2));
    return [this.#newPlace(digest), legacy].find(place => existsSync(place));
  }

  #newPlace(digest: string): string {
    return path.join(this.#config.cache, 'files', 'md5', digest.slice(0, 2), digest.slice(2));
  }

  #readTree(place: string): Tree | undefined {
    try {
      return readTree(readFileSync(place, 'utf8'));
    } catch {
      return undefined;
    }
  }

  #hasAll(folder: string, tree: Tree): boolean {
    if (tree.length < MANY) return tree.every(([, digest]) => this.#placeOf(digest) !== undefined);
    const there = new Set<string>();
    for (const prefix of new Set(tree.map(([, digest]) => digest.slice(0, 2)))) {
      const place = path.join(folder, prefix);
      if (existsSync(place)) for (const name of readdirSync(place)) there.add(prefix + name);
    }
    return tree.every(([, digest]) => there.has(digest));
  }

  #keepFile(file: string, digest: string): void {
    const place = this.#newPlace(digest);
    if (existsSync(place)) return;
    const print = () => fingerprint(statSync(file, { bigint: true }));
    this.#publish(place, temporary => {
      const before = print();
      if (this.#config.links[0] === 'hardlink' && !lstatSync(file).isSymbolicLink()) link(file, temporary);
      else copyFileSync(file, temporary, constants.COPYFILE_FICLONE);
      // The digest is that of the file with this fingerprint: known, or made just now.
      if (print() !== before && this.#config.links[0] !== 'hardlink')
        throw new DvcCacheError(`${file} changed while it was put into the cache`);
      if (this.#reader.read(file, 'md5')?.digest !== digest)
        throw new DvcCacheError(`${file} changed while it was put into the cache`);
    });
  }

  /** Hangs a file of the workspace together with the cache's, where the project wants links. */
  #relink(file: string, digest: string, executable: boolean): void {
    const [first = 'copy'] = this.#config.links;
    const stats = lstatSync(file);
    if (first === 'copy' || first === 'reflink') {
      if (stats.isSymbolicLink() || stats.nlink > 1) this.unprotect(file);
      else if ((stats.mode & 0o200) === 0) chmodSync(file, stats.mode | 0o200);
      return;
    }
    const place = this.#newPlace(digest);
    const same = statSync(place);
    if (first === 'hardlink' && stats.ino === same.ino) return;
    const fresh = beside(file);
    this.#bring(digest, fresh, executable);
    renameSync(fresh, file);
  }

  /** Makes a file of an object, in the way that the project wants and the file system can. */
  #bring(digest: string, target: string, executable: boolean): void {
    const place = this.#placeOf(digest);
    if (place === undefined) throw new DvcCacheError(`the file ${digest} is not in the cache`);
    // The digest of an object that nobody touched is known without reading it again.
    if (this.#reader.read(place, 'md5')?.digest !== digest && place === this.#newPlace(digest)) {
      rmSync(place, { force: true });
      throw new DvcCacheError(`the cached file ${digest} was damaged, and is removed`);
    }
    mkdirSync(path.dirname(target), { recursive: true });
    const type = this.#config.links.find(each => this.#tryLink(each, place, target));
    if (type === undefined) throw new DvcCacheError(`${target} cannot be linked to ${place}`);
    if (type === 'copy' || type === 'reflink') chmodSync(target, this.#fileMode);
    // Of a link, the object becomes executable, too.
    if (executable) chmodSync(target, statSync(target).mode | 0o100);
  }

  #tryLink(type: LinkType, place: string, target: string): boolean {
    try {
      if (type === 'hardlink') linkSync(place, target);
      else if (type === 'symlink') symlinkSync(place, target);
      else
        copyFileSync(
          place,
          target,
          type === 'reflink' ? constants.COPYFILE_FICLONE_FORCE : constants.COPYFILE_FICLONE,
        );
      return true;
    } catch {
      rmSync(target, { force: true });
      return false;
    }
  }

  /** Makes an object under a name of its own first, so that it appears whole. */
  #publish(place: string, write: (temporary: string) => void): void {
    if (existsSync(place)) return;
    mkdirSync(path.dirname(place), { recursive: true, mode: this.#folderMode });
    const temporary = beside(place);
    try {
      write(temporary);
      chmodSync(temporary, READ_ONLY);
      renameSync(temporary, place);
    } catch (error) {
      // Another may have been first, and Windows replaces no file that is read-only.
      if (!existsSync(place)) throw error;
    } finally {
      rmSync(temporary, { force: true });
    }
  }
}

function link(file: string, target: string): void {
  try {
    linkSync(file, target);
  } catch {
    copyFileSync(file, target, constants.COPYFILE_FICLONE);
  }
}

/** A name in the same folder, so that a rename does not leave the file system. */
function beside(place: string): string {
  mkdirSync(path.dirname(place), { recursive: true });
  return path.join(path.dirname(place), `.${path.basename(place)}.${randomBytes(4).toString('hex')}.tmp`);
}
