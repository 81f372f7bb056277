import type { Database as Connection } from 'better-sqlite3';
import { ApiError, invalid, missing } from '../../contract/errors.ts';
import type { Experiment, Lifecycle } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
import type { KeyValue, View } from '../model.ts';
import { type Page, pageOf } from '../pages.ts';
import { missingOrPurged, refusePurged } from './purged.ts';

/** An experiment as it is stored; `Experiment` of the contract adds what its runs come to. */
export type ExperimentRecord = Omit<Experiment, 'runCount' | 'runningCount' | 'lastRunAt'>;

export interface ExperimentRow {
  readonly id: number;
  readonly name: string;
  readonly artifact_location: string;
  readonly lifecycle: Lifecycle;
  readonly created_at: number;
  readonly updated_at: number;
}

interface CountedRow extends ExperimentRow {
  readonly runs: number;
  readonly running: number;
  readonly last_run_at: number | null;
}

/** @throws ApiError when the id is no number or no experiment has it */
function requireExperiment(connection: Connection, id: string): ExperimentRow {
  const row = statement<ExperimentRow>(connection, 'SELECT * FROM experiment WHERE id = ?').get(
    experimentNumber(id),
  );
  if (!row) throw missingOrPurged(connection, 'experiment', id, `No Experiment with id=${id} exists`);
  return row;
}

/** The number behind an experiment id. @throws ApiError when it is none */
export function experimentNumber(id: string): number {
  const number = /^\d{1,15}$/.test(id) ? Number(id) : Number.NaN;
  if (Number.isNaN(number))
    throw invalid(`Invalid experiment ID '${id}'. Experiment ID must be a valid integer.`);
  return number;
}

/** @throws ApiError when the experiment is in the bin */
export function requireActiveExperiment(connection: Connection, id: string): ExperimentRow {
  const row = requireExperiment(connection, id);
  if (row.lifecycle !== 'active')
    throw invalid(`The experiment ${id} must be in the 'active' state. Current state is ${row.lifecycle}.`);
  return row;
}

export function toExperiment(connection: Connection, row: ExperimentRow): ExperimentRecord {
  const tags = statement<KeyValue>(
    connection,
    'SELECT key, value FROM experiment_tag WHERE experiment = ?',
  ).all(row.id);
  return {
    id: String(row.id),
    name: row.name,
    artifactLocation: row.artifact_location,
    lifecycle: row.lifecycle,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
  };
}

export function createExperiment(
  connection: Connection,
  input: {
    name: string;
    /** Where it goes when the caller chose none: the new id is appended. */
    artifactRoot: string;
    artifactLocation?: string | undefined;
    tags: readonly KeyValue[];
  },
): { id: string } {
  const taken = statement<{ lifecycle: Lifecycle }>(
    connection,
    'SELECT lifecycle FROM experiment WHERE name = ?',
  ).get(input.name);
  if (taken)
    throw new ApiError(
      'RESOURCE_ALREADY_EXISTS',
      `Experiment(name=${input.name}) already exists.${taken.lifecycle === 'deleted' ? ' It is deleted: restore it, or choose another name.' : ''}`,
    );
  const now = Date.now();
  const id = Number(
    statement(
      connection,
      // Never the number of one that was permanently deleted: whoever still logs to that must not log to this.
      `INSERT INTO experiment (id, name, artifact_location, created_at, updated_at) VALUES (
         1 + max((SELECT max(id) FROM experiment),
                 (SELECT coalesce(max(CAST(thing AS INTEGER)), 0) FROM purged WHERE kind = 'experiment')),
         ?, ?, ?, ?)`,
    ).run(input.name, '', now, now).lastInsertRowid,
  );
  statement(connection, 'UPDATE experiment SET artifact_location = ? WHERE id = ?').run(
    input.artifactLocation ?? `${input.artifactRoot}${id}`,
    id,
  );
  for (const tag of input.tags) putTag(connection, id, tag);
  return { id: String(id) };
}

export function renameExperiment(connection: Connection, input: { id: string; name: string }): void {
  const row = requireExperiment(connection, input.id);
  if (row.lifecycle !== 'active') throw invalid('Cannot rename a non-active experiment.');
  const taken = statement(connection, 'SELECT 1 FROM experiment WHERE name = ? AND id <> ?').get(
    input.name,
    row.id,
  );
  if (taken) throw new ApiError('BAD_REQUEST', `Experiment(name=${input.name}) already exists.`);
  statement(connection, 'UPDATE experiment SET name = ?, updated_at = ? WHERE id = ?').run(
    input.name,
    Date.now(),
    row.id,
  );
}

/** Moves an experiment and its runs to the bin, or all of them out of it. */
export function setExperimentLifecycle(
  connection: Connection,
  input: { id: string; lifecycle: Lifecycle },
): void {
  const row = requireExperiment(connection, input.id);
  if (input.lifecycle === 'active') refusePurged(connection, 'experiment', input.id);
  if (row.lifecycle === input.lifecycle) throw missing(`No Experiment with id=${input.id} exists`);
  const now = Date.now();
  statement(connection, 'UPDATE experiment SET lifecycle = ?, updated_at = ? WHERE id = ?').run(
    input.lifecycle,
    now,
    row.id,
  );
  statement(
    connection,
    `UPDATE run SET lifecycle = ?, deleted_at = ? WHERE experiment = ? AND lifecycle <> ?
       AND uuid NOT IN (SELECT thing FROM purged WHERE kind = 'run' AND finished = 0)`,
  ).run(input.lifecycle, input.lifecycle === 'deleted' ? now : null, row.id, input.lifecycle);
}

export function setExperimentTag(connection: Connection, input: { id: string; tag: KeyValue }): void {
  putTag(connection, requireActiveExperiment(connection, input.id).id, input.tag);
}

export function deleteExperimentTag(connection: Connection, input: { id: string; key: string }): void {
  const row = requireActiveExperiment(connection, input.id);
  const { changes } = statement(
    connection,
    'DELETE FROM experiment_tag WHERE experiment = ? AND key = ?',
  ).run(row.id, input.key);
  if (changes === 0) throw missing(`No tag with name: ${input.key} in experiment with id ${input.id}`);
}

function putTag(connection: Connection, experiment: number, tag: KeyValue): void {
  statement(
    connection,
    'INSERT OR REPLACE INTO experiment_tag (experiment, key, value) VALUES (?, ?, ?)',
  ).run(experiment, tag.key, tag.value);
}

export function getExperiment(connection: Connection, input: { id: string }): ExperimentRecord {
  return toExperiment(connection, requireExperiment(connection, input.id));
}

export function findExperiment(connection: Connection, input: { name: string }): ExperimentRecord {
  const row = statement<ExperimentRow>(connection, 'SELECT * FROM experiment WHERE name = ?').get(input.name);
  if (!row) throw missing(`Could not find experiment with name '${input.name}'`);
  return toExperiment(connection, row);
}

/** Experiments with what their active runs come to, the one with the newest run first. */
export function listExperiments(
  connection: Connection,
  input: { view: View; limit: number; offset: number },
): Page<Experiment> {
  const rows = statement<CountedRow>(
    connection,
    `SELECT experiment.*,
       (SELECT count(*) FROM run WHERE run.experiment = experiment.id AND lifecycle = 'active') AS runs,
       (SELECT count(*) FROM run WHERE run.experiment = experiment.id AND status = 'RUNNING' AND lifecycle = 'active')
         AS running,
       (SELECT max(start_time) FROM run WHERE run.experiment = experiment.id AND lifecycle = 'active') AS last_run_at
     FROM experiment WHERE lifecycle = iif(@view = 'all', lifecycle, @view)
     ORDER BY coalesce(last_run_at, created_at) DESC, id DESC LIMIT @limit OFFSET @offset`,
  ).all({ ...input, limit: input.limit + 1 });
  const page = pageOf(rows, input.limit, input.offset);
  const items = page.items.map(row => ({
    ...toExperiment(connection, row),
    runCount: row.runs,
    runningCount: row.running,
    lastRunAt: row.last_run_at,
  }));
  return { ...page, items };
}
