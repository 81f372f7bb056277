/** What the runs of a search have to show: their metrics, params and tags. */
import type { Database as Connection } from 'better-sqlite3';
import type { RunColumn, RunColumns } from '../../contract/run-lists.ts';
import { encodeDouble } from '../../contract/values.ts';
import { allOf } from '../filter/condition.ts';
import { type RunScope, wantedOf } from './run-list.ts';

interface ColumnRow {
  readonly key: string;
  readonly runs: number;
  /** Whether all that have it have the same. */
  readonly same: number;
}

interface MetricRow extends ColumnRow {
  readonly min: number | null;
  readonly max: number | null;
}

/** @throws ApiError when the filter cannot be used */
export function describeRunColumns(connection: Connection, scope: RunScope): RunColumns {
  const where = allOf(wantedOf(scope).conditions);
  const listed = `WITH listed AS MATERIALIZED (SELECT run.id AS run FROM run WHERE ${where.sql})`;
  const read = <Row>(sql: string) =>
    connection.prepare<(string | number)[], Row>(`${listed} ${sql}`).all(...where.values);
  const [{ runs = 0 } = {}] = read<{ runs: number }>('SELECT count(*) AS runs FROM listed');
  const toColumn = ({ key, runs: having, same }: ColumnRow): RunColumn => ({
    key,
    runs: having,
    differs: same === 0 || having < runs,
  });
  const texts = (table: 'param' | 'run_tag') =>
    read<ColumnRow>(
      `SELECT key, count(*) AS runs, min(value) = max(value) AS same
       FROM listed CROSS JOIN ${table} ON ${table}.run = listed.run GROUP BY key ORDER BY key`,
    ).map(toColumn);
  const metrics = read<MetricRow>(
    `SELECT metric.key, summary.* FROM (
       SELECT metric, count(*) AS runs, min(last) = max(last) AS same,
         min(last) FILTER (WHERE last < 'NaN') AS min, max(last) FILTER (WHERE last < 'NaN') AS max
       FROM listed CROSS JOIN metric_summary ON metric_summary.run = listed.run GROUP BY metric
     ) AS summary JOIN metric ON metric.id = summary.metric ORDER BY metric.key`,
  ).map(row => ({
    ...toColumn(row),
    min: row.min === null ? null : encodeDouble(row.min),
    max: row.max === null ? null : encodeDouble(row.max),
  }));
  return { runs, metrics, params: texts('param'), tags: texts('run_tag') };
}
