import { constants, existsSync, type Stats } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** Where the kernel lets a path begin at an open folder: what `openat` does, which Node does not have. */
const OPEN_FOLDERS = '/proc/self/fd';
const CAN_HOLD = process.platform === 'linux' && existsSync(OPEN_FOLDERS);

/** Windows knows no such flag, and opens no folders. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const FOLDER_ONLY = constants.O_DIRECTORY ?? 0;

/** A name on the way to a file turned out to be a link. */
export class LinkInPath extends Error {}

/**
 * A folder that is held while something is done in it. On Linux a name in it is looked up from the open folder itself,
 * so that nothing swapped for a link meanwhile, there or above, leads elsewhere. On other systems its path is checked
 * when it is entered and once more by `verify`, which leaves a gap of microseconds.
 */
export class HeldFolder {
  /** For calls of `node:fs` that take the folder itself; good until it is closed. */
  readonly path: string;
  readonly #handle: FileHandle | undefined;
  readonly #realPath: string;

  private constructor(realPath: string, handle: FileHandle | undefined) {
    this.#realPath = realPath;
    this.#handle = handle;
    this.path = handle && CAN_HOLD ? `${OPEN_FOLDERS}/${handle.fd}` : realPath;
  }

  /** @param realPath without links */
  static async open(realPath: string): Promise<HeldFolder> {
    return new HeldFolder(realPath, await openFolder(realPath));
  }

  /** The path of an entry for calls of `node:fs` that follow no link at its end; good until the folder is closed. */
  at(name: string): string {
    return path.join(this.path, name);
  }

  /**
   * The folder of this name.
   *
   * @throws LinkInPath when it is a link; an error with code ENOENT or ENOTDIR when it is missing or a file
   */
  async enter(name: string): Promise<HeldFolder> {
    const realPath = path.join(this.#realPath, name);
    try {
      if (!CAN_HOLD) await this.#refuseLink(name);
      return new HeldFolder(realPath, await openFolder(this.at(name)));
    } catch (error) {
      await this.#refuseLink(name);
      throw error;
    }
  }

  /** Opens a file for reading. @throws LinkInPath when it is a link */
  async openFile(name: string): Promise<FileHandle> {
    // Not blocking: a pipe that somebody put there would wait for its writer.
    const flags = constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0);
    const handle = await fs.open(this.at(name), flags).catch(async (error: unknown) => {
      await this.#refuseLink(name);
      throw error;
    });
    try {
      await this.verify();
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Makes a folder unless there is one of this name. */
  async makeFolder(name: string): Promise<void> {
    try {
      await fs.mkdir(this.at(name), { mode: 0o700 });
      await this.sync();
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }

  /** Removes a file, or a folder with all below it. */
  async remove(name: string): Promise<void> {
    if (!(await this.stat(name))?.isDirectory()) {
      await fs.unlink(this.at(name));
      return;
    }
    const folder = await this.enter(name);
    try {
      for (const entry of await fs.readdir(folder.path, { withFileTypes: true })) {
        if (entry.isDirectory()) await folder.remove(entry.name);
        else await fs.unlink(folder.at(entry.name));
      }
    } finally {
      await folder.close();
    }
    await fs.rmdir(this.at(name));
  }

  /** What has this name, itself and not where it leads; undefined when there is nothing. */
  async stat(name: string): Promise<Stats | undefined> {
    try {
      return await fs.lstat(this.at(name));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Makes what was done in it (a rename, a new folder) last through a power cut; Windows needs no such step. */
  async sync(): Promise<void> {
    await this.#handle?.sync();
  }

  /** @throws LinkInPath when its path no longer leads here, as far as this system does not exclude it anyway */
  async verify(): Promise<void> {
    if (!CAN_HOLD && (await fs.realpath(this.#realPath)) !== this.#realPath) throw new LinkInPath();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  async #refuseLink(name: string): Promise<void> {
    if ((await this.stat(name))?.isSymbolicLink()) throw new LinkInPath();
  }
}

async function openFolder(place: string): Promise<FileHandle | undefined> {
  if (process.platform !== 'win32') return fs.open(place, constants.O_RDONLY | FOLDER_ONLY | NO_FOLLOW);
  if ((await fs.lstat(place)).isDirectory()) return undefined;
  throw Object.assign(new Error(`${place} is no folder`), { code: 'ENOTDIR' });
}

/** Whether a call failed because there is nothing of that name. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');
}

/** The system's code of an error: `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
