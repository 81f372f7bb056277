/** Histories of several runs for one chart, thinned out. */
import type { Database as Connection } from 'better-sqlite3';
import { type Columns, concat, type Key, keyAt, mergeColumns, toColumns } from '../blocks/columns.ts';
import { type Block, blocksBetween, readRollups, type SeriesId } from './blocks.ts';
import { type HistoryPoint, toPoint } from './history.ts';
import { readRows } from './rows.ts';
import { findRun } from './runs.ts';
import { ALL_STEPS, endOf, findMetric, pointsBetween, type StepRange, startOf } from './series.ts';

/** Steps may have several points each, as many as there are. */
const MAX_POINTS_PER_RUN = 25_000;

/** Of a metric with more points than this not every one is looked at. */
const EXACT_POINTS = 100_000;

/**
 * The points of one metric of several runs at about `limit` steps, by run and then (step, timestamp, value). Steps are
 * taken at even distances; the first and last of each run come on top. Of a long metric the points that end stretches of
 * its blocks stand for all, with the latest time of their stretch.
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
  const range = {
    fromStep: input.startStep ?? ALL_STEPS.fromStep,
    toStep: input.endStep ?? ALL_STEPS.toStep,
  };
  const metric = findMetric(connection, input.key);
  if (metric === undefined) return [];
  const perRun = input.runIds.map(runId => {
    const run = findRun(connection, runId)?.id;
    const points = run === undefined ? undefined : thinned(connection, { run, metric }, range, input.limit);
    return { runId, points, steps: [...new Set(points?.steps)] };
  });
  const kept = sample(
    [...new Set(perRun.flatMap(run => run.steps))].sort((left, right) => left - right),
    input.limit,
  );
  for (const { steps } of perRun)
    for (const step of [steps[0], steps.at(-1)]) if (step !== undefined) kept.add(step);
  return perRun.flatMap(({ runId, points }) => {
    const found: HistoryPoint[] = [];
    for (
      let place = 0;
      points && place < points.steps.length && found.length < MAX_POINTS_PER_RUN;
      place += 1
    )
      if (kept.has(points.steps[place] as number))
        found.push(toPoint(runId, input.key, keyAt(points, place)));
    return found;
  });
}

/** The points at some steps; of more than a few, those that end stretches. */
function thinned(connection: Connection, series: SeriesId, range: StepRange, limit: number): Columns {
  const blocks = blocksBetween(connection, series, range);
  const total = blocks.reduce((sum, block) => sum + block.count, 0);
  if (total <= EXACT_POINTS) return concat([...pointsBetween(connection, series, range)]);
  const ends = blocks.flatMap(block => [block.first, ...endsOf(connection, block, total / limit)]);
  const inside = ends.filter(({ step }) => step >= range.fromStep && step <= range.toStep);
  const rows = readRows(connection, series, {
    after: startOf(range),
    upTo: endOf(range),
    limit: EXACT_POINTS,
  });
  return mergeColumns([toColumns(inside), rows]);
}

/** @param perStep how many points there are for each that is wanted: far more are found, to choose from at even distances */
function endsOf(connection: Connection, block: Block, perStep: number): readonly Key[] {
  return perStep >= 16 * block.count ? [block.last] : readRollups(connection, block);
}

/** `limit` items at even distances from the first on, and the last: the same ones that the MLflow server keeps. */
function sample(steps: readonly number[], limit: number): Set<number> {
  if (steps.length <= limit) return new Set(steps);
  const kept = new Set(steps.slice(-1));
  for (let place = 0; place < limit; place += 1)
    kept.add(steps[Math.floor(place * (steps.length / limit))] as number);
  return kept;
}
