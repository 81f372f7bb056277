/** What runs log: metric points, params and tags. */
import type { Database as Connection } from 'better-sqlite3';
import { invalid } from '../../contract/errors.ts';
import { statement } from '../../database/statements.ts';
import { parseBatchBody } from '../batch-body.ts';
import type { Key } from '../blocks/columns.ts';
import { type Batch, type KeyValue, LENGTHS, type MetricPoint, type Summary, summarize } from '../model.ts';
import type { SeriesId } from './blocks.ts';
import { fromColumn, toColumn } from './doubles.ts';
import { addPoints } from './points.ts';
import { requireActiveRun, setTag, type Touched, touch } from './runs.ts';

interface SummaryRow {
  readonly last: number | string;
  readonly step: number;
  readonly timestamp: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly count: number;
  readonly sealed: number;
}

/** Logs a batch: all of it or nothing. */
export function logBatch(connection: Connection, input: { runId: string; batch: Batch }): Touched {
  const row = requireActiveRun(connection, input.runId);
  writeParams(connection, row.id, input.runId, input.batch.params);
  writeMetrics(connection, row.id, input.batch.metrics);
  for (const tag of input.batch.tags) setTag(connection, row, tag);
  return touch(connection, row);
}

/** Like logBatch, from the JSON body of MLflow's call. */
export function logBatchBody(connection: Connection, input: { body: ArrayBuffer }): Touched {
  return logBatch(connection, parseBatchBody(input.body));
}

/** Params never change: the same value again is fine, another one is refused. */
function writeParams(connection: Connection, run: number, runId: string, params: readonly KeyValue[]): void {
  const clashes: { key: string; old: string; new: string }[] = [];
  for (const { key, value } of params) {
    // As SQLite keeps it: half a surrogate pair has no UTF-8.
    const cut = value.slice(0, LENGTHS.paramValue).toWellFormed();
    const known = statement<{ value: string }>(
      connection,
      'SELECT value FROM param WHERE run = ? AND key = ?',
    ).get(run, key);
    if (!known)
      statement(connection, 'INSERT INTO param (run, key, value) VALUES (?, ?, ?)').run(run, key, cut);
    else if (known.value !== cut) clashes.push({ key, old: known.value, new: cut });
  }
  const [first] = clashes;
  if (!first) return;
  if (params.length === 1)
    throw invalid(
      `Changing param values is not allowed. Param with key='${first.key}' was already logged with value='${first.old}' ` +
        `for run ID='${runId}'. Attempted logging new value '${first.new}'.`,
    );
  const list = clashes
    .map(clash => `{'key': '${clash.key}', 'old_value': '${clash.old}', 'new_value': '${clash.new}'}`)
    .join(', ');
  throw invalid(
    `Changing param values is not allowed. Params were already logged='[${list}]' for run ID='${runId}'.`,
  );
}

/** Adds the points that are new and brings the summaries of their metrics up to date. @returns how many were new */
export function writeMetrics(connection: Connection, run: number, points: readonly MetricPoint[]): number {
  let written = 0;
  for (const [key, ofMetric] of Map.groupBy(points, point => point.key)) {
    const series = { run, metric: metricId(connection, key) };
    const known = readSummary(connection, series);
    const added = addPoints(
      connection,
      series,
      ofMetric,
      known && { last: lastOf(known), sealed: known.sealed },
    );
    insertModelPoints(connection, series, ofMetric);
    if (added.count > 0)
      writeSummary(connection, series, summarize(known, ofMetric, added.count), added.sealed);
    written += added.count;
  }
  if (written > 0)
    statement(connection, 'UPDATE run SET unsealed = 1 WHERE id = ? AND unsealed <> 1').run(run);
  return written;
}

const lastOf = ({ step, timestamp, last }: Summary): Key => ({ step, timestamp, value: last });

function metricId(connection: Connection, key: string): number {
  const known = statement<{ id: number }>(connection, 'SELECT id FROM metric WHERE key = ?').get(key);
  return known
    ? known.id
    : Number(statement(connection, 'INSERT INTO metric (key) VALUES (?)').run(key).lastInsertRowid);
}

function insertModelPoints(
  connection: Connection,
  { run, metric }: SeriesId,
  points: readonly MetricPoint[],
): void {
  for (const { modelId, datasetName = '', datasetDigest = '', step, timestamp, value } of points) {
    if (!modelId) continue;
    statement(
      connection,
      `INSERT OR IGNORE INTO model_point
         (model_id, dataset_name, dataset_digest, run, metric, step, timestamp, value)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(modelId, datasetName, datasetDigest, run, metric, step, timestamp, toColumn(value));
  }
}

function readSummary(
  connection: Connection,
  { run, metric }: SeriesId,
): (Summary & { sealed: number }) | undefined {
  const row = statement<SummaryRow>(
    connection,
    'SELECT last, step, timestamp, min, max, count, sealed FROM metric_summary WHERE run = ? AND metric = ?',
  ).get(run, metric);
  return row && { ...row, last: fromColumn(row.last) };
}

/** @param sealed how many points came in blocks */
function writeSummary(
  connection: Connection,
  { run, metric }: SeriesId,
  { last, step, timestamp, min, max, count }: Summary,
  sealed: number,
): void {
  statement(
    connection,
    `INSERT INTO metric_summary (run, metric, last, step, timestamp, min, max, count, sealed)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET last = excluded.last, step = excluded.step, timestamp = excluded.timestamp,
       min = excluded.min, max = excluded.max, count = excluded.count, sealed = sealed + excluded.sealed`,
  ).run(run, metric, toColumn(last), step, timestamp, min, max, count, sealed);
}
