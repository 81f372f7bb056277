/**
 * Curves for charts: at most so many buckets of equally many steps. What a curve costs depends on the buckets that are
 * asked for, hardly on the points that were logged: where these are many, it is put together from what stretches of
 * blocks, or whole blocks, come to. Each of those goes whole into the bucket where its last step is.
 */
import type { Database as Connection } from 'better-sqlite3';
import type { Series, SeriesPoint } from '../../contract/runs.ts';
import { encodeDouble } from '../../contract/values.ts';
import { statement } from '../../database/statements.ts';
import { Buckets, type Gathered } from '../blocks/buckets.ts';
import { type Columns, compareKeys } from '../blocks/columns.ts';
import { eachRollup, isFineEnough, type Rollup, STRETCH } from '../blocks/rollup.ts';
import {
  type Block,
  blocksBetween,
  blocksWithin,
  readEncodedRollups,
  readPoints,
  type SeriesId,
} from './blocks.ts';
import { requireRun } from './runs.ts';
import { ALL_STEPS, findMetric, pointsBetween, type StepRange, within } from './series.ts';
import { levelFor, readSpan, type Span, spansInside } from './spans.ts';

/** Which curves of a run, over which steps, in how many buckets at most. */
export interface SeriesRequest extends Partial<StepRange> {
  readonly runId: string;
  readonly keys: readonly string[];
  readonly buckets: number;
}

/** Curves of a run's metrics. An unknown metric has no points. */
export function metricSeries(connection: Connection, request: SeriesRequest): { series: Series[] } {
  const { id: run } = requireRun(connection, request.runId);
  const range = {
    fromStep: request.fromStep ?? ALL_STEPS.fromStep,
    toStep: request.toStep ?? ALL_STEPS.toStep,
  };
  return {
    series: request.keys.map(key => {
      const metric = findMetric(connection, key);
      const points = metric === undefined ? [] : curve(connection, { run, metric }, range, request.buckets);
      return { key, points, total: points.reduce((total, point) => total + point.count, 0) };
    }),
  };
}

function curve(connection: Connection, series: SeriesId, range: StepRange, most: number): SeriesPoint[] {
  const rows = countRows(connection, series, range);
  const spans = spansInside(connection, series, range);
  const beside = blocksBeside(connection, series, range, spans);
  const total = [...spans, ...beside].reduce((sum, { count }) => sum + count, rows.count);
  // Small curves come back point for point, also where several points share a step.
  if (total <= most) return [...pointsBetween(connection, series, range)].flatMap(eachPoint);
  const perBucket = total / most;
  const wide = spans.filter(span => levelFor(span, perBucket));
  const blocks = wide.length === spans.length ? beside : blocksBeside(connection, series, range, wide);
  const parts = [
    ...wide.map(span => partOfSpan(connection, span, perBucket)),
    ...blocks.map(block => partOf(connection, block, range, perBucket)),
  ];
  let first = rows.first ?? Number.POSITIVE_INFINITY;
  let last = rows.last ?? Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    first = Math.min(first, part.first);
    last = Math.max(last, part.last);
  }
  const chart = new Buckets(first, last, most);
  const add = (rollup: Rollup) => chart.add(rollup);
  for (const part of parts) {
    if ('points' in part) chart.addPoints(part.points);
    else if ('rollups' in part) eachRollup(part.rollups, add);
    else chart.add(part.rollup);
  }
  for (const gathered of gatherRows(connection, series, range, chart)) chart.add(gathered);
  return chart.toPoints();
}

/** The blocks at some steps that are in none of these spans. */
function blocksBeside(
  connection: Connection,
  series: SeriesId,
  range: StepRange,
  spans: readonly Span[],
): Block[] {
  const [first] = spans;
  const end = spans.at(-1);
  if (!first || !end) return blocksBetween(connection, series, range);
  const between = spans.slice(1).flatMap((span, place) =>
    blocksWithin(connection, series, {
      after: (spans[place] as Span).last,
      before: span.first,
      limit: Number.MAX_SAFE_INTEGER,
    }),
  );
  // A step may have points on both sides of an end of a span.
  const before = blocksBetween(connection, series, { ...range, toStep: first.first.step });
  const after = blocksBetween(connection, series, { ...range, fromStep: end.last.step });
  return [
    ...before.filter(block => compareKeys(block.first, first.first) < 0),
    ...between,
    ...after.filter(block => compareKeys(block.first, end.last) > 0),
  ];
}

/** What a span or a block gives to a curve, and its first and last step there. */
type Part = { readonly first: number; readonly last: number } & (
  | { readonly points: Columns }
  | { readonly rollups: Uint8Array }
  | { readonly rollup: Rollup }
);

function partOfSpan(connection: Connection, span: Span, perBucket: number): Part {
  const rollups = readSpan(connection, span, levelFor(span, perBucket) ?? 'fine');
  return { first: span.first.step, last: span.last.step, rollups };
}

/** @param perBucket about how many points a bucket has */
function partOf(connection: Connection, block: Block, range: StepRange, perBucket: number): Part {
  const first = block.first.step;
  const last = block.last.step;
  const whole = first >= range.fromStep && last <= range.toStep;
  if (whole && isFineEnough(block.count, perBucket)) return { first, last, rollup: block.rollup };
  const rollups =
    whole && isFineEnough(STRETCH, perBucket) ? readEncodedRollups(connection, block) : undefined;
  if (rollups) return { first, last, rollups };
  const points = within(readPoints(connection, block), block, range);
  return {
    first: points.steps[0] ?? Number.POSITIVE_INFINITY,
    last: points.steps.at(-1) ?? Number.NEGATIVE_INFINITY,
    points,
  };
}

function countRows(
  connection: Connection,
  { run, metric }: SeriesId,
  range: StepRange,
): { count: number; first: number | null; last: number | null } {
  return statement<{ count: number; first: number | null; last: number | null }>(
    connection,
    `SELECT count(*) AS count, min(step) AS first, max(step) AS last FROM metric_point
     WHERE run = ? AND metric = ? AND step BETWEEN ? AND ?`,
  ).get(run, metric, range.fromStep, range.toStep) as { count: number; first: null; last: null };
}

/** What the rows of each bucket come to. */
function gatherRows(
  connection: Connection,
  { run, metric }: SeriesId,
  range: StepRange,
  chart: Buckets,
): Gathered[] {
  const number = "CASE WHEN value <> 'NaN' THEN value END";
  const rows = statement<Omit<Gathered, 'sum'> & { sum: number | null }>(
    connection,
    `SELECT max(step) AS step, max(timestamp) AS timestamp, count(*) AS count, count(${number}) AS numbers,
       sum(${number}) AS sum, min(${number}) AS min, max(${number}) AS max
     FROM metric_point WHERE run = ? AND metric = ? AND step BETWEEN ? AND ?
     GROUP BY CAST((step - ?) / ? AS INTEGER)`,
  ).all(run, metric, range.fromStep, range.toStep, chart.first, chart.width);
  // SQLite makes a NaN null: the sum of both infinities.
  return rows.map(row => ({ ...row, sum: row.sum ?? Number.NaN }));
}

function eachPoint({ steps, timestamps, values }: Columns): SeriesPoint[] {
  return Array.from(values, (number, place) => {
    const value = encodeDouble(number);
    const at = { step: steps[place] as number, timestamp: timestamps[place] as number };
    return { ...at, value, min: value, max: value, count: 1 };
  });
}
