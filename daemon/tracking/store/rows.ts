/** Metric points that are rows: not sealed yet. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import { type Columns, emptyColumns, type Key } from '../blocks/columns.ts';
import { bound, type SeriesId } from './blocks.ts';
import { fromColumn, toColumn } from './doubles.ts';

type Row = [step: number, timestamp: number, value: number | string];

const SELECT = 'SELECT step, timestamp, value FROM metric_point WHERE run = ? AND metric = ?';
const ORDER = 'ORDER BY step, timestamp, value LIMIT ?';
const LOWEST: Key = { step: Number.MIN_SAFE_INTEGER, timestamp: -1, value: 0 };
const HIGHEST: Key = { step: Number.MAX_SAFE_INTEGER, timestamp: Number.MAX_SAFE_INTEGER, value: Number.NaN };

/** The first `limit` rows between two places, in order. */
export function readRows(
  connection: Connection,
  { run, metric }: SeriesId,
  { after = LOWEST, upTo = HIGHEST, limit }: { after?: Key | undefined; upTo?: Key; limit: number },
): Columns {
  const rows = statement<Row>(
    connection,
    `${SELECT} AND (step, timestamp, value) > (?, ?, ?) AND (step, timestamp, value) <= (?, ?, ?) ${ORDER}`,
  )
    .raw()
    .all(run, metric, ...bound(after), ...bound(upTo), limit);
  return fromRows(rows);
}

/** The first `limit` rows by (timestamp, step, value) that follow `after`. */
export function readRowsByTime(
  connection: Connection,
  { run, metric }: SeriesId,
  after: Key = LOWEST,
  limit: number,
): Columns {
  const rows = statement<Row>(
    connection,
    `${SELECT} AND (timestamp, step, value) > (?, ?, ?) ORDER BY timestamp, step, value LIMIT ?`,
  )
    .raw()
    .all(run, metric, after.timestamp, after.step, toColumn(after.value), limit);
  return fromRows(rows);
}

function fromRows(rows: readonly Row[]): Columns {
  const columns = emptyColumns(rows.length);
  for (const [place, [step, timestamp, value]] of rows.entries()) {
    columns.steps[place] = step;
    columns.timestamps[place] = timestamp;
    columns.values[place] = fromColumn(value);
  }
  return columns;
}
