import { createHash, randomUUID } from 'node:crypto';
import { constants, type Dirent, type Stats } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError, missing } from '../contract/errors.ts';
import { codeOf, HeldFolder, isAbsent, LinkInPath } from './held-folder.ts';
import type { ArtifactEntry, ArtifactStore, OpenArtifact, StoredContent } from './model.ts';
import { inOrder, namesInParts } from './names.ts';
import { checkArtifactFile, checkArtifactPath, invalidPath } from './paths.ts';

/** Uploads in progress and what is being deleted, below the root so that the last step is a rename; no artifact can have this name. */
const INCOMING = '.incoming';

/** Entries of a folder that are looked at together: few enough for other requests to come in between. */
const BATCH = 500;

/** Tries to put a file in its place while others delete the folders above it. */
const PLACE_TRIES = 3;

/** Tries to open a file while others put new ones in its place. */
const OPEN_TRIES = 5;

/** Artifacts in a folder of the local disk. */
export class LocalArtifactStore implements ArtifactStore {
  readonly place: string;

  private constructor(root: string) {
    this.place = root;
  }

  /**
   * Makes the folder if it is missing and clears what interrupted uploads left behind.
   *
   * @throws Error when it is a link: a cloned repository could bring one that leads to the user's other files
   */
  static async open(folder: string): Promise<LocalArtifactStore> {
    const found = await fs.lstat(folder).catch(() => undefined);
    if (found?.isSymbolicLink())
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

  async *list(folder: string): AsyncGenerator<ArtifactEntry> {
    const checked = checkArtifactPath(folder);
    const held = await this.#walk(checked).catch(absentToUndefined);
    if (!held) return;
    try {
      const parts = await namesInParts(
        held.path,
        entry => isArtifact(entry) && !isReserved(path.posix.join(checked, entry.name)),
      );
      await held.verify();
      for (const batch of inOrder(parts, BATCH)) {
        const described = await Promise.all(
          batch.map(async name => toEntry(path.posix.join(checked, name), await held.stat(name))),
        );
        yield* described.filter(entry => entry !== undefined);
      }
    } finally {
      await held.close();
    }
  }

  async stat(artifact: string): Promise<ArtifactEntry | undefined> {
    const checked = checkArtifactPath(artifact);
    if (checked === '') return toEntry('', await fs.lstat(this.place));
    return this.#inParent(checked, async (parent, name) => {
      const stats = await parent.stat(name);
      if (stats?.isSymbolicLink()) throw linked(checked);
      return toEntry(checked, stats);
    }).catch(absentToUndefined);
  }

  async open(artifact: string): Promise<OpenArtifact> {
    const checked = checkArtifactFile(artifact);
    const handle = await this.#inParent(checked, (parent, name) => openOwn(parent, name, checked)).catch(
      absentToUndefined,
    );
    if (!handle) throw missing(`No such artifact: '${checked}'`);
    try {
      const entry = toEntry(checked, await handle.stat());
      if (!entry || entry.isDir) throw missing(`No such artifact: '${checked}'`);
      return opened(entry, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async write(artifact: string, content: Readable, confirm?: () => Promise<void>): Promise<StoredContent> {
    const checked = checkArtifactFile(artifact);
    const incoming = await HeldFolder.open(path.join(this.place, INCOMING));
    const temporary = incoming.at(randomUUID());
    try {
      await this.#inParent(checked, (parent, name) => refuseNonFile(parent, name, checked)).catch(error => {
        if (codeOf(error) !== 'ENOENT') throw error;
      });
      const stored = await receive(content, temporary);
      await confirm?.();
      await this.#putInPlace(temporary, checked);
      return stored;
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw asWriteError(error, checked);
    } finally {
      await incoming.close();
    }
  }

  async delete(artifact: string): Promise<void> {
    const checked = checkArtifactFile(artifact);
    const incoming = await HeldFolder.open(path.join(this.place, INCOMING));
    const doomed = randomUUID();
    try {
      await this.#inParent(checked, async (parent, name) => {
        if ((await parent.stat(name))?.isSymbolicLink()) throw linked(checked);
        // All of it is gone at once, as far as anybody sees; and nobody knows the place where it is taken apart.
        await fs.rename(parent.at(name), incoming.at(doomed));
        await parent.sync();
      });
      await incoming.remove(doomed);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    } finally {
      await incoming.close();
    }
  }

  async localFolder(folder: string): Promise<string | undefined> {
    const checked = checkArtifactPath(folder);
    const held = await this.#walk(checked).catch(absentToUndefined);
    if (!held) return undefined;
    await held.close();
    return this.#contain(checked);
  }

  async check(): Promise<void> {
    await fs.access(this.place, constants.R_OK | constants.W_OK).catch((error: unknown) => {
      throw new ApiError(
        'INTERNAL_ERROR',
        `The folder of artifacts ${this.place} cannot be written (${codeOf(error)}). Restore it, and its permissions.`,
      );
    });
  }

  /** The place of a path. The one thing that holds even if a check of the text has a gap: it is below the root. */
  #contain(checked: string): string {
    if (isReserved(checked)) throw reserved(checked);
    const place = path.join(this.place, ...checked.split('/'));
    if (place === this.place || place.startsWith(this.place + path.sep)) return place;
    throw linked(checked);
  }

  /** The folder at a path, reached from the root step by step. @param make make those that are missing */
  async #walk(checked: string, make = false): Promise<HeldFolder> {
    this.#contain(checked);
    let held = await HeldFolder.open(this.place);
    try {
      for (const name of checked.split('/').filter(Boolean)) {
        if (make) await held.makeFolder(name);
        const next = await held.enter(name);
        await held.close();
        held = next;
      }
      await held.verify();
      return held;
    } catch (error) {
      await held.close();
      if (error instanceof LinkInPath) throw linked(checked);
      throw error;
    }
  }

  /** Does something in the folder above a path, with the last name in it. */
  async #inParent<Result>(
    checked: string,
    use: (parent: HeldFolder, name: string) => Promise<Result>,
    make = false,
  ): Promise<Result> {
    this.#contain(checked);
    const parent = await this.#walk(path.posix.join(checked, '..').replace(/^\.$/, ''), make);
    try {
      return await use(parent, path.posix.basename(checked));
    } catch (error) {
      if (error instanceof LinkInPath) throw linked(checked);
      throw error;
    } finally {
      await parent.close();
    }
  }

  /** Makes the folders above it and renames it. A folder may be deleted in between: then it is made again. */
  async #putInPlace(temporary: string, checked: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#inParent(
          checked,
          async (parent, name) => {
            await refuseNonFile(parent, name, checked);
            await parent.verify();
            await fs.rename(temporary, parent.at(name));
            await parent.sync();
          },
          true,
        );
        return;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || tries >= PLACE_TRIES) throw error;
      }
    }
  }
}

function opened(entry: ArtifactEntry, handle: FileHandle): OpenArtifact {
  return {
    entry,
    // Not beyond the size it had, should it grow meanwhile.
    read: async (range = { start: 0, end: Math.max(0, entry.size - 1) }) => handle.createReadStream(range),
    close: () => handle.close(),
  };
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
  // When writing fails, what is still sent stays to be read: the answer comes after it.
  const chunks = content.iterator({ destroyOnReturn: false });
  await pipeline(chunks, measured, handle.createWriteStream({ flush: true }));
  const { mtimeMs } = await fs.stat(file);
  return { size, sha256: hash.digest('hex'), modifiedAt: mtimeMs };
}

/** @throws ApiError when something else than a file has the name */
async function refuseNonFile(parent: HeldFolder, name: string, checked: string): Promise<void> {
  const existing = await parent.stat(name);
  if (existing?.isDirectory()) throw invalidPath(checked, 'there is a folder of that name');
  if (existing && !existing.isFile()) throw linked(checked);
}

/**
 * Opens a file that has no other name, which may lie outside of the root. Its names are counted before and after this one
 * was seen to lead to it, and its change time tells when one came or went in between.
 */
async function openOwn(parent: HeldFolder, name: string, checked: string): Promise<FileHandle> {
  for (let tries = 1; ; tries += 1) {
    const handle = await parent.openFile(name);
    try {
      const before = await handle.stat({ bigint: true });
      const named = await parent.stat(name);
      const after = await handle.stat({ bigint: true });
      if (before.isDirectory()) return handle;
      // Rounded both, where numbers of files are larger than 2^53.
      const same = named?.ino === Number(after.ino);
      if (same && before.nlink === 1n && after.nlink === 1n && before.ctimeNs === after.ctimeNs)
        return handle;
      if (same && after.nlink > 1n)
        throw invalidPath(checked, 'it is a hard link; put a copy of the file in its place');
      if (tries >= OPEN_TRIES)
        throw invalidPath(checked, 'it is replaced again and again; try once more later');
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
  }
}

/** Undefined for what is no artifact: links, sockets and devices. */
function toEntry(artifact: string, stats: Stats | undefined): ArtifactEntry | undefined {
  if (!stats || !isArtifact(stats)) return undefined;
  const isDir = stats.isDirectory();
  return { path: artifact, isDir, size: isDir ? 0 : stats.size, modifiedAt: stats.mtimeMs };
}

function isArtifact(found: Dirent | Stats): boolean {
  return found.isFile() || found.isDirectory();
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

function absentToUndefined(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
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
    case 'ENOTDIR':
      return invalidPath(checked, 'a part of it names a file');
    case 'EISDIR':
    case 'ENOTEMPTY':
      return invalidPath(checked, 'there is a folder of that name');
    default:
      return error;
  }
}
