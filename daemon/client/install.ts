/** The copy of the daemon that runs: an update of the extension must not pull the files from under it. */
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { privateFolder } from './state.ts';
import { PRODUCT_VERSION } from './version.ts';

const UNUSED_DAYS = 60;
const DAY_MS = 24 * 60 * 60 * 1000;
/** What it brings for steps, in a folder of its own. */
const PYTHON_PACKAGE = 'python/modelthat';

/**
 * The daemon's program to start in place of the given one: that of a copy in the user's state folder, made when it is
 * not there. Only a packaged daemon, which brings its native packages, can be copied; in a checkout it runs in place.
 *
 * @param main path of the daemon's main module
 * @returns path of the main module to run
 */
export async function installedProgram(main: string): Promise<string> {
  const source = path.dirname(main);
  if (!(await exists(path.join(source, 'node_modules')))) return main;
  const copies = privateFolder('daemons');
  const copy = path.join(copies, `${PRODUCT_VERSION}-${await fingerprint(source)}`);
  if (!(await exists(copy))) {
    await putInPlace(source, copy);
    await removeUnused(copies);
  }
  const now = new Date();
  await fs.utimes(copy, now, now);
  return path.join(copy, path.basename(main));
}

/** A copy is there whole or not at all, even when several are made at the same time. */
async function putInPlace(source: string, copy: string): Promise<void> {
  const fresh = `${copy}.${randomBytes(6).toString('hex')}`;
  try {
    await fs.cp(source, fresh, { recursive: true });
    await fs.rename(fresh, copy);
  } catch (error) {
    await fs.rm(fresh, { recursive: true, force: true });
    if (!(await exists(copy))) throw error;
  }
}

/** Removes copies that no daemon was started from for long. One in use may resist (Windows); it goes another time. */
async function removeUnused(copies: string): Promise<void> {
  const before = Date.now() - UNUSED_DAYS * DAY_MS;
  for (const name of await fs.readdir(copies)) {
    const copy = path.join(copies, name);
    // Another starter may have put its fresh copy in place, under the copy's own name, since the folder was read.
    const found = await fs.lstat(copy).catch(() => undefined);
    if (found && found.mtimeMs < before) await fs.rm(copy, { recursive: true, force: true }).catch(() => {});
  }
}

/** What tells two builds of one version apart. */
async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const each of [folder, path.join(folder, PYTHON_PACKAGE)])
    for (const entry of (await fs.readdir(each, { withFileTypes: true })).sort(byName))
      if (entry.isFile())
        hash.update(`${entry.name}\n`).update(await fs.readFile(path.join(each, entry.name)));
  return hash.digest('hex').slice(0, 12);
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}
