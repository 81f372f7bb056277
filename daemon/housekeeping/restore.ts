/** Making a store from a backup, while no daemon has it. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { AuditAnchor } from '../audit/anchor.ts';
import { openPlace } from '../client/store.ts';
import { formatBytes } from '../contract/display.ts';
import { ApiError, invalid } from '../contract/errors.ts';
import type { Restored } from '../contract/housekeeping.ts';
import { SCHEMA_VERSION } from '../database/migrations.ts';
import { openForReading } from '../database/open.ts';
import { lockStore } from '../life/lock.ts';
import { copyInto, syncFolder } from './copy-file.ts';
import { type BackupFile, type Manifest, readManifest } from './manifest.ts';
import { checkDatabase } from './store/invariants.ts';
import { counting, type Work } from './task.ts';

const AT_ONCE = 4;
const MOST_NAMED = 10;

/** What a store has before anything was put into it. */
const EMPTY = /^(lock\.db(-journal)?|\.gitignore)$/;

/**
 * Restores a backup. Everything in it is read and checked before the store is touched; a store that is there is moved
 * aside as a whole, and the new one gets its name at once.
 *
 * @param request.store folder of the store to be made
 * @param request.force a store that holds something is moved aside
 * @throws ApiError RESOURCE_CONFLICT when the store is in use, or holds something and `force` is not set;
 * DATA_LOSS when the backup is damaged; INVALID_PARAMETER_VALUE when it is none
 */
export async function restore(
  request: { backup: string; store: string; force: boolean },
  work: Work,
): Promise<Restored> {
  const backup = path.resolve(request.backup);
  const manifest = await readManifest(backup);
  if (manifest.schema > SCHEMA_VERSION)
    throw invalid(
      `${backup} was made by the newer modelthat ${manifest.version}. Update this one, and restore it then.`,
    );
  const place = openPlace(request.store);
  const lock = lockStore(place);
  if (!lock)
    throw new ApiError(
      'RESOURCE_CONFLICT',
      `The store ${place.store} is in use. Stop its daemon first: modelthat stop`,
    );
  const held = (await fs.readdir(place.store)).filter(name => !EMPTY.test(name));
  const fresh = `${place.store}.restoring-${randomBytes(4).toString('hex')}`;
  try {
    if (held.length > 0 && !request.force)
      throw new ApiError(
        'RESOURCE_CONFLICT',
        `The store ${place.store} holds something. With --force it is moved aside; or name another place with --to.`,
      );
    await fill(fresh, backup, manifest, work);
    // Windows lets nothing be renamed that holds an open file.
    if (process.platform === 'win32') lock.release();
    const movedTo = await swap(place.store, fresh, held.length > 0);
    await new AuditAnchor(place.state).setAside();
    const bytes = manifest.files.reduce((sum, { size }) => sum + size, 0);
    return { store: place.store, madeAt: manifest.madeAt, files: manifest.files.length, bytes, movedTo };
  } finally {
    lock.release();
    await fs.rm(fresh, { recursive: true, force: true });
  }
}

/** Copies a backup, checking what is copied. */
async function fill(folder: string, backup: string, manifest: Manifest, work: Work): Promise<void> {
  await fs.mkdir(folder, { mode: 0o700 });
  let bytes = 0;
  const tell = counting(work, count => `Checking and copying the backup: ${formatBytes(count)}…`);
  const onBytes = (count: number) => {
    bytes += count;
    tell(bytes);
  };
  const bad: string[] = [];
  for (let start = 0; start < manifest.files.length; start += AT_ONCE) {
    const some = manifest.files.slice(start, start + AT_ONCE);
    const problems = await Promise.all(some.map(file => copyChecked(folder, backup, file, onBytes)));
    bad.push(...problems.flatMap(problem => problem ?? []));
  }
  if (bad.length > 0) throw damaged(backup, bad);
  const connection = openForReading(path.join(folder, 'modelthat.db'));
  try {
    const { problems } = checkDatabase(connection, {});
    if (problems.length > 0) throw damaged(backup, problems);
  } finally {
    connection.close();
  }
}

/** @returns what is wrong with the file, in words; undefined when it was copied as it was backed up */
async function copyChecked(
  folder: string,
  backup: string,
  file: BackupFile,
  onBytes: (count: number) => void,
): Promise<string | undefined> {
  const names = file.path.split('/');
  const source = path.join(backup, ...names);
  const stats = await fs.lstat(source).catch(() => undefined);
  if (!stats?.isFile()) return `${file.path} is missing`;
  const copied = await copyInto(path.join(folder, ...names), createReadStream(source), onBytes);
  return copied.sha256 === file.sha256 ? undefined : `${file.path} is not what was backed up`;
}

function damaged(backup: string, problems: readonly string[]): ApiError {
  const more = problems.length > MOST_NAMED ? `; and ${problems.length - MOST_NAMED} more` : '';
  return new ApiError(
    'DATA_LOSS',
    `The backup ${backup} is damaged, and nothing was restored: ${problems.slice(0, MOST_NAMED).join('; ')}${more}. Take another one.`,
    { problems },
  );
}

/** Puts the new store in its place. @returns where the old one is now; null when there was nothing to keep */
async function swap(store: string, fresh: string, keep: boolean): Promise<string | null> {
  const aside = `${store}.before-restore-${new Date().toISOString().replace(/[-:.]/g, '')}`;
  await fs.rename(store, aside);
  try {
    await fs.rename(fresh, store);
  } catch (error) {
    await fs.rename(aside, store);
    throw error;
  }
  await syncFolder(path.dirname(store));
  if (!keep) {
    await fs.rm(aside, { recursive: true, force: true });
    return null;
  }
  // Backups belong to the store and not to its present content.
  await fs.rename(path.join(aside, 'backups'), path.join(store, 'backups')).catch(() => {});
  return aside;
}
