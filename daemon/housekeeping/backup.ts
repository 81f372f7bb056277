/** Backups of a store, made while it is in use. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { type ArtifactStore, filesBelow, type StoredContent } from '../artifacts/model.ts';
import { hashOf } from '../artifacts/soundness.ts';
import { PRODUCT_VERSION } from '../client/version.ts';
import { formatBytes } from '../contract/display.ts';
import { ApiError, invalid, withoutMissing } from '../contract/errors.ts';
import type { Backup } from '../contract/housekeeping.ts';
import type { Database } from '../database/database.ts';
import { copyInto, syncFolder } from './copy-file.ts';
import { type BackupFile, backupName, backupsIn, readManifest, writeManifest } from './manifest.ts';
import { recordArtifacts } from './store/copy.ts';
import { counting, type Work } from './task.ts';

/** Files that are copied at the same time. */
const AT_ONCE = 4;

/** What is backed up. */
export interface BackupSource {
  /** The store's folder. */
  readonly store: string;
  readonly database: Pick<Database, 'read' | 'survey'>;
  readonly files: ArtifactStore;
}

/** Where backups of a store are, unless another folder is named. */
export function backupFolder(store: string): string {
  return path.join(store, 'backups');
}

/**
 * Backs up a store: its database as it is committed at the start, then artifacts and the logs of executions. An artifact
 * that an earlier backup beside this one has shares its place on the disk with that; none ever does with the store's own
 * files, so that damage there does not reach it. The folder has its name only once all of it is on the disk.
 *
 * @param asked absolute path of the folder to be made; undefined = a new one in the store
 * @throws ApiError RESOURCE_ALREADY_EXISTS when the folder is there, INSUFFICIENT_STORAGE when there is no room
 */
export async function makeBackup(
  source: BackupSource,
  asked: string | undefined,
  work: Work,
): Promise<Backup> {
  const start = performance.now();
  const madeAt = new Date();
  const target = asked ?? path.join(backupFolder(source.store), backupName(madeAt));
  await refuseTarget(target, source.store);
  const partial = `${target}.partial-${randomBytes(4).toString('hex')}`;
  await fs.mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    work.progress('Copying the database…');
    const file = path.join(partial, 'modelthat.db');
    const { schema } = await source.database.survey('housekeeping.copyDatabase', { target: file });
    const copy = new Copying(source, partial, await earlierFiles(path.dirname(target)), work);
    const local = source.files.checksContent !== true;
    if (local) await copy.artifacts();
    await copy.folder('executions');
    if (local) recordArtifacts(file, copy.records);
    const files = [await describe(file, 'modelthat.db'), ...copy.files];
    const artifactsAt = local ? null : source.files.place;
    await writeManifest(partial, {
      format: 1,
      madeAt: madeAt.getTime(),
      version: PRODUCT_VERSION,
      schema,
      artifactsAt,
      files,
    });
    await fs.rename(partial, target);
    await syncFolder(path.dirname(target));
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    const milliseconds = Math.round(performance.now() - start);
    return { path: target, files: files.length, bytes, damaged: copy.damaged, milliseconds };
  } catch (error) {
    await fs.rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function refuseTarget(target: string, store: string): Promise<void> {
  if (!path.isAbsolute(target))
    throw invalid(`The folder of a backup must be an absolute path, not ${target}.`);
  const below = path.relative(store, target);
  const inside = below === '' || !(below.startsWith('..') || path.isAbsolute(below));
  if (inside && !below.startsWith(`backups${path.sep}`))
    throw invalid(
      `${target} lies in the store itself. Name a folder outside of it, or none: then it is ${backupFolder(store)}.`,
    );
  if (await fs.lstat(target).catch(() => undefined))
    throw new ApiError(
      'RESOURCE_ALREADY_EXISTS',
      `There is something at ${target} already. Name a new folder.`,
    );
}

/** The artifacts of the newest backup in a folder, by path and hash. */
async function earlierFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const newest = (await backupsIn(folder)).at(-1);
  if (!newest) return new Map();
  const manifest = await readManifest(newest).catch(() => undefined);
  return new Map(manifest?.files.map(file => [key(file.path, file.sha256), path.join(newest, file.path)]));
}

const key = (file: string, sha256: string) => `${sha256} ${file}`;

async function describe(file: string, name: string): Promise<BackupFile> {
  const handle = await fs.open(file, 'r+');
  try {
    await handle.sync();
    const { size } = await handle.stat();
    return { path: name, size, sha256: await hashOf(createReadStream(file)) };
  } finally {
    await handle.close();
  }
}

/** Fills the folder of a backup. */
class Copying {
  readonly files: BackupFile[] = [];
  /** What the database of the backup is to say of the artifacts in it. */
  readonly records: (StoredContent & { path: string })[] = [];
  readonly damaged: string[] = [];
  readonly #source: BackupSource;
  readonly #target: string;
  readonly #earlier: ReadonlyMap<string, string>;
  readonly #onBytes: (count: number) => void;

  constructor(source: BackupSource, target: string, earlier: ReadonlyMap<string, string>, work: Work) {
    this.#source = source;
    this.#target = target;
    this.#earlier = earlier;
    let bytes = 0;
    const tell = counting(work, count => `Copying files: ${this.files.length}, ${formatBytes(count)}…`);
    this.#onBytes = count => {
      bytes += count;
      tell(bytes);
    };
  }

  async artifacts(): Promise<void> {
    let batch: string[] = [];
    const flush = async () => {
      await Promise.all(batch.map(artifact => this.#artifact(artifact)));
      batch = [];
    };
    for await (const { path: artifact } of filesBelow(this.#source.files, '')) {
      batch.push(artifact);
      if (batch.length === AT_ONCE) await flush();
    }
    await flush();
    await this.#missing();
  }

  /** A folder of the store, as it is now. */
  async folder(name: string): Promise<void> {
    const root = path.join(this.#source.store, name);
    const entries = await fs.readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      const below = path.posix.join(name, ...path.relative(root, file).split(path.sep));
      const copied = await copyInto(path.join(this.#target, below), createReadStream(file), this.#onBytes);
      this.files.push({ path: below, size: copied.size, sha256: copied.sha256 });
    }
  }

  async #artifact(artifact: string): Promise<void> {
    const name = `artifacts/${artifact}`;
    const target = path.join(this.#target, ...name.split('/'));
    const recorded = await this.#recorded(artifact);
    if (recorded && (await this.#link(name, target, recorded))) return;
    const file = await withoutMissing(this.#source.files.open(artifact));
    if (!file) return;
    const { sha256, size, modifiedAt } = await copyInto(target, await file.read(), this.#onBytes);
    if (recorded && sha256 !== recorded.sha256) {
      await fs.rm(target);
      // Another content may have been uploaded, or this one deleted, since the record was read.
      const now = await this.#recorded(artifact);
      if (now?.sha256 !== recorded.sha256) return this.#artifact(artifact);
      this.damaged.push(artifact);
      this.records.push({ ...recorded, path: artifact });
      return;
    }
    this.files.push({ path: name, size, sha256 });
    if (recorded) this.records.push({ path: artifact, size, sha256, modifiedAt });
  }

  /** Takes a file over from the backup before, where that has the same content. */
  async #link(name: string, target: string, { sha256, size }: StoredContent): Promise<boolean> {
    const earlier = this.#earlier.get(key(name, sha256));
    if (earlier === undefined) return false;
    try {
      await fs.mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
      await fs.link(earlier, target);
      const { mtimeMs, size: found } = await fs.stat(target);
      if (found === size) {
        this.files.push({ path: name, size, sha256 });
        this.records.push({ path: name.slice('artifacts/'.length), size, sha256, modifiedAt: mtimeMs });
        return true;
      }
      await fs.rm(target);
    } catch {
      // No such file any more, or a file system without links: it is copied.
    }
    return false;
  }

  /** Artifacts with a record, and no file. */
  async #missing(): Promise<void> {
    const copied = new Set(this.records.map(record => record.path));
    for (let after = ''; ; ) {
      const page = await this.#source.database.read('artifacts.page', { after, limit: 500 });
      const last = page.at(-1);
      if (!last) return;
      for (const record of page) {
        if (copied.has(record.path) || (await this.#source.files.stat(record.path))) continue;
        this.damaged.push(record.path);
        this.records.push(record);
      }
      after = last.path;
    }
  }

  #recorded(artifact: string): Promise<StoredContent | null> {
    return this.#source.database.read('artifacts.recorded', { path: artifact });
  }
}
