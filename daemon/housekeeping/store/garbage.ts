/** What is in the bin, and whether it may go for good. */
import path from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import { storePathOf } from '../../artifacts/uri.ts';
import { statement } from '../../database/statements.ts';
import { Needs } from '../needs.ts';
import { filesAt } from './invariants.ts';

export type BinnedKind = 'run' | 'model' | 'experiment';

/** Something in the bin. */
export interface Binned {
  readonly kind: BinnedKind;
  /** As clients see it. */
  readonly id: string;
  readonly name: string;
  readonly deletedAt: number | null;
  /** The folder with its files in this store; null when they are kept elsewhere. */
  readonly folder: string | null;
  /** Why it has to stay; null when it may go. */
  readonly because: string | null;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly experiment: number;
  readonly deletedAt: number | null;
  readonly uri: string;
  readonly running: 0 | 1;
}

/** A run that says RUNNING and was written to within this time is left alone, in milliseconds. */
const RUNNING_MS = 24 * 3600_000;

/** @param input.ids only these; null = all that were moved to the bin until `before` */
export function binnedRuns(
  connection: Connection,
  input: { before: number; ids: readonly string[] | null },
): Binned[] {
  const needs = needsOfVersions(connection);
  return statement<Row>(
    connection,
    `SELECT uuid AS id, name, experiment, deleted_at AS deletedAt, artifact_uri AS uri,
       (status = 'RUNNING' AND last_write_at > @lately) AS running
     FROM run WHERE lifecycle = 'deleted' AND coalesce(deleted_at, 0) <= @before
       AND (@ids IS NULL OR uuid IN (SELECT value FROM json_each(@ids)))`,
  )
    .all({
      before: input.before,
      lately: Date.now() - RUNNING_MS,
      ids: input.ids && JSON.stringify(input.ids),
    })
    .map(row => {
      const folder = folderOf(row.uri, row.id);
      const version = needs.ofRun(row.id) ?? (folder === null ? undefined : needs.ofFolder(folder));
      const because =
        version === undefined ? (row.running ? 'it is still running' : null) : neededBy(version);
      return { kind: 'run', id: row.id, name: row.name, deletedAt: row.deletedAt, folder, because };
    });
}

/** Logged models in the bin, and all of the experiments that are. */
export function binnedModels(
  connection: Connection,
  input: { before: number; ids: readonly string[] | null },
): Binned[] {
  const needs = needsOfVersions(connection);
  return statement<Row>(
    connection,
    `SELECT model.model_id AS id, model.name, coalesce(model.deleted_at, experiment.updated_at) AS deletedAt,
       model.artifact_uri AS uri
     FROM logged_model AS model JOIN experiment ON experiment.id = model.experiment
     WHERE (model.deleted_at <= @before OR (experiment.lifecycle = 'deleted' AND experiment.updated_at <= @before))
       AND (@ids IS NULL OR model.model_id IN (SELECT value FROM json_each(@ids)))`,
  )
    .all({ before: input.before, ids: input.ids && JSON.stringify(input.ids) })
    .map(({ id, name, deletedAt, uri }) => {
      const folder = folderOf(uri, id);
      const version = folder === null ? undefined : needs.ofFolder(folder);
      return {
        kind: 'model',
        id,
        name,
        deletedAt,
        folder,
        because: version === undefined ? null : neededBy(version),
      };
    });
}

/** Experiments in the bin. One stays as long as anything in it has to. The one with id 0 always does: code that names none logs to it. */
export function binnedExperiments(
  connection: Connection,
  input: { before: number; ids: readonly string[] | null },
): Binned[] {
  const staying = [
    ...binnedRuns(connection, { ...input, ids: null }),
    ...binnedModels(connection, { ...input, ids: null }),
  ]
    .filter(({ because }) => because !== null)
    .map(({ id }) => id);
  return statement<{ id: string; name: string; deletedAt: number; uri: string; held: 0 | 1 }>(
    connection,
    `SELECT CAST(e.id AS TEXT) AS id, e.name, e.updated_at AS deletedAt, e.artifact_location AS uri,
       EXISTS (
         SELECT 1 FROM run WHERE run.experiment = e.id AND (
           run.lifecycle = 'active' OR run.deleted_at > @before OR run.uuid IN (SELECT value FROM json_each(@staying)))
       ) OR EXISTS (
         SELECT 1 FROM logged_model AS model WHERE model.experiment = e.id
           AND model.model_id IN (SELECT value FROM json_each(@staying))
       ) AS held
     FROM experiment AS e WHERE e.lifecycle = 'deleted' AND e.id <> 0 AND e.updated_at <= @before
       AND (@ids IS NULL OR CAST(e.id AS TEXT) IN (SELECT value FROM json_each(@ids)))`,
  )
    .all({
      before: input.before,
      staying: JSON.stringify(staying),
      ids: input.ids && JSON.stringify(input.ids),
    })
    .map(({ held, uri, ...experiment }) => {
      const path = safely(uri);
      return {
        kind: 'experiment',
        ...experiment,
        // A place that was chosen may hold more than the experiment's own files.
        folder: path === experiment.id ? path : null,
        because: held ? 'some of its runs or models stay' : null,
      };
    });
}

/** Everything that was moved to the bin until `before`. */
export function binned(connection: Connection, input: { before: number }): Binned[] {
  const all = { ...input, ids: null };
  return [
    ...binnedRuns(connection, all),
    ...binnedModels(connection, all),
    ...binnedExperiments(connection, all),
  ];
}

/** Which of these ids no run, logged model or execution has. */
export function unknownIds(
  connection: Connection,
  input: { kind: 'run' | 'model' | 'execution'; ids: readonly string[] },
): string[] {
  const [table, column] = {
    run: ['run', 'uuid'],
    model: ['logged_model', 'model_id'],
    execution: ['execution', 'id'],
  }[input.kind] as [string, string];
  return statement<string>(
    connection,
    `SELECT value FROM json_each(?) WHERE value NOT IN (SELECT ${column} FROM ${table})`,
  )
    .pluck()
    .all(JSON.stringify(input.ids)) as string[];
}

/** Folders of this store in which experiments have their runs and models. */
export function experimentFolders(connection: Connection, _input: Record<string, never>): string[] {
  const uris = statement<string>(connection, 'SELECT artifact_location FROM experiment')
    .pluck()
    .all() as string[];
  return [...new Set(uris.flatMap(uri => safely(uri) || []))];
}

/** Versions, and what they are made from. */
export function versionNeeds(connection: Connection, _input: Record<string, never>) {
  return statement<{ name: string; version: number; runId: string | null; location: string }>(
    connection,
    `SELECT m.name, v.version, v.run_id AS runId, v.storage_location AS location
     FROM model_version v JOIN registered_model m ON m.id = v.model WHERE v.deleted_at IS NULL`,
  )
    .all()
    .map(({ name, version, runId, location }) => ({
      version: `${name} version ${version}`,
      runId: runId ?? /^runs:\/*([0-9a-f]{32})\//i.exec(location)?.[1] ?? null,
      path: filesAt(connection, location) ?? null,
    }));
}

export function needsOfVersions(connection: Connection): Needs {
  return new Needs(versionNeeds(connection, {}));
}

const neededBy = (version: string) => `${version} was made from it`;

/** The folder of a run or model: named by its id, whatever lies around it. Null when the URI is not of that form, or elsewhere. */
function folderOf(uri: string, id: string): string | null {
  const found = safely(uri);
  if (found === undefined) return null;
  const folder = path.posix.basename(found) === 'artifacts' ? path.posix.dirname(found) : found;
  return path.posix.basename(folder) === id ? folder : null;
}

/** The path behind a URI; undefined also for one that leads out of the store. */
function safely(uri: string): string | undefined {
  try {
    return storePathOf(uri);
  } catch {
    return undefined;
  }
}
