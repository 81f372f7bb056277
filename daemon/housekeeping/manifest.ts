/** What is in a backup, written last: a folder without it is no backup. */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { invalid } from '../contract/errors.ts';
import { Time } from '../contract/values.ts';

const MANIFEST = 'manifest.json';

const BackupFile = z.object({
  /** POSIX, relative to the backup. */
  path: z.string(),
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupFile = z.infer<typeof BackupFile>;

export const Manifest = z.object({
  format: z.literal(1),
  madeAt: Time,
  /** Of the modelthat that made it. */
  version: z.string(),
  schema: z.number().int(),
  /** Where the artifacts are when they are not in the backup: `s3://bucket/prefix`. */
  artifactsAt: z.string().nullable(),
  files: z.array(BackupFile),
});
export type Manifest = z.infer<typeof Manifest>;

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const handle = await fs.open(path.join(folder, MANIFEST), 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(manifest));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws ApiError INVALID_PARAMETER_VALUE when the folder is no backup that can be read */
export async function readManifest(folder: string): Promise<Manifest> {
  const found = await tryManifest(folder);
  if (typeof found !== 'string') return found;
  throw invalid(`${folder} is no backup of a store that can be restored: ${found}.`);
}

/** The manifest, or why there is none. */
async function tryManifest(folder: string): Promise<Manifest | string> {
  try {
    const parsed = Manifest.safeParse(JSON.parse(await fs.readFile(path.join(folder, MANIFEST), 'utf8')));
    if (!parsed.success) return `its ${MANIFEST} is not understood (${z.prettifyError(parsed.error)})`;
    const outside = parsed.data.files.find(file => !isInside(file.path));
    return outside ? `its ${MANIFEST} names ${outside.path}, outside of it` : parsed.data;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? `it has no ${MANIFEST}`
      : `its ${MANIFEST} cannot be read (${(error as Error).message})`;
  }
}

/** A backup may come from anywhere: what it names stays in its folder, and in that of the store. */
function isInside(file: string): boolean {
  const names = file.split('/');
  return (
    !file.includes('\\') &&
    !path.isAbsolute(file) &&
    names.every(name => name !== '' && name !== '.' && name !== '..')
  );
}

/** Names sort by time: `store-20260101T120000000Z`. */
export function backupName(at: Date): string {
  return `store-${at.toISOString().replace(/[-:.]/g, '')}`;
}

const BACKUP_NAME = /^store-\d{8}T\d{9}Z$/;

/** The complete backups in a folder, oldest first. */
export async function backupsIn(folder: string): Promise<string[]> {
  const names = await fs.readdir(folder).catch(() => []);
  const places = names.filter(name => BACKUP_NAME.test(name)).sort();
  return places.map(name => path.join(folder, name));
}
