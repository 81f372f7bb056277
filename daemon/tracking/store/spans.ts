/** Spans: what many consecutive blocks of a metric come to. They only ever save reading these blocks. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import type { Key } from '../blocks/columns.ts';
import {
  combine,
  encodeRollups,
  isFineEnough,
  lengthen,
  ROLLUP_BYTES,
  type Rollup,
} from '../blocks/rollup.ts';
import { type Block, blocksWithin, bound, readRollups, type SeriesId } from './blocks.ts';
import { fromColumn } from './doubles.ts';

/** How finely a span is told: by some blocks together, by block, or by long stretches of blocks. */
const LEVELS = ['coarse', 'medium', 'fine'] as const;
type Level = (typeof LEVELS)[number];

/** Blocks together in an entry of the coarse level. */
const TOGETHER = 8;

/** A span without what it comes to. */
export interface Span {
  readonly id: number;
  readonly first: Key;
  readonly last: Key;
  readonly count: number;
  /** Bytes of each level. */
  readonly bytes: Readonly<Record<Level, number>>;
}

interface Row extends Record<Level, number> {
  readonly id: number;
  readonly step: number;
  readonly timestamp: number;
  readonly value: number | string;
  readonly last_step: number;
  readonly last_timestamp: number;
  readonly last_value: number | string;
  readonly count: number;
}

const LOWEST: Key = { step: Number.MIN_SAFE_INTEGER, timestamp: -1, value: 0 };
const HIGHEST: Key = { step: Number.MAX_SAFE_INTEGER, timestamp: Number.MAX_SAFE_INTEGER, value: Number.NaN };

/** The spans whose points are all at these steps, in order. */
export function spansInside(
  connection: Connection,
  { run, metric }: SeriesId,
  { fromStep, toStep }: { fromStep: number; toStep: number },
): Span[] {
  const rows = statement<Row>(
    connection,
    `SELECT id, step, timestamp, value, last_step, last_timestamp, last_value, count,
       length(coarse) AS coarse, length(medium) AS medium, length(fine) AS fine
     FROM metric_span
     WHERE run = ? AND metric = ? AND step BETWEEN ? AND ? AND last_step <= ? ORDER BY step, timestamp, value`,
  ).all(run, metric, fromStep, toStep, toStep);
  return rows.map(({ id, count, coarse, medium, fine, ...row }) => ({
    id,
    first: { step: row.step, timestamp: row.timestamp, value: fromColumn(row.value) },
    last: { step: row.last_step, timestamp: row.last_timestamp, value: fromColumn(row.last_value) },
    count,
    bytes: { coarse, medium, fine },
  }));
}

/** The coarsest level that is fine enough for buckets of so many points; undefined when there is none. */
export function levelFor({ count, bytes }: Span, perBucket: number): Level | undefined {
  return LEVELS.find(level => isFineEnough((count * ROLLUP_BYTES) / bytes[level], perBucket));
}

/** What a span comes to at a level, encoded. */
export function readSpan(connection: Connection, { id }: Span, level: Level): Uint8Array {
  return statement<Uint8Array>(connection, `SELECT ${level} FROM metric_span WHERE id = ?`)
    .pluck()
    .get(id) as Uint8Array;
}

/**
 * Makes a span of the first blocks that are in none: of so many, or of fewer where another span follows them.
 *
 * @param blocks in a span at most
 * @returns false when there are none
 */
export function makeSpan(connection: Connection, series: SeriesId, blocks: number): boolean {
  let after = LOWEST;
  for (const next of [...spansInside(connection, series, ALL), undefined]) {
    const before = next?.first ?? HIGHEST;
    const found = blocksWithin(connection, series, { after, before, limit: blocks });
    const free = found.filter(block => !block.loose);
    const wanted = next ? free.length > 0 : free.length === blocks;
    if (wanted && free.length === found.length) {
      insertSpan(connection, series, free);
      return true;
    }
    if (next) after = next.last;
  }
  return false;
}

const ALL = { fromStep: LOWEST.step, toStep: HIGHEST.step };

function insertSpan(connection: Connection, { run, metric }: SeriesId, blocks: readonly Block[]): void {
  const medium = blocks.map(({ rollup }) => rollup);
  const coarse: Rollup[] = [];
  for (let start = 0; start < medium.length; start += TOGETHER)
    coarse.push(combine(medium.slice(start, start + TOGETHER)));
  const fine = blocks.flatMap(block => lengthen(readRollups(connection, block)));
  const [first, last] = [blocks[0] as Block, blocks.at(-1) as Block];
  statement(
    connection,
    `INSERT INTO metric_span (run, metric, step, timestamp, value, last_step, last_timestamp, last_value, count,
       coarse, medium, fine)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    ...[run, metric, ...bound(first.first), ...bound(last.last)],
    combine(coarse).count,
    ...[coarse, medium, fine].map(encodeRollups),
  );
}
