/** Sealed blocks of metric points. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import { decodeColumns, encodeColumns } from '../blocks/codec.ts';
import { type Columns, compareKeys, includes, type Key, keyAt } from '../blocks/columns.ts';
import { decodeRollups, encodeRollups, type Rollup, rollUp, STRETCH, stretchesOf } from '../blocks/rollup.ts';
import { fromColumn, toColumn } from './doubles.ts';

/** One metric of one run, by their integer ids. */
export interface SeriesId {
  readonly run: number;
  readonly metric: number;
}

/** A block without its points. */
export interface Block {
  readonly first: Key;
  readonly last: Key;
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly count: number;
  readonly rollup: Rollup;
  readonly loose: boolean;
  /** Where its points are. */
  readonly content: number;
}

interface BlockRow {
  readonly step: number;
  readonly timestamp: number;
  readonly value: number | string;
  readonly last_step: number;
  readonly last_timestamp: number;
  readonly last_value: number | string;
  readonly min_timestamp: number;
  readonly max_timestamp: number;
  readonly count: number;
  readonly numbers: number;
  readonly sum: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly loose: 0 | 1;
  readonly content: number;
}

const SELECT = `SELECT step, timestamp, value, last_step, last_timestamp, last_value, min_timestamp, max_timestamp,
  count, numbers, sum, min, max, loose, content FROM metric_block WHERE run = ? AND metric = ?`;
const UPWARDS = 'ORDER BY step, timestamp, value';
const DOWNWARDS = 'ORDER BY step DESC, timestamp DESC, value DESC';

function toBlock(row: BlockRow): Block {
  const last = { step: row.last_step, timestamp: row.last_timestamp, value: fromColumn(row.last_value) };
  return {
    first: { step: row.step, timestamp: row.timestamp, value: fromColumn(row.value) },
    last,
    minTimestamp: row.min_timestamp,
    maxTimestamp: row.max_timestamp,
    count: row.count,
    rollup: {
      step: last.step,
      value: last.value,
      timestamp: row.max_timestamp,
      count: row.count,
      numbers: row.numbers,
      sum: row.sum ?? Number.NaN,
      min: row.min ?? Number.NaN,
      max: row.max ?? Number.NaN,
    },
    loose: row.loose === 1,
    content: row.content,
  };
}

/** The key as the values of `(?, ?, ?)`. */
export const bound = ({ step, timestamp, value }: Key): [number, number, number | string] => [
  step,
  timestamp,
  toColumn(value),
];

/** Blocks that may have points at these steps, in order. */
export function blocksBetween(
  connection: Connection,
  { run, metric }: SeriesId,
  { fromStep, toStep }: { fromStep: number; toStep: number },
): Block[] {
  // Blocks do not overlap: of those that begin before the range, only the last can reach into it.
  const start = statement<{ step: number }>(
    connection,
    `SELECT step FROM metric_block WHERE run = ? AND metric = ? AND step < ? ${DOWNWARDS} LIMIT 1`,
  ).get(run, metric, fromStep);
  const rows = statement<BlockRow>(
    connection,
    `${SELECT} AND step BETWEEN ? AND ? AND last_step >= ? ${UPWARDS}`,
  ).all(run, metric, start?.step ?? fromStep, toStep, fromStep);
  return rows.map(toBlock);
}

/** Blocks with points at or after a time, those with the earliest points first. */
export function blocksSince(connection: Connection, { run, metric }: SeriesId, timestamp: number): Block[] {
  return statement<BlockRow>(connection, `${SELECT} AND max_timestamp >= ? ORDER BY min_timestamp`)
    .all(run, metric, timestamp)
    .map(toBlock);
}

/** Blocks that begin between two places, neither included, in order: the first `limit` of them. */
export function blocksWithin(
  connection: Connection,
  { run, metric }: SeriesId,
  { after, before, limit }: { after: Key; before: Key; limit: number },
): Block[] {
  return statement<BlockRow>(
    connection,
    `${SELECT} AND (step, timestamp, value) > (?, ?, ?) AND (step, timestamp, value) < (?, ?, ?) ${UPWARDS} LIMIT ?`,
  )
    .all(run, metric, ...bound(after), ...bound(before), limit)
    .map(toBlock);
}

/** At most `limit` blocks from a place on, in order. */
export function blocksAfter(
  connection: Connection,
  { run, metric }: SeriesId,
  key: Key | undefined,
  limit: number,
): Block[] {
  const rows = key
    ? statement<BlockRow>(
        connection,
        `${SELECT} AND (step, timestamp, value) > (?, ?, ?) ${UPWARDS} LIMIT ?`,
      ).all(run, metric, ...bound(key), limit)
    : statement<BlockRow>(connection, `${SELECT} ${UPWARDS} LIMIT ?`).all(run, metric, limit);
  return rows.map(toBlock);
}

/** The last block that begins at or before a place. */
export function blockAt(connection: Connection, { run, metric }: SeriesId, key: Key): Block | undefined {
  const row = statement<BlockRow>(
    connection,
    `${SELECT} AND (step, timestamp, value) <= (?, ?, ?) ${DOWNWARDS} LIMIT 1`,
  ).get(run, metric, ...bound(key));
  return row && toBlock(row);
}

/** The last block of at least `count` points that is not loose. */
export function lastBlockOf(
  connection: Connection,
  { run, metric }: SeriesId,
  count: number,
): Block | undefined {
  const row = statement<BlockRow>(
    connection,
    `${SELECT} AND count >= ? AND loose = 0 ${DOWNWARDS} LIMIT 1`,
  ).get(run, metric, count);
  return row && toBlock(row);
}

/** The points of a block. */
export function readPoints(connection: Connection, block: Block): Columns {
  const row = statement<{ points: Buffer }>(
    connection,
    'SELECT points FROM metric_block_content WHERE id = ?',
  ).get(block.content);
  if (!row) throw new Error(`the points of a block of ${block.count} are gone`);
  const columns = decodeColumns(row.points);
  if (columns.steps.length !== block.count)
    throw new Error(`a block of ${block.count} points holds ${columns.steps.length}`);
  return columns;
}

/** What the stretches of a block come to, encoded; undefined when it has but one, or is loose. */
export function readEncodedRollups(connection: Connection, block: Block): Uint8Array | undefined {
  const row = statement<{ rollups: Uint8Array | null }>(
    connection,
    'SELECT rollups FROM metric_block_content WHERE id = ?',
  ).get(block.content);
  return row?.rollups ?? undefined;
}

/** What the stretches of a block come to. */
export function readRollups(connection: Connection, block: Block): Rollup[] {
  const bytes = readEncodedRollups(connection, block);
  return bytes ? decodeRollups(bytes) : [block.rollup];
}

/** Which of these points, in order, are in blocks already. */
export function sealedAmong(connection: Connection, series: SeriesId, keys: readonly Key[]): Set<Key> {
  const found = new Set<Key>();
  let block: Block | undefined;
  let points: Columns | undefined;
  for (const key of keys) {
    const next = blockAt(connection, series, key);
    if (next?.content !== block?.content) {
      block = next;
      points = undefined;
    }
    if (!block || compareKeys(key, block.last) > 0) continue;
    points ??= readPoints(connection, block);
    if (includes(points, key)) found.add(key);
  }
  return found;
}

/**
 * Adds a block. It must not overlap with another of the metric.
 *
 * @param loose as it was logged: not compressed, and without what its stretches come to
 */
export function insertBlock(
  connection: Connection,
  { run, metric }: SeriesId,
  points: Columns,
  loose: boolean,
): void {
  const count = points.steps.length;
  const first = keyAt(points, 0);
  const last = keyAt(points, count - 1);
  const rollup = rollUp(points, 0, count);
  const minTimestamp = points.timestamps.reduce((least, timestamp) => Math.min(least, timestamp));
  const bytes = encodeColumns(points, !loose);
  // These points are taken from where they were: first it is seen that they can be read back.
  if (!loose) assertSame(decodeColumns(bytes), points);
  const { lastInsertRowid: content } = statement(
    connection,
    'INSERT INTO metric_block_content (points, rollups) VALUES (?, ?)',
  ).run(bytes, loose || count <= STRETCH ? null : encodeRollups(stretchesOf(points)));
  statement(
    connection,
    `INSERT INTO metric_block (run, metric, step, timestamp, value, last_step, last_timestamp, last_value, min_timestamp,
       max_timestamp, count, numbers, sum, min, max, loose, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    ...[run, metric, ...bound(first), ...bound(last), minTimestamp, rollup.timestamp, count, rollup.numbers],
    // SQLite makes a NaN null.
    ...[rollup.sum, rollup.min, rollup.max],
    ...[loose ? 1 : 0, content],
  );
}

function assertSame(read: Columns, written: Columns): void {
  for (const column of ['steps', 'timestamps', 'values'] as const)
    if (!read[column].every((number, place) => Object.is(number, written[column][place])))
      throw new Error(`the ${column} of a block of ${written.steps.length} points would not be read back`);
}

export function deleteBlock(connection: Connection, { run, metric }: SeriesId, block: Block): void {
  statement(
    connection,
    'DELETE FROM metric_block WHERE run = ? AND metric = ? AND step = ? AND timestamp = ? AND value = ?',
  ).run(run, metric, ...bound(block.first));
}
