/** Adding metric points: as rows, or, where many come at once after all that is there, as a block right away. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import { compareKeys, type Key, toColumns } from '../blocks/columns.ts';
import { insertBlock, type SeriesId, sealedAmong } from './blocks.ts';
import { toColumn } from './doubles.ts';

/** What is known of the points that a metric has. */
export interface Known {
  /** The greatest by (step, timestamp, value). */
  readonly last: Key;
  /** How many are in blocks. */
  readonly sealed: number;
}

/** How many points were added, and how many of these as a block. */
export interface Added {
  readonly count: number;
  readonly sealed: number;
}

/** Points from which on a block takes less space and time than rows. */
const BLOCK_FROM = 32;

/** Adds the points that are not there yet. @param known absent = the metric has none */
export function addPoints(
  connection: Connection,
  series: SeriesId,
  points: readonly Key[],
  known: Known | undefined,
): Added {
  if (points.length >= BLOCK_FROM) {
    const keys = distinct(points);
    const [first] = keys;
    if (first && (!known || compareKeys(first, known.last) > 0) && keys.length >= BLOCK_FROM) {
      insertBlock(connection, series, toColumns(keys), true);
      return { count: keys.length, sealed: keys.length };
    }
  }
  const open = known && known.sealed > 0 ? withoutSealed(connection, series, points, known.last) : points;
  return { count: insertRows(connection, series, open), sealed: 0 };
}

/** The points in order, each once. */
function distinct(points: readonly Key[]): Key[] {
  const ordered = points.toSorted(compareKeys);
  return ordered.filter((point, place) => place === 0 || compareKeys(ordered[place - 1] as Key, point) < 0);
}

/** The points that are in no block. Only those up to the last known one need to be looked for. */
function withoutSealed(
  connection: Connection,
  series: SeriesId,
  points: readonly Key[],
  last: Key,
): readonly Key[] {
  const late = points.filter(point => compareKeys(point, last) <= 0);
  if (late.length === 0) return points;
  const sealed = sealedAmong(connection, series, late.sort(compareKeys));
  return sealed.size === 0 ? points : points.filter(point => !sealed.has(point));
}

/** Points per statement: the cost of calling SQLite counts more than that of a row. */
const CHUNK = 25;

const insertSql = (rows: number) =>
  `WITH point (step, timestamp, value) AS (VALUES ${Array(rows).fill('(?, ?, ?)').join(', ')})
   INSERT OR IGNORE INTO metric_point (run, metric, step, timestamp, value)
   SELECT ?, ?, step, timestamp, value FROM point`;

const INSERT_CHUNK = insertSql(CHUNK);
const INSERT_ONE = insertSql(1);

/** @returns how many were not there yet */
function insertRows(connection: Connection, { run, metric }: SeriesId, points: readonly Key[]): number {
  let added = 0;
  for (let start = 0; start < points.length; ) {
    const rows = points.length - start >= CHUNK ? CHUNK : 1;
    const values: (number | string)[] = [];
    for (const point of points.slice(start, start + rows))
      values.push(point.step, point.timestamp, toColumn(point.value));
    values.push(run, metric);
    added += statement(connection, rows === CHUNK ? INSERT_CHUNK : INSERT_ONE).run(values).changes;
    start += rows;
  }
  return added;
}
