/**
 * The user's state folder: what is secret or executable lies here and never in a workspace, where a cloned repository
 * could plant it. Folders are 0700 and files 0600 from their first byte.
 */
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** The state folder of this user: `MODELTHAT_STATE_DIR`, else where the platform keeps such things. */
function stateRoot(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (env.MODELTHAT_STATE_DIR) return path.resolve(env.MODELTHAT_STATE_DIR);
  const home = os.homedir();
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'modelthat');
  if (platform === 'win32')
    return path.join(env.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'modelthat');
  const xdg = env.XDG_STATE_HOME;
  return path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.local', 'state'), 'modelthat');
}

/**
 * The private folder that belongs to one store, made when it is not there.
 *
 * @param store real path of the store's folder
 * @throws Error when the folder, or one it lies in, is a symbolic link or another user's
 */
export function storeState(store: string): string {
  const key = createHash('sha256').update(store).digest('hex').slice(0, 24);
  return privateFolder('stores', key);
}

/** The log of a store's daemon. @param state the store's private folder */
export function logFile(state: string): string {
  return path.join(state, 'daemon.log');
}

/** A folder below the state root, made private; each part is checked. */
export function privateFolder(...parts: readonly string[]): string {
  let folder = stateRoot();
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  ensurePrivateFolder(folder);
  for (const part of parts) {
    folder = path.join(folder, part);
    ensurePrivateFolder(folder);
  }
  return folder;
}

/**
 * Makes a folder only this user can enter, or checks the one that is there: another user who could swap it would read
 * the tokens, or choose the program that runs.
 */
function ensurePrivateFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: PRIVATE_FOLDER });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = fs.lstatSync(folder);
  if (found.isSymbolicLink() || !found.isDirectory()) {
    throw new Error(
      `${folder} is not a plain folder; remove it, or set MODELTHAT_STATE_DIR to a folder of your own`,
    );
  }
  if (!isOwn(found)) {
    throw new Error(`${folder} belongs to another user; set MODELTHAT_STATE_DIR to a folder of your own`);
  }
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) fs.chmodSync(folder, PRIVATE_FOLDER);
}

/** Whether a file or folder is this user's. Windows keeps profiles apart by itself. */
export function isOwn(found: fs.Stats): boolean {
  return process.getuid === undefined || found.uid === process.getuid();
}

/** Replaces a private file's content at once: a reader sees the old or the new, never a part. */
export function writePrivateFile(file: string, content: string): void {
  const fresh = writeFresh(file, content);
  fs.renameSync(fresh, file);
}

/** Writes a private file unless it is there. @returns whether it was written */
export function createPrivateFile(file: string, content: string): boolean {
  const fresh = writeFresh(file, content);
  try {
    fs.linkSync(fresh, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(fresh, { force: true });
  }
}

/** Writes and syncs a new file beside `file`. @returns its path */
function writeFresh(file: string, content: string): string {
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = fs.openSync(fresh, 'wx', PRIVATE_FILE);
  try {
    fs.writeFileSync(handle, content);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  return fresh;
}

/**
 * The content of a private file; undefined when there is none.
 *
 * @throws Error when it is a link or another user's
 */
export function readPrivateFile(file: string): string | undefined {
  const found = fs.lstatSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (!found.isFile() || !isOwn(found)) throw new Error(`${file} is not a plain file of yours; remove it`);
  return fs.readFileSync(file, 'utf8');
}
