/** All points of a metric in order, whether they are sealed or not. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import { type Columns, type Key, keyAt, lowerBound, mergeColumns, slice } from '../blocks/columns.ts';
import { type Block, blocksBetween, readPoints, type SeriesId } from './blocks.ts';
import { readRows } from './rows.ts';

/** Steps, both included. */
export interface StepRange {
  readonly fromStep: number;
  readonly toStep: number;
}

export const ALL_STEPS: StepRange = { fromStep: Number.MIN_SAFE_INTEGER, toStep: Number.MAX_SAFE_INTEGER };

/** Rows that are read at once. */
const PAGE = 8192;

/** @returns undefined when nobody ever logged such a metric */
export function findMetric(connection: Connection, key: string): number | undefined {
  return statement<{ id: number }>(connection, 'SELECT id FROM metric WHERE key = ?').get(key)?.id;
}

/** The points at some steps by (step, timestamp, value), in parts. */
export function* pointsBetween(
  connection: Connection,
  series: SeriesId,
  range: StepRange,
): Generator<Columns> {
  const rows = new Rows(connection, series, range);
  for (const block of blocksBetween(connection, series, range)) {
    yield* rows.before(block.first);
    yield mergeColumns([within(readPoints(connection, block), block, range), ...rows.before(block.last)]);
  }
  yield* rows.before(endOf(range));
}

/** Rows at some steps, read one after the other. */
class Rows {
  readonly #read: (after: Key) => Columns;
  #page: Columns;

  constructor(connection: Connection, series: SeriesId, range: StepRange) {
    this.#read = after => readRows(connection, series, { after, upTo: endOf(range), limit: PAGE });
    this.#page = this.#read(startOf(range));
  }

  /** Those that were not given out and come before a place, in parts. */
  *before(key: Key): Generator<Columns> {
    for (;;) {
      const length = this.#page.steps.length;
      const end = lowerBound(this.#page, key);
      if (end > 0) yield slice(this.#page, 0, end);
      if (length === 0 || end < length) {
        this.#page = slice(this.#page, end, length);
        return;
      }
      this.#page = this.#read(keyAt(this.#page, length - 1));
    }
  }
}

/** Before all points of a range of steps, and after all of them. */
export const startOf = ({ fromStep }: StepRange): Key => ({ step: fromStep, timestamp: -1, value: 0 });
export const endOf = ({ toStep }: StepRange): Key => ({ step: toStep + 1, timestamp: -1, value: 0 });

/** The points of a block that are at these steps. */
export function within(points: Columns, block: Block, range: StepRange): Columns {
  if (block.first.step >= range.fromStep && block.last.step <= range.toStep) return points;
  return slice(points, lowerBound(points, startOf(range)), lowerBound(points, endOf(range)));
}
