/** Metric points, read back: histories as MLflow pages them, and curves for charts. */
import type { Database as Connection } from 'better-sqlite3';
import type { Series, SeriesPoint } from '../../contract/runs.ts';
import { type Double, encodeDouble } from '../../contract/values.ts';
import { statement } from '../../database/statements.ts';
import { type Page, pageOf } from '../pages.ts';
import { fromColumn } from './log.ts';
import { findRun, requireRun } from './runs.ts';

/** One point of a history. */
export interface HistoryPoint {
  readonly runId: string;
  readonly key: string;
  readonly value: Double;
  readonly timestamp: number;
  readonly step: number;
}

interface PointRow {
  readonly step: number;
  readonly timestamp: number;
  readonly value: number | string;
}

interface BucketRow {
  readonly step: number;
  readonly timestamp: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly count: number;
}

const POINTS = `FROM metric_point WHERE run = ? AND metric = (SELECT id FROM metric WHERE key = ?)`;

/** A page of a metric's points by (timestamp, step, value). An unknown run or metric has none. */
export function metricHistory(
  connection: Connection,
  input: { runId: string; key: string; limit: number; offset: number },
): Page<HistoryPoint> {
  const run = findRun(connection, input.runId);
  if (!run) return { items: [] };
  const rows = statement<PointRow>(
    connection,
    `SELECT step, timestamp, value ${POINTS} ORDER BY timestamp, step, value LIMIT ? OFFSET ?`,
  ).all(run.id, input.key, input.limit + 1, input.offset);
  const page = pageOf(rows, input.limit, input.offset);
  return { ...page, items: page.items.map(row => toPoint(input.runId, input.key, row)) };
}

/** The points of one metric of several runs, by run and then (timestamp, step, value): at most `limit` in all. */
export function metricHistories(
  connection: Connection,
  input: { runIds: readonly string[]; key: string; limit: number },
): HistoryPoint[] {
  const points: HistoryPoint[] = [];
  for (const runId of [...input.runIds].sort()) {
    const limit = input.limit - points.length;
    if (limit > 0)
      points.push(...metricHistory(connection, { runId, key: input.key, limit, offset: 0 }).items);
  }
  return points;
}

/** Steps may have several points each, as many as there are. */
const MAX_POINTS_PER_RUN = 25_000;

/**
 * The points of one metric of several runs at about `limit` steps, by run and then (step, timestamp, value). Steps are
 * taken at even distances; the first and last of each run come on top.
 */
export function sampledHistories(
  connection: Connection,
  input: {
    runIds: readonly string[];
    key: string;
    limit: number;
    startStep?: number | undefined;
    endStep?: number | undefined;
  },
): HistoryPoint[] {
  const from = input.startStep ?? Number.MIN_SAFE_INTEGER;
  const to = input.endStep ?? Number.MAX_SAFE_INTEGER;
  const runs = input.runIds.map(runId => ({ runId, id: findRun(connection, runId)?.id ?? -1 }));
  const stepsOf = (id: number) =>
    statement<{ step: number }>(
      connection,
      `SELECT DISTINCT step ${POINTS} AND step BETWEEN ? AND ? ORDER BY step`,
    )
      .all(id, input.key, from, to)
      .map(row => row.step);
  const perRun = runs.map(run => stepsOf(run.id));
  const kept = sample(
    [...new Set(perRun.flat())].sort((left, right) => left - right),
    input.limit,
  );
  for (const steps of perRun)
    for (const step of [steps[0], steps.at(-1)]) if (step !== undefined) kept.add(step);
  const wanted = JSON.stringify([...kept]);
  return runs.flatMap(run =>
    statement<PointRow>(
      connection,
      `SELECT step, timestamp, value ${POINTS} AND step IN (SELECT value FROM json_each(?))
       ORDER BY step, timestamp, value LIMIT ?`,
    )
      .all(run.id, input.key, wanted, MAX_POINTS_PER_RUN)
      .map(row => toPoint(run.runId, input.key, row)),
  );
}

/** `limit` items at even distances from the first on, and the last: the same ones that the MLflow server keeps. */
function sample(steps: readonly number[], limit: number): Set<number> {
  if (steps.length <= limit) return new Set(steps);
  const kept = new Set(steps.slice(-1));
  for (let place = 0; place < limit; place += 1)
    kept.add(steps[Math.floor(place * (steps.length / limit))] as number);
  return kept;
}

/** Which curves of a run, over which steps, in how many buckets at most. */
export interface SeriesRequest {
  readonly runId: string;
  readonly keys: readonly string[];
  readonly buckets: number;
  readonly fromStep?: number | undefined;
  readonly toStep?: number | undefined;
}

/** Curves of a run's metrics, each in buckets of equally many steps. An unknown metric has no points. */
export function metricSeries(connection: Connection, request: SeriesRequest): { series: Series[] } {
  const run = requireRun(connection, request.runId);
  return { series: request.keys.map(key => curve(connection, run.id, key, request)) };
}

function curve(connection: Connection, run: number, key: string, request: SeriesRequest): Series {
  const range = [
    request.fromStep ?? Number.MIN_SAFE_INTEGER,
    request.toStep ?? Number.MAX_SAFE_INTEGER,
  ] as const;
  // Small curves come back point for point, also where several points share a step.
  const first = statement<PointRow>(
    connection,
    `SELECT step, timestamp, value ${POINTS} AND step BETWEEN ? AND ? ORDER BY step, timestamp, value LIMIT ?`,
  ).all(run, key, ...range, request.buckets + 1);
  if (first.length <= request.buckets) return { key, points: first.map(toSeriesPoint), total: first.length };
  const last = statement<{ step: number }>(
    connection,
    `SELECT step ${POINTS} AND step BETWEEN ? AND ? ORDER BY step DESC LIMIT 1`,
  ).get(run, key, ...range);
  const points = bucketed(connection, run, key, {
    first: first[0]?.step as number,
    last: last?.step as number,
    buckets: request.buckets,
  });
  return { key, points, total: points.reduce((total, point) => total + point.count, 0) };
}

function toSeriesPoint(row: PointRow): SeriesPoint {
  const value = encodeDouble(fromColumn(row.value));
  return { step: row.step, timestamp: row.timestamp, value, min: value, max: value, count: 1 };
}

/** NaN counts as a point, but not into a bucket's mean and extremes. */
function bucketed(
  connection: Connection,
  run: number,
  key: string,
  range: { first: number; last: number; buckets: number },
): SeriesPoint[] {
  const width = (range.last - range.first + 1) / range.buckets;
  const number = "CASE WHEN value <> 'NaN' THEN value END";
  const rows = statement<BucketRow>(
    connection,
    `SELECT max(step) AS step, max(timestamp) AS timestamp, avg(${number}) AS mean, min(${number}) AS min,
       max(${number}) AS max, count(*) AS count
     ${POINTS} AND step BETWEEN ? AND ? GROUP BY CAST((step - ?) / ? AS INTEGER) ORDER BY step`,
  ).all(run, key, range.first, range.last, range.first, width);
  return rows.map(row => ({
    step: row.step,
    timestamp: row.timestamp,
    value: encodeDouble(row.mean ?? Number.NaN),
    min: encodeDouble(row.min ?? Number.NaN),
    max: encodeDouble(row.max ?? Number.NaN),
    count: row.count,
  }));
}

/** One point that was measured on a logged model. */
export interface ModelPoint extends HistoryPoint {
  readonly modelId: string;
  readonly datasetName: string;
  readonly datasetDigest: string;
}

/** Every point measured on some logged models. */
export function modelMetrics(connection: Connection, input: { modelIds: readonly string[] }): ModelPoint[] {
  const rows = statement<ModelPoint & { value: number | string }>(
    connection,
    `SELECT run.uuid AS runId, metric.key, value, timestamp, step, model_id AS modelId,
       dataset_name AS datasetName, dataset_digest AS datasetDigest
     FROM model_point JOIN metric ON metric.id = model_point.metric JOIN run ON run.id = model_point.run
     WHERE model_id IN (SELECT value FROM json_each(?)) ORDER BY timestamp, step`,
  ).all(JSON.stringify(input.modelIds));
  return rows.map(row => ({ ...row, value: encodeDouble(fromColumn(row.value)) }));
}

function toPoint(runId: string, key: string, row: PointRow): HistoryPoint {
  return { runId, key, value: encodeDouble(fromColumn(row.value)), timestamp: row.timestamp, step: row.step };
}
