/** Which store belongs to a folder. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isOwn, storeState } from './state.ts';

/** Name of a store's folder inside its workspace. */
export const STORE_FOLDER = '.modelthat';

/** What makes a folder the root of a project that has no store yet. */
const PROJECT_FILES = ['modelthat.yaml', 'dvc.yaml', 'MLproject', 'pyproject.toml', '.git'];

/** A store and what goes with it; all paths are real and absolute. */
export interface StorePlace {
  /** The store's folder. */
  readonly store: string;
  /** The folder whose files the daemon may run. */
  readonly workspace: string;
  /** The store's private folder in the user's state folder. */
  readonly state: string;
}

/** The store of a folder: the nearest one above it in the same project that is the user's own; undefined when there is none. */
export function findStore(from: string): string | undefined {
  return nearest(
    from,
    folder => {
      const found = fs.statSync(path.join(folder, STORE_FOLDER), { throwIfNoEntry: false });
      // Somebody else's store in a shared folder (/tmp/.modelthat) must not take over the user's work.
      return found?.isDirectory() === true && isOwn(found);
    },
    folder => path.join(folder, STORE_FOLDER),
  );
}

/** Where a folder's store is, or is to be made: in the nearest project folder above it, else in the folder itself. */
export function storeFor(from: string): string {
  return (
    findStore(from) ??
    nearest(
      from,
      folder => PROJECT_FILES.some(file => fs.existsSync(path.join(folder, file))),
      folder => path.join(folder, STORE_FOLDER),
    ) ??
    path.join(path.resolve(from), STORE_FOLDER)
  );
}

function nearest(
  from: string,
  fits: (folder: string) => boolean,
  pick: (folder: string) => string,
): string | undefined {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (fits(folder)) return pick(folder);
    if (isOutermost(folder)) return undefined;
  }
}

/** Whether nothing above a folder belongs to the same project: a store in the home folder must not take in every project. */
function isOutermost(folder: string): boolean {
  const above = path.dirname(folder);
  return above === folder || above === os.homedir() || fs.existsSync(path.join(folder, '.git'));
}

/**
 * Makes the store's folder if need be and finds what goes with it.
 *
 * @param store the store's folder
 * @param workspace the folder whose files may be run; by default the one the store lies in
 * @throws Error when the store cannot be made or written, naming it
 */
export function openPlace(store: string, workspace: string = path.dirname(path.resolve(store))): StorePlace {
  try {
    makeFolder(store);
    fs.accessSync(store, fs.constants.R_OK | fs.constants.W_OK);
  } catch (error) {
    throw new Error(
      `The store ${store} cannot be written (${(error as Error).message}). Make it writable, or choose another folder (setting modelthat.storePath, or --store).`,
    );
  }
  const real = fs.realpathSync.native(store);
  return { store: real, workspace: fs.realpathSync.native(workspace), state: storeState(real) };
}

function makeFolder(folder: string): void {
  const found = fs.statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found) throw new Error('it is a file, not a folder');
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  try {
    // Not recursive: on a read-only volume that tells of a missing file, of all things.
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
