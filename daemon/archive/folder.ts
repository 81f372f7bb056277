/** Reading a foreign folder, whose content may be damaged or meant to do harm, without ever leaving it. */
import fs from 'node:fs';
import path from 'node:path';
import type { SourceFile } from './model.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Longer lines are cut: a metric's point is short, and a file without line breaks is none. */
const MAX_LINE = 65_536;

/** Deepest folder that is walked into, below where the walk began. */
const MAX_DEPTH = 100;

/** Thrown for what cannot or must not be read, in words for a person. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** One or several folders that may be read, with all below them. Links are followed only to places within. */
export class ReadableFolders {
  readonly #roots: readonly string[];

  /** @param roots real paths */
  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  /** The real path of something that may be read, or undefined when it is not there. @throws Unreadable outside */
  locate(place: string): string | undefined {
    let real: string;
    try {
      real = fs.realpathSync(place);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw unreadable(error);
    }
    if (this.#roots.some(root => isWithin(real, root))) return real;
    throw new Unreadable(`it leads to ${real}, outside of what may be read`);
  }

  /** Names in a folder by name; none when it is missing. */
  list(folder: string): fs.Dirent[] {
    const real = this.locate(folder);
    if (real === undefined) return [];
    try {
      return fs
        .readdirSync(real, { withFileTypes: true })
        .sort((left, right) => (left.name < right.name ? -1 : 1));
    } catch (error) {
      if (isAbsent(error)) return [];
      throw unreadable(error);
    }
  }

  /** Names of the folders in a folder, also of those that are links to folders within. */
  folders(folder: string): string[] {
    return this.list(folder)
      .filter(entry => entry.isDirectory() || (entry.isSymbolicLink() && this.#isFolder(folder, entry.name)))
      .map(entry => entry.name);
  }

  /** Text of a file, or undefined when it is missing. @throws Unreadable when it is longer than `limit` bytes or no UTF-8 */
  text(file: string, limit: number): string | undefined {
    const real = this.locate(file);
    if (real === undefined) return undefined;
    return withFile(real, (handle, size) => {
      if (size > limit) throw new Unreadable(`it has ${size} bytes; at most ${limit} are read`);
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fs.readFileSync(handle));
      } catch {
        throw new Unreadable('it is not UTF-8 text');
      }
    });
  }

  /** Calls for each line of a file, in constant memory. Lines have no line break, and are cut when they are endless. */
  lines(file: string, take: (line: string, number: number) => void): void {
    const real = this.locate(file);
    if (real === undefined) return;
    withFile(real, handle => {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const decoder = new TextDecoder();
      let rest = '';
      let number = 0;
      for (;;) {
        const length = fs.readSync(handle, chunk, 0, CHUNK_BYTES, null);
        const lines = (rest + decoder.decode(chunk.subarray(0, length), { stream: length > 0 })).split('\n');
        rest = (lines.pop() ?? '').slice(0, MAX_LINE);
        for (const line of lines) take(line, ++number);
        if (length === 0) break;
      }
      if (rest !== '') take(rest, ++number);
    });
  }

  /**
   * The files below a folder. A folder that is reached a second time through links is left out.
   *
   * @param report told of what is left out: its path in the folder, and why
   */
  files(folder: string, report: (path: string, why: string) => void): SourceFile[] {
    const found: SourceFile[] = [];
    const walk = (place: string, relative: string, above: readonly string[]) => {
      const file = this.#fileOrFolder(place, above);
      if (file.size !== undefined) found.push({ path: relative, place: file.real, size: file.size });
      else
        for (const { name } of this.list(file.real)) {
          const inner = relative === '' ? name : `${relative}/${name}`;
          try {
            walk(path.join(file.real, name), inner, [...above, file.real]);
          } catch (error) {
            report(inner, unreadable(error).message);
          }
        }
    };
    if (this.locate(folder) !== undefined) walk(folder, '', []);
    return found;
  }

  /** @param above real paths of the folders that led here. @returns a size if it is a file */
  #fileOrFolder(place: string, above: readonly string[]): { real: string; size?: number } {
    const real = this.locate(place);
    if (real === undefined) throw new Unreadable('it is a link that leads nowhere');
    const stats = fs.statSync(real);
    if (stats.isFile()) return { real, size: stats.size };
    if (!stats.isDirectory()) throw new Unreadable('it is neither a file nor a folder');
    if (above.includes(real)) throw new Unreadable('it is a link to a folder above it');
    if (above.length > MAX_DEPTH) throw new Unreadable('its folders are nested too deeply');
    return { real };
  }

  #isFolder(folder: string, name: string): boolean {
    try {
      const real = this.locate(path.join(folder, name));
      return real !== undefined && fs.statSync(real).isDirectory();
    } catch {
      return false;
    }
  }
}

/** Opens without waiting for a pipe's other end, and takes plain files alone. */
function withFile<Result>(real: string, use: (handle: number, size: number) => Result): Result {
  let handle: number;
  try {
    handle = fs.openSync(real, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw unreadable(error);
  }
  try {
    const stats = fs.fstatSync(handle);
    if (!stats.isFile()) throw new Unreadable('it is not a file');
    return use(handle, stats.size);
  } catch (error) {
    throw unreadable(error);
  } finally {
    fs.closeSync(handle);
  }
}

/** Whether a path is a folder or below it; both are real paths. */
export function isWithin(place: string, folder: string): boolean {
  const relative = path.relative(folder, place);
  return (
    relative === '' ||
    !(relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative))
  );
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code));
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'you have no right to read it',
  EPERM: 'you have no right to read it',
  ELOOP: 'it is a link that leads back to itself',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its path is too long',
};

/** A failure to read, in words for a person. What is no failure to read is thrown on. */
export function unreadable(error: unknown): Unreadable {
  if (error instanceof Unreadable) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return new Unreadable(SYSTEM_ERRORS[code] ?? message);
}
