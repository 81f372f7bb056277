/** The files that name the packages of an environment. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ApiError } from '../contract/errors.ts';

/** Who makes an environment of a file: pip (or uv in its place), uv with its own lock, conda. */
export type RequirementsKind = 'pip' | 'uv' | 'conda';

/** uv's lock lies beside the project's file. */
const UV_LOCK = 'uv.lock';

/** What kind of file this is, by its name. */
export function kindOf(file: string): RequirementsKind {
  if (path.basename(file) === 'pyproject.toml') return 'uv';
  return /\.ya?ml$/i.test(file) ? 'conda' : 'pip';
}

/** Path of the lock that a file needs beside it; undefined for one that needs none. */
export function neededLock(file: string): string | undefined {
  return kindOf(file) === 'uv' ? path.join(path.dirname(file), UV_LOCK) : undefined;
}

/**
 * Everything that decides what an environment will hold, as far as it is written down.
 *
 * @throws ApiError when a file is missing
 */
export function contentOf(file: string): string[] {
  if (kindOf(file) === 'conda') return ['conda', read(file)];
  const lock = neededLock(file);
  if (lock === undefined) return readRequirements(file);
  const own = isTiedToFolder(file) ? [path.dirname(file)] : [];
  return ['uv', read(file), readUvLock(lock), ...own];
}

/** Whether an environment refers to the project's own folder, and so cannot be shared with others. */
export function isTiedToFolder(file: string): boolean {
  const lock = neededLock(file);
  return lock !== undefined && /source = \{ (editable|directory|path) = /.test(readUvLock(lock));
}

function readUvLock(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ApiError('BAD_REQUEST', `There is no ${file}. Make it: uv lock.`);
  }
}

/** The text of a requirements file and of those it includes by `-r` or `-c`. */
function readRequirements(file: string, seen: Set<string> = new Set()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = read(file);
  const included = text.matchAll(/^[ \t]*(?:-r|-c|--requirement|--constraint)[ \t=]+(\S+)/gm);
  const others = [...included].flatMap(([, name = '']) =>
    readRequirements(path.resolve(path.dirname(file), name), seen),
  );
  return [text, ...others];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ApiError(
      'BAD_REQUEST',
      `The requirements file ${file} cannot be read: ${(error as Error).message}.`,
    );
  }
}
