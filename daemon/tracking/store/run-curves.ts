/** Small curves of many runs, for the rows of a table. */
import type { Database as Connection } from 'better-sqlite3';
import type { RouteReply } from '../../contract/route.ts';
import type { listCurves as contract } from '../../contract/run-lists.ts';
import { metricSeries } from './curves.ts';
import { findRun } from './runs.ts';

export interface CurveList {
  readonly runIds: readonly string[];
  readonly metrics: readonly string[];
  readonly buckets: number;
}

/** Curves of those of the metrics that a run logged. Runs that are gone have none. */
export function listCurves(
  connection: Connection,
  { runIds, metrics: keys, buckets }: CurveList,
): RouteReply<typeof contract> {
  const curves = runIds
    .filter(runId => findRun(connection, runId))
    .flatMap(runId =>
      metricSeries(connection, { runId, keys, buckets }).series.map(({ key, points }) => ({
        runId,
        metric: key,
        values: points.map(({ value }) => value),
      })),
    );
  return { curves: curves.filter(({ values }) => values.length > 0) };
}
