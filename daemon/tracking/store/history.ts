/** Metric points, read back: histories as MLflow pages them. */
import type { Database as Connection } from 'better-sqlite3';
import { type Double, encodeDouble } from '../../contract/values.ts';
import { statement } from '../../database/statements.ts';
import {
  type Columns,
  compareValues,
  concat,
  emptyColumns,
  isOrdered,
  type Key,
  keyAt,
  slice,
  sorted,
} from '../blocks/columns.ts';
import { encodeToken, type Page } from '../pages.ts';
import { type Block, blocksSince, readPoints, type SeriesId } from './blocks.ts';
import { fromColumn } from './doubles.ts';
import { readRowsByTime } from './rows.ts';
import { findRun } from './runs.ts';
import { findMetric } from './series.ts';

/** One point of a history. */
export interface HistoryPoint {
  readonly runId: string;
  readonly key: string;
  readonly value: Double;
  readonly timestamp: number;
  readonly step: number;
}

/** A page of a metric's points by (timestamp, step, value). An unknown run or metric has none. */
export function metricHistory(
  connection: Connection,
  input: { runId: string; key: string; limit: number; after?: Key | undefined },
): Page<HistoryPoint> {
  const run = findRun(connection, input.runId);
  const metric = findMetric(connection, input.key);
  if (!run || metric === undefined) return { items: [] };
  const { points, more } = pointsByTime(connection, { run: run.id, metric }, input.limit, input.after);
  const items = Array.from(points.steps, (_, place) => toPoint(input.runId, input.key, keyAt(points, place)));
  return more ? { items, nextPageToken: encodeToken({ after: items.at(-1) }) } : { items };
}

/** The first points by (timestamp, step, value) that follow `after`, and whether there are more. */
function pointsByTime(
  connection: Connection,
  series: SeriesId,
  limit: number,
  after?: Key,
): { points: Columns; more: boolean } {
  const parts = [readRowsByTime(connection, series, after, limit + 1)];
  const read: Block[] = [];
  for (const block of blocksSince(connection, series, after?.timestamp ?? 0)) {
    // Blocks come by their earliest points: what was read counts as far as it is earlier than all that follows.
    const settled = read.filter(({ maxTimestamp }) => maxTimestamp < block.minTimestamp);
    if (countOf(settled, after) > limit) break;
    parts.push(readPoints(connection, block));
    read.push(block);
  }
  const found = afterTime(concat(parts), after);
  const ordered = isOrdered(found, compareByTime) ? found : sorted(found, compareByTime);
  return { points: slice(ordered, 0, limit), more: ordered.steps.length > limit };
}

/** At least how many points of these blocks follow `after`. */
function countOf(blocks: readonly Block[], after: Key | undefined): number {
  const whole = blocks.filter(block => !after || block.minTimestamp > after.timestamp);
  return whole.reduce((total, block) => total + block.count, 0);
}

function afterTime(points: Columns, after: Key | undefined): Columns {
  if (!after) return points;
  const found = emptyColumns(points.steps.length);
  let length = 0;
  for (let place = 0; place < points.steps.length; place += 1) {
    const key = keyAt(points, place);
    if (compareByTime(key, after) <= 0) continue;
    found.steps[length] = key.step;
    found.timestamps[length] = key.timestamp;
    found.values[length] = key.value;
    length += 1;
  }
  return slice(found, 0, length);
}

function compareByTime(left: Key, right: Key): number {
  return left.timestamp - right.timestamp || left.step - right.step || compareValues(left.value, right.value);
}

/** Points of one metric as columns of equal length, by (timestamp, step, value). */
export interface PointLists {
  readonly steps: readonly number[];
  readonly timestamps: readonly number[];
  readonly values: readonly Double[];
}

/** A page of a metric's points as columns: far smaller than a list of points. An unknown run or metric has none. */
export function metricColumns(
  connection: Connection,
  input: { runId: string; key: string; limit: number; after?: Key | undefined },
): PointLists {
  const run = findRun(connection, input.runId);
  const metric = findMetric(connection, input.key);
  if (!run || metric === undefined) return { steps: [], timestamps: [], values: [] };
  const { points } = pointsByTime(connection, { run: run.id, metric }, input.limit, input.after);
  return {
    steps: Array.from(points.steps),
    timestamps: Array.from(points.timestamps),
    values: Array.from(points.values, encodeDouble),
  };
}

/** The points of one metric of several runs, by run and then (timestamp, step, value): at most `limit` in all. */
export function metricHistories(
  connection: Connection,
  input: { runIds: readonly string[]; key: string; limit: number },
): HistoryPoint[] {
  const points: HistoryPoint[] = [];
  for (const runId of [...input.runIds].sort()) {
    const limit = input.limit - points.length;
    if (limit > 0) points.push(...metricHistory(connection, { runId, key: input.key, limit }).items);
  }
  return points;
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

export function toPoint(runId: string, key: string, { value, timestamp, step }: Key): HistoryPoint {
  return { runId, key, value: encodeDouble(value), timestamp, step };
}
