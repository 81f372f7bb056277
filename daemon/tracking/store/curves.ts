/**
 * Curves for charts: at most so many buckets of equally many steps. What a curve costs depends on the buckets that are
 * asked for, hardly on the points that were logged: where these are many, it is put together from what stretches of
 * blocks, or whole blocks, come to. Each of those goes whole into the bucket where its last step is.
 */
import type { Database as Connection } from 'better-sqlite3';
import type { Series, SeriesPoint } from '../../contract/runs.ts';
import { encodeDouble } from '../../contract/values.ts';
import { statement } from '../../database/statements.ts';
import type { Columns } from '../blocks/columns.ts';
import { type Rollup, rollUp, STRETCH } from '../blocks/rollup.ts';
import { type Block, blocksBetween, readPoints, readRollups, type SeriesId } from './blocks.ts';
import { requireRun } from './runs.ts';
import { ALL_STEPS, findMetric, pointsBetween, type StepRange, within } from './series.ts';

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

function curve(connection: Connection, series: SeriesId, range: StepRange, buckets: number): SeriesPoint[] {
  const blocks = blocksBetween(connection, series, range);
  const rows = countRows(connection, series, range);
  const total = blocks.reduce((sum, block) => sum + block.count, rows.count);
  // Small curves come back point for point, also where several points share a step.
  if (total <= buckets) return [...pointsBetween(connection, series, range)].flatMap(eachPoint);
  const parts = blocks.map(block => partOf(connection, block, range, total / buckets));
  let first = rows.first ?? Number.POSITIVE_INFINITY;
  let last = rows.last ?? Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    first = Math.min(first, part.first);
    last = Math.max(last, part.last);
  }
  const chart = new Buckets(first, (last - first + 1) / buckets);
  for (const part of parts) {
    if ('points' in part) chart.addPoints(part.points);
    else for (const rollup of part.rollups) chart.add(rollup);
  }
  for (const rollup of rowRollups(connection, series, range, chart)) chart.add(rollup);
  return chart.toPoints();
}

/** What a block gives to a curve, and its first and last step there. */
type Part = { readonly first: number; readonly last: number } & (
  | { readonly points: Columns }
  | { readonly rollups: readonly Rollup[] }
);

/** @param perBucket about how many points a bucket has */
function partOf(connection: Connection, block: Block, range: StepRange, perBucket: number): Part {
  const first = block.first.step;
  const last = block.last.step;
  const whole = first >= range.fromStep && last <= range.toStep;
  if (whole && perBucket >= block.count) return { first, last, rollups: [block.rollup] };
  if (whole && perBucket >= STRETCH && !block.loose)
    return { first, last, rollups: readRollups(connection, block) };
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
function rowRollups(
  connection: Connection,
  { run, metric }: SeriesId,
  range: StepRange,
  chart: Buckets,
): Omit<Rollup, 'value'>[] {
  const number = "CASE WHEN value <> 'NaN' THEN value END";
  return statement<Omit<Rollup, 'value'>>(
    connection,
    `SELECT max(step) AS step, max(timestamp) AS timestamp, count(*) AS count, count(${number}) AS numbers,
       sum(${number}) AS sum, min(${number}) AS min, max(${number}) AS max
     FROM metric_point WHERE run = ? AND metric = ? AND step BETWEEN ? AND ?
     GROUP BY CAST((step - ?) / ? AS INTEGER)`,
  ).all(run, metric, range.fromStep, range.toStep, chart.first, chart.width);
}

function eachPoint({ steps, timestamps, values }: Columns): SeriesPoint[] {
  return Array.from(values, (number, place) => {
    const value = encodeDouble(number);
    const at = { step: steps[place] as number, timestamp: timestamps[place] as number };
    return { ...at, value, min: value, max: value, count: 1 };
  });
}

/** Points gathered by step. NaN counts as a point, but not into a bucket's mean and extremes. */
class Buckets {
  readonly first: number;
  readonly width: number;
  readonly #buckets = new Map<number, { -readonly [Field in keyof Omit<Rollup, 'value'>]: Rollup[Field] }>();

  /** @param first where the first bucket begins; each is `width` steps wide */
  constructor(first: number, width: number) {
    this.first = first;
    this.width = width;
  }

  addPoints(points: Columns): void {
    const length = points.steps.length;
    for (let start = 0, end = 0; start < length; start = end) {
      const bucket = this.#placeOf(points.steps[start] as number);
      for (end = start + 1; end < length && this.#placeOf(points.steps[end] as number) === bucket; ) end += 1;
      this.add(rollUp(points, start, end));
    }
  }

  add(rollup: Omit<Rollup, 'value'>): void {
    const { step, timestamp, count, numbers, sum, min, max } = rollup;
    const place = this.#placeOf(step);
    const bucket = this.#buckets.get(place);
    if (!bucket) {
      this.#buckets.set(place, { step, timestamp, count, numbers, sum, min, max });
      return;
    }
    bucket.step = Math.max(bucket.step, step);
    bucket.timestamp = Math.max(bucket.timestamp, timestamp);
    bucket.count += count;
    if (numbers === 0) return;
    const none = bucket.numbers === 0;
    bucket.sum = none ? sum : bucket.sum + sum;
    bucket.min = none ? min : Math.min(bucket.min, min);
    bucket.max = none ? max : Math.max(bucket.max, max);
    bucket.numbers += numbers;
  }

  toPoints(): SeriesPoint[] {
    const places = [...this.#buckets].sort(([left], [right]) => left - right);
    return places.map(([, { step, timestamp, count, numbers, sum, min, max }]) => ({
      step,
      timestamp,
      value: encodeDouble(numbers > 0 ? sum / numbers : Number.NaN),
      min: encodeDouble(numbers > 0 ? min : Number.NaN),
      max: encodeDouble(numbers > 0 ? max : Number.NaN),
      count,
    }));
  }

  #placeOf(step: number): number {
    return Math.floor((step - this.first) / this.width);
  }
}
