import { createHash, randomUUID } from 'node:crypto';
import { constants, type Dirent, type Stats } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError, missing } from '../contract/errors.ts';
import type { ArtifactEntry, ArtifactStore, StoredContent } from './model.ts';
import { checkArtifactFile, checkArtifactPath, invalidPath } from './paths.ts';

/** Uploads in progress, below the root so that the last step is a rename; no artifact can have this name. */
const INCOMING = '.incoming';

/** Windows knows no such flag; there the walk over the path is the check. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** Artifacts in a folder of the local disk. */
export class LocalArtifactStore implements ArtifactStore {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /**
   * Makes the folder if it is missing and clears what interrupted uploads left behind.
   *
   * @throws Error when it is a link: a cloned repository could bring one that leads to the user's other files
   */
  static async open(folder: string): Promise<LocalArtifactStore> {
    if ((await lstatIfPresent(folder))?.isSymbolicLink())
      throw new Error(
        `${folder} is a link. Remove it; to keep artifacts on another disk, choose another place for the whole store (setting modelthat.storePath, or --store).`,
      );
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const root = await fs.realpath(folder);
    const incoming = path.join(root, INCOMING);
    await fs.rm(incoming, { recursive: true, force: true });
    await fs.mkdir(incoming, { mode: 0o700 });
    return new LocalArtifactStore(root);
  }

  async list(folder: string): Promise<ArtifactEntry[]> {
    const checked = checkArtifactPath(folder);
    const found = await this.#find(checked);
    if (!found?.stats.isDirectory()) return [];
    const entries = await fs.readdir(found.place, { withFileTypes: true });
    const listed = await Promise.all(
      entries
        .filter(entry => isArtifact(entry) && !isReserved(path.posix.join(checked, entry.name)))
        .map(entry => describe(path.posix.join(checked, entry.name), path.join(found.place, entry.name))),
    );
    return listed.filter(entry => entry !== undefined).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async stat(artifact: string): Promise<ArtifactEntry | undefined> {
    const checked = checkArtifactPath(artifact);
    const found = await this.#find(checked);
    return found && toEntry(checked, found.stats);
  }

  async read(artifact: string, range?: { start: number; end: number }): Promise<Readable> {
    const checked = checkArtifactFile(artifact);
    const found = await this.#find(checked);
    if (!found?.stats.isFile()) throw missing(`No such artifact: '${checked}'`);
    const handle = await fs.open(found.place, constants.O_RDONLY | NO_FOLLOW);
    return handle.createReadStream(range);
  }

  async write(artifact: string, content: Readable): Promise<StoredContent> {
    const checked = checkArtifactFile(artifact);
    const target = await this.#prepare(checked);
    const temporary = path.join(this.#root, INCOMING, randomUUID());
    try {
      const stored = await receive(content, temporary);
      await fs.rename(temporary, target);
      await syncFolder(path.dirname(target));
      return stored;
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw asWriteError(error, checked);
    }
  }

  async delete(artifact: string): Promise<void> {
    const found = await this.#find(checkArtifactFile(artifact));
    if (found) await fs.rm(found.place, { recursive: true, force: true });
  }

  async localFolder(folder: string): Promise<string | undefined> {
    const found = await this.#find(checkArtifactPath(folder));
    return found?.stats.isDirectory() ? found.place : undefined;
  }

  /** The place of a path. The one thing that holds even if a check of the text has a gap: it is below the root. */
  #contain(checked: string): string {
    const place = path.join(this.#root, ...checked.split('/'));
    if (place === this.#root || place.startsWith(this.#root + path.sep)) return place;
    throw linked(checked);
  }

  /** The place of an existing artifact, or undefined. Never one that is reached through a link. */
  async #find(checked: string): Promise<{ place: string; stats: Stats } | undefined> {
    if (isReserved(checked)) throw reserved(checked);
    const place = this.#contain(checked);
    try {
      const stats = await fs.lstat(place);
      if (stats.isSymbolicLink() || (await fs.realpath(place)) !== place) throw linked(checked);
      return stats.isFile() || stats.isDirectory() ? { place, stats } : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw codeOf(error) === 'ELOOP' ? linked(checked) : error;
    }
  }

  /** Makes the folders above a file to be written, one by one so that none is made beyond a link. */
  async #prepare(checked: string): Promise<string> {
    if (isReserved(checked)) throw reserved(checked);
    const target = this.#contain(checked);
    let folder = this.#root;
    for (const part of checked.split('/').slice(0, -1)) {
      folder = path.join(folder, part);
      await makeFolder(folder, checked);
    }
    const existing = await lstatIfPresent(target);
    if (existing?.isSymbolicLink() || (await fs.realpath(folder)) !== folder) throw linked(checked);
    if (existing?.isDirectory()) throw invalidPath(checked, 'there is a folder of that name');
    return target;
  }
}

/** Streams to a new file, to the disk and not just to the system's cache. */
async function receive(content: Readable, file: string): Promise<StoredContent> {
  const hash = createHash('sha256');
  const handle = await fs.open(file, 'wx', 0o600);
  let size = 0;
  async function* measured(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
  }
  await pipeline(content, measured, handle.createWriteStream({ flush: true }));
  const { mtimeMs } = await fs.stat(file);
  return { size, sha256: hash.digest('hex'), modifiedAt: mtimeMs };
}

async function makeFolder(folder: string, checked: string): Promise<void> {
  try {
    await fs.mkdir(folder, { mode: 0o700 });
    await syncFolder(path.dirname(folder));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw asWriteError(error, checked);
    const stats = await fs.lstat(folder);
    if (stats.isSymbolicLink()) throw linked(checked);
    if (!stats.isDirectory()) throw invalidPath(checked, 'a part of it names a file');
  }
}

/** Makes a rename or a new folder last through a power cut; Windows cannot open folders, and needs no such step. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function describe(artifact: string, place: string): Promise<ArtifactEntry | undefined> {
  const stats = await lstatIfPresent(place);
  return stats && toEntry(artifact, stats);
}

async function lstatIfPresent(place: string): Promise<Stats | undefined> {
  try {
    return await fs.lstat(place);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function toEntry(artifact: string, stats: Stats): ArtifactEntry {
  const isDir = stats.isDirectory();
  return { path: artifact, isDir, size: isDir ? 0 : stats.size, modifiedAt: stats.mtimeMs };
}

/** Links, sockets and devices are no artifacts, however they came there. */
function isArtifact(entry: Dirent): boolean {
  return entry.isFile() || entry.isDirectory();
}

/** Compared without case, as macOS and Windows do. */
function isReserved(checked: string): boolean {
  return checked.split('/', 1)[0]?.toLowerCase() === INCOMING;
}

function reserved(checked: string): ApiError {
  return invalidPath(checked, `'${INCOMING}' is reserved for uploads in progress`);
}

function linked(checked: string): ApiError {
  return invalidPath(checked, 'it does not lead straight to a place below the artifact root');
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(String(codeOf(error)));
}

function asWriteError(error: unknown, checked: string): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ApiError(
        'INSUFFICIENT_STORAGE',
        `The artifact '${checked}' was not stored: the disk is full. Free some space and upload it again.`,
      );
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return new ApiError('BAD_REQUEST', `The upload of '${checked}' ended early; nothing of it was kept.`);
    case 'ENAMETOOLONG':
      return invalidPath(checked, 'it is too long for this disk');
    case 'EISDIR':
    case 'ENOTEMPTY':
      return invalidPath(checked, 'there is a folder of that name');
    default:
      return error;
  }
}
