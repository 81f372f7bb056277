/** Deleting for good, a little at a time, so that other writes get their turn. */
import type { Database as Connection } from 'better-sqlite3';
import { EXECUTION_TAG } from '../../contract/runs.ts';
import { giveBackPages } from '../../database/free-space.ts';
import { statement } from '../../database/statements.ts';
import { type Binned, type BinnedKind, binnedExperiments, binnedModels, binnedRuns } from './garbage.ts';

/** How long one write goes on, in milliseconds. */
const TURN_MS = 5;
/** Rows that are deleted by one statement. */
const ROWS = 1_000;

/** Sealed blocks of points that are: deleting one is as much work as some dozen rows. */
const BLOCKS = 20;

/** Something that is being deleted for good. */
export interface Purge {
  readonly kind: BinnedKind;
  readonly id: string;
  readonly folder: string | null;
}

const FINDERS = { run: binnedRuns, model: binnedModels, experiment: binnedExperiments } as const;

/**
 * Marks what is still in the bin and may go. From then on it cannot be restored.
 *
 * @returns what was marked
 */
export function beginPurge(
  connection: Connection,
  input: { kind: BinnedKind; ids: readonly string[]; before: number },
): Purge[] {
  const doomed: Binned[] = FINDERS[input.kind](connection, input).filter(({ because }) => because === null);
  for (const { kind, id, name, folder } of doomed)
    statement(
      connection,
      'INSERT OR IGNORE INTO purged (kind, thing, name, at, folder) VALUES (?, ?, ?, ?, ?)',
    ).run(...[kind, id, name, Date.now(), folder]);
  return doomed.map(({ kind, id, folder }) => ({ kind, id, folder }));
}

/**
 * Deletes some of the rows of what was marked.
 *
 * @param input.measured logged models that a run's metrics were measured on
 * @returns whether nothing is left of it
 */
export function purgeSome(
  connection: Connection,
  input: { kind: BinnedKind; id: string; measured: readonly string[] },
): boolean {
  const until = performance.now() + TURN_MS;
  do {
    const left =
      input.kind === 'run'
        ? purgeRun(connection, input.id, input.measured)
        : input.kind === 'model'
          ? purgeModel(connection, input.id)
          : purgeExperiment(connection, Number(input.id));
    if (!left) return true;
  } while (performance.now() < until);
  return false;
}

/** @returns whether there may be more to delete */
function purgeRun(connection: Connection, uuid: string, measured: readonly string[]): boolean {
  const run = statement<{ id: number }>(connection, 'SELECT id FROM run WHERE uuid = ?').get(uuid)?.id;
  if (run === undefined) return false;
  if (some(connection, 'metric_point WHERE run = ?', ROWS, run)) return true;
  if (some(connection, 'metric_block WHERE run = ?', BLOCKS, run)) return true;
  for (const model of measured)
    if (some(connection, 'model_point WHERE model_id = ? AND run = ?', ROWS, model, run)) return true;
  if (some(connection, 'metric_summary WHERE run = ?', ROWS, run)) return true;
  statement(
    connection,
    `DELETE FROM execution WHERE id = (SELECT value FROM run_tag WHERE run = ? AND key = '${EXECUTION_TAG}')
       AND json_extract(record, '$.runId') = ?`,
  ).run(run, uuid);
  const datasets = statement<number>(connection, 'SELECT dataset FROM run_dataset WHERE run = ?')
    .pluck()
    .all(run);
  statement(connection, 'DELETE FROM run WHERE id = ?').run(run);
  for (const dataset of datasets)
    statement(
      connection,
      'DELETE FROM dataset WHERE id = ? AND id NOT IN (SELECT dataset FROM run_dataset WHERE dataset = ?)',
    ).run(dataset, dataset);
  return false;
}

function purgeModel(connection: Connection, modelId: string): boolean {
  if (some(connection, 'model_point WHERE model_id = ?', ROWS, modelId)) return true;
  statement(connection, 'DELETE FROM run_model WHERE model_id = ?').run(modelId);
  statement(connection, 'DELETE FROM logged_model WHERE model_id = ?').run(modelId);
  return false;
}

function purgeExperiment(connection: Connection, id: number): boolean {
  if (some(connection, 'dataset WHERE experiment = ?', ROWS, id)) return true;
  statement(connection, 'DELETE FROM experiment WHERE id = ?').run(id);
  return false;
}

/** Deletes some rows. @returns whether there were any */
function some(connection: Connection, what: string, limit: number, ...values: readonly unknown[]): boolean {
  return statement(connection, `DELETE FROM ${what} LIMIT ${limit}`).run(...values).changes > 0;
}

/** Notes that nothing is left of it, files included. */
export function finishPurge(connection: Connection, input: { kind: BinnedKind; id: string }): void {
  statement(connection, 'UPDATE purged SET finished = 1 WHERE kind = ? AND thing = ?').run(
    input.kind,
    input.id,
  );
}

/** What an earlier clean-up began and did not finish. */
export function unfinishedPurges(connection: Connection, _input: Record<string, never>): Purge[] {
  return statement<Purge>(
    connection,
    `SELECT kind, thing AS id, folder FROM purged WHERE finished = 0
     ORDER BY kind = 'experiment', kind = 'model'`,
  ).all();
}

/** Executions whose own runs these are. */
export function executionsOf(
  connection: Connection,
  input: { runs: readonly string[] },
): { id: string; file: string }[] {
  return statement<{ id: string; file: string }>(
    connection,
    `SELECT execution.id, execution.file FROM execution
     JOIN run_tag AS tag ON tag.key = '${EXECUTION_TAG}' AND tag.value = execution.id
     JOIN run ON run.id = tag.run AND run.uuid = json_extract(execution.record, '$.runId')
     WHERE run.uuid IN (SELECT value FROM json_each(?))`,
  ).all(JSON.stringify(input.runs));
}

/** On which logged models the metrics of runs were measured: [run, model]. Goes through all such points. */
export function measuredModels(
  connection: Connection,
  input: { runs: readonly string[] },
): [string, string][] {
  const rows = statement<{ run: string; model: string }>(
    connection,
    `SELECT DISTINCT run.uuid AS run, point.model_id AS model FROM model_point AS point JOIN run ON run.id = point.run
     WHERE run.uuid IN (SELECT value FROM json_each(?))`,
  ).all(JSON.stringify(input.runs));
  return rows.map(({ run, model }) => [run, model]);
}

/** Gives some of the free space in the database file back. @returns the bytes that were free in it and are now, and whether more can be given back */
export function compact(
  connection: Connection,
  _input: Record<string, never>,
): { before: number; free: number; more: boolean } {
  const { before, after } = giveBackPages(connection);
  const size = Number(connection.pragma('page_size', { simple: true }));
  return {
    before: before.free * size,
    free: after.free * size,
    more: after.free > 0 && after.free < before.free,
  };
}
