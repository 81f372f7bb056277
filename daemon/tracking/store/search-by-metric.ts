/** Runs in the order of one metric, read off an index: where that is less work than sorting all that a filter finds. */
import type { Database as Connection } from 'better-sqlite3';
import type { Fragment } from '../filter/condition.ts';
import { findMetric } from './series.ts';

/** Runs that are looked at to see what part of them the filter finds. */
const PROBED = 250;

/** Runs that may be gone through for a page: visiting one by one costs several times what sorting one does. */
const MOST_VISITED = 10_000;

const FROM = `FROM metric_summary AS point INDEXED BY metric_summary_by_value CROSS JOIN run ON run.id = point.run
  WHERE point.metric = ? AND point.last < 'NaN'`;

/**
 * The first `count` runs that fulfil a condition, by a metric, then by the newest start and by id.
 *
 * @param where of `run`
 * @returns their integer ids; undefined when another way is better, or some of these runs have no number as the metric
 */
export function runsByMetric(
  connection: Connection,
  order: { readonly key: string; readonly descending: boolean },
  where: Fragment,
  count: number,
): number[] | undefined {
  const metric = findMetric(connection, order.key);
  if (metric === undefined) return undefined;
  const direction = order.descending ? 'DESC' : 'ASC';
  const probe = connection
    .prepare<(string | number)[], { seen: number; found: number }>(
      `SELECT count(*) AS seen, total(found) AS found FROM
         (SELECT ${where.sql} AS found ${FROM} ORDER BY point.last ${direction} LIMIT ${PROBED})`,
    )
    .get(...where.values, metric);
  if (!probe || probe.seen < PROBED || (count * PROBED) / probe.found > MOST_VISITED) return undefined;
  const ids = connection
    .prepare<(string | number)[], number>(
      `SELECT run.id ${FROM} AND ${where.sql} ORDER BY point.last ${direction}, run.start_time DESC, run.uuid LIMIT ?`,
    )
    .pluck()
    .all(metric, ...where.values, count) as number[];
  return ids.length === count ? ids : undefined;
}
