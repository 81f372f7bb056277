/** Files that nothing refers to any more, and what interrupted work left behind. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { type ArtifactStore, filesBelow } from '../artifacts/model.ts';
import type { Database } from '../database/database.ts';
import { backupFolder } from './backup.ts';
import { backupsIn } from './manifest.ts';
import { Needs } from './needs.ts';

/** A file or folder, and what it takes. */
export interface Stray {
  readonly kind: 'files' | 'leftover' | 'backup';
  /** Below the artifacts, for `files`; else absolute. */
  readonly path: string;
  readonly bytes: number;
}

const RUN_FOLDER = /^[0-9a-f]{32}$/;
const MODEL_FOLDER = /^m-[0-9a-f]{32}$/;
const PARTIAL = /\.partial(-[0-9a-f]{8})?$/;

/**
 * Folders of artifacts that are named as those of runs and logged models are, and whose run or model is gone. What is
 * named otherwise somebody has put there, and stays.
 *
 * @param before what was written later stays
 */
export async function strayArtifacts(
  { database, files }: { database: Pick<Database, 'read'>; files: ArtifactStore },
  before: number,
): Promise<Stray[]> {
  const needs = new Needs(await database.read('housekeeping.versionNeeds', {}));
  const strays: Stray[] = [];
  for (const folder of await database.read('housekeeping.experimentFolders', {})) {
    const runs = await foldersIn(files, folder, RUN_FOLDER);
    const models = await foldersIn(files, path.posix.join(folder, 'models'), MODEL_FOLDER);
    const unknown = [
      ...(await unknownOf(database, 'run', runs)),
      ...(await unknownOf(database, 'model', models)),
    ];
    for (const place of unknown) {
      if (needs.ofFolder(place) !== undefined) continue;
      const { bytes, newest } = await measure(files, place);
      if (newest <= before) strays.push({ kind: 'files', path: place, bytes });
    }
  }
  return strays;
}

async function foldersIn(files: ArtifactStore, folder: string, named: RegExp): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of files.list(folder))
    if (entry.isDir && named.test(path.posix.basename(entry.path))) found.push(entry.path);
  return found;
}

async function unknownOf(
  database: Pick<Database, 'read'>,
  kind: 'run' | 'model',
  folders: readonly string[],
): Promise<string[]> {
  const ids = folders.map(folder => path.posix.basename(folder));
  const unknown = new Set(await database.read('housekeeping.unknownIds', { kind, ids }));
  return folders.filter(folder => unknown.has(path.posix.basename(folder)));
}

/** What the files below a folder of artifacts come to, and when the last of them was written. */
export async function measure(
  files: ArtifactStore,
  folder: string,
): Promise<{ bytes: number; newest: number }> {
  let bytes = 0;
  let newest = 0;
  for await (const file of filesBelow(files, folder)) {
    bytes += file.size;
    newest = Math.max(newest, file.modifiedAt);
  }
  return { bytes, newest };
}

/** Logs of executions that are gone, backups that were not finished, and backups beyond those that are kept. */
export async function strayFiles(
  { database, store }: { database: Pick<Database, 'read'>; store: string },
  kept: number,
): Promise<Stray[]> {
  const executions = path.join(store, 'executions');
  const ids = await fs.readdir(executions).catch(() => []);
  const gone = await database.read('housekeeping.unknownIds', { kind: 'execution', ids });
  const backups = backupFolder(store);
  const names = await fs.readdir(backups).catch(() => []);
  const leftovers = [
    ...gone.map(id => path.join(executions, id)),
    ...names.filter(name => PARTIAL.test(name)).map(name => path.join(backups, name)),
  ];
  const old = (await backupsIn(backups)).slice(0, kept === 0 ? undefined : -kept);
  return [...(await sized('leftover', leftovers)), ...(await sized('backup', old))];
}

function sized(kind: Stray['kind'], places: readonly string[]): Promise<Stray[]> {
  return Promise.all(places.map(async place => ({ kind, path: place, bytes: await diskUse(place) })));
}

/** The bytes of a file, or of all files below a folder; 0 when there is none. */
export async function diskUse(place: string): Promise<number> {
  const stats = await fs.lstat(place).catch(() => undefined);
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  let bytes = 0;
  for (const name of await fs.readdir(place).catch(() => [])) bytes += await diskUse(path.join(place, name));
  return bytes;
}
