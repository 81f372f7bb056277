/** What kind of store is at a path. */
import fs from 'node:fs';
import path from 'node:path';
import { invalid, missing } from '../contract/errors.ts';
import type { SourcePlace } from './model.ts';

const SQLITE_HEADER = 'SQLite format 3\0';
/** How a zip begins, and one without files. */
const ZIP_HEADERS = ['PK\x03\x04', 'PK\x05\x06'] as const;

/** What a project folder calls its stores. */
const USUAL_NAMES = ['mlruns', 'mlflow.db', 'fasttrackml.db', '.aim'] as const;

/**
 * The store at a path: itself, or the one in the folder. Links to it are followed; inside of it they are not.
 *
 * @param given absolute
 * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is nothing, INVALID_PARAMETER_VALUE when it is no store, or several
 */
export function detectSource(given: string): SourcePlace {
  if (!path.isAbsolute(given))
    throw invalid(`The path to import must be absolute, and '${given}' is relative.`);
  const real = realPath(given);
  const own = kindOf(real);
  if (own) return own;
  const inside = USUAL_NAMES.flatMap(name => kindOf(path.join(real, name)) ?? []);
  const [only, ...others] = inside;
  if (others.length > 0)
    throw invalid(
      `${given} holds several stores: ${inside.map(each => path.basename(each.path)).join(', ')}. Name the one to import.`,
    );
  if (only) return only;
  throw invalid(
    `${given} is not a store that can be imported: give an mlruns folder, an MLflow or FastTrackML database, an ` +
      'Aim repository, a folder that holds one of them, or an archive that modelthat export made.',
  );
}

function realPath(given: string): string {
  try {
    return fs.realpathSync(given);
  } catch {
    throw missing(`There is nothing at ${given}.`);
  }
}

function kindOf(place: string): SourcePlace | undefined {
  const stats = fs.statSync(place, { throwIfNoEntry: false });
  if (stats?.isFile()) return kindOfFile(place);
  if (!stats?.isDirectory()) return undefined;
  if (isAim(place)) return { kind: 'aim', path: fs.realpathSync(place) };
  return isFileStore(place) ? { kind: 'mlflow-files', path: fs.realpathSync(place) } : undefined;
}

function kindOfFile(place: string): SourcePlace | undefined {
  const header = headerOf(place);
  if (header === SQLITE_HEADER) return { kind: databaseKind(place), path: place };
  return ZIP_HEADERS.some(start => header.startsWith(start)) ? { kind: 'archive', path: place } : undefined;
}

/** The repository's own folder, which Aim calls `.aim`. */
function isAim(folder: string): boolean {
  return fs.existsSync(path.join(folder, 'run_metadata.sqlite')) && fs.existsSync(path.join(folder, 'meta'));
}

/** The two differ in their tables, which the reader asks for; the name is only for people. */
function databaseKind(place: string): 'fasttrackml' | 'mlflow-database' {
  return /fasttrackml|fml/i.test(path.basename(place)) ? 'fasttrackml' : 'mlflow-database';
}

function headerOf(file: string): string {
  const handle = fs.openSync(file, 'r');
  try {
    const header = Buffer.alloc(SQLITE_HEADER.length);
    fs.readSync(handle, header, 0, header.length, 0);
    return header.toString('latin1');
  } finally {
    fs.closeSync(handle);
  }
}

/** Artifacts of a database lie in a folder of the same shape, but have no `meta.yaml`. */
function isFileStore(folder: string): boolean {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .some(
      entry =>
        entry.name === '.trash' ||
        (entry.isDirectory() && fs.existsSync(path.join(folder, entry.name, 'meta.yaml'))),
    );
}
