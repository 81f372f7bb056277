/**
 * When and how points that are rows, or in loose blocks, come into full ones. Runs in the writer thread, a piece at a
 * time, while nothing else is to be written.
 */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import {
  type Columns,
  compareKeys,
  type Key,
  keyAt,
  lowerBound,
  mergeColumns,
  slice,
} from '../blocks/columns.ts';
import {
  type Block,
  blockAt,
  blocksAfter,
  bound,
  deleteBlock,
  insertBlock,
  lastBlockOf,
  readPoints,
  type SeriesId,
} from './blocks.ts';
import { readRows } from './rows.ts';
import type { RunRow } from './runs.ts';
import { makeSpan } from './spans.ts';

/** How many points go where. Tests make them smaller. */
export interface Sizes {
  /** Points of a full block. One of half as many counts as full: it is not taken up again to be filled. */
  readonly block: number;
  /** While a run goes on, the newest rows of a metric stay rows: points that come a little late find their place there. */
  readonly keptRows: number;
  /** Fewer rows than these take less space than a block of them. */
  readonly leastRows: number;
  /** Blocks in a span. */
  readonly span: number;
}

const SIZES: Sizes = { block: 4096, keptRows: 1024, leastRows: 8, span: 64 };

const full = (sizes: Sizes) => sizes.block / 2;

/** Points that one piece of work takes up at most, or little more. */
const piece = (sizes: Sizes) => 2 * sizes.block;

/** While others write, rows before the last full block are merged into the blocks there when they are this part of the points. */
const LATE_PART = 1 / 16;

/** How long sealing goes on before it lets others write, in milliseconds. */
const TURN_MS = 5;

/** A run that was not written to for so long, in milliseconds, has all its points sealed. */
const QUIET_MS = { ended: 10_000, running: 10 * 60_000 } as const;

interface Counts {
  readonly metric: number;
  readonly count: number;
  readonly sealed: number;
  readonly packed: number;
}

/** A metric whose points are being sealed. */
interface Work extends SeriesId {
  readonly sizes: Sizes;
  /** Keep no rows back. */
  readonly whole: boolean;
  /** Whether rows among the full blocks are to be merged into them. */
  readonly late: boolean;
  /** Whether there are points enough for a span. */
  readonly spans: boolean;
}

/** A run that is being gone through. */
interface Visit {
  readonly run: number;
  readonly whole: boolean;
  /** When it was last written to, in milliseconds since the epoch. */
  readonly written: number;
  /** The metric to go on with. */
  metric: number;
  /** Whether there was nothing to seal so far, while nobody wrote. */
  vain: boolean;
}

/** Goes through the runs that may have something to seal, again and again. */
export class Sealing {
  readonly #connection: Connection;
  readonly #sizes: Sizes;
  #nextRun = 0;
  #visit: Visit | undefined;
  #work: Work | undefined;
  /** Whether anything was sealed since the first of the runs. */
  #sealed = false;
  /** Runs in which there was nothing to seal while nobody wrote, by when they had last been written to. */
  readonly #done = new Map<number, number>();

  constructor(connection: Connection, sizes = SIZES) {
    this.#connection = connection;
    this.#sizes = sizes;
  }

  /**
   * Seals for some milliseconds. To be called in a transaction.
   *
   * @param now milliseconds since the epoch
   * @param idle nobody has written for a while: what takes more time than it saves space is done, too
   * @returns whether there may be more to do
   */
  next(now = Date.now(), idle = false): boolean {
    const until = performance.now() + TURN_MS;
    while (this.#step(now, idle)) if (performance.now() >= until) return true;
    return false;
  }

  /** @returns whether there may be more to do */
  #step(now: number, idle: boolean): boolean {
    if (this.#work) {
      const { sizes, spans } = this.#work;
      if (
        sealPiece(this.#connection, this.#work) ||
        (spans && makeSpan(this.#connection, this.#work, sizes.span))
      )
        this.#sealed = true;
      else this.#work = undefined;
      return true;
    }
    if (this.#visit) {
      this.#work = this.#nextWork(this.#visit, idle);
      if (this.#work || !idle) this.#visit.vain = false;
      if (!this.#work) this.#leave(this.#visit);
      return true;
    }
    return this.#goOn(now);
  }

  /** Goes to the next run; behind the last one, to the first. */
  #goOn(now: number): boolean {
    const run = nextRun(this.#connection, this.#nextRun);
    if (!run) {
      const again = this.#sealed;
      this.#nextRun = 0;
      this.#sealed = false;
      return again;
    }
    const { id, status, last_write_at: written } = run;
    const whole = now - written >= (status === 'RUNNING' ? QUIET_MS.running : QUIET_MS.ended);
    if (!whole && this.#done.get(id) === written) this.#nextRun = id + 1;
    else this.#visit = { run: id, whole, written, metric: 0, vain: true };
    if (whole) statement(this.#connection, 'UPDATE run SET unsealed = 2 WHERE id = ?').run(id);
    return true;
  }

  #nextWork(visit: Visit, idle: boolean): Work | undefined {
    const counts = nextMetric(this.#connection, visit, this.#sizes);
    if (!counts) return undefined;
    visit.metric = counts.metric + 1;
    const series = { run: visit.run, metric: counts.metric };
    const { keptRows } = this.#sizes;
    const limit = idle ? keptRows : Math.max(keptRows, counts.packed * LATE_PART);
    const late =
      counts.packed > 0 && lateRows(this.#connection, series, this.#sizes) >= (visit.whole ? 1 : limit);
    const spans = counts.count >= this.#sizes.span * full(this.#sizes);
    return { ...series, sizes: this.#sizes, whole: visit.whole, late, spans };
  }

  /** A quiet run is not visited again until it is written to. */
  #leave({ run, whole, written, vain }: Visit): void {
    if (whole) {
      statement(this.#connection, 'UPDATE run SET unsealed = 0 WHERE id = ? AND unsealed = 2').run(run);
      this.#done.delete(run);
    } else if (vain) this.#done.set(run, written);
    this.#nextRun = run + 1;
    this.#visit = undefined;
  }
}

function nextRun(
  connection: Connection,
  from: number,
): Pick<RunRow, 'id' | 'status' | 'last_write_at'> | undefined {
  return statement<RunRow>(
    connection,
    'SELECT id, status, last_write_at FROM run WHERE unsealed > 0 AND id >= ? ORDER BY id LIMIT 1',
  ).get(from);
}

/** The next metric that may have something to seal. */
function nextMetric(connection: Connection, { run, metric, whole }: Visit, sizes: Sizes): Counts | undefined {
  const [rows, loose] = whole ? [sizes.leastRows, 1] : [2 * sizes.keptRows, sizes.block];
  return statement<Counts>(
    connection,
    `SELECT metric, count, sealed, packed FROM metric_summary
     WHERE run = ? AND metric >= ? AND (count - sealed >= ? OR sealed - packed >= ? OR packed - spanned >= ?)
     ORDER BY metric LIMIT 1`,
  ).get(run, metric, rows, loose, sizes.span * sizes.block);
}

/** How many rows lie before the end of the last full block. */
function lateRows(connection: Connection, series: SeriesId, sizes: Sizes): number {
  const block = lastBlockOf(connection, series, full(sizes));
  if (!block) return 0;
  return statement<{ count: number }>(
    connection,
    `SELECT count(*) AS count FROM metric_point
     WHERE run = ? AND metric = ? AND (step, timestamp, value) <= (?, ?, ?)`,
  ).get(series.run, series.metric, ...bound(block.last))?.count as number;
}

/** @returns false when the metric has nothing (more) to seal */
function sealPiece(connection: Connection, work: Work): boolean {
  return sealTail(connection, work) || (work.late && mergeLate(connection, work));
}

/** Makes blocks of what comes after the last full block, as far as it is worth it. */
function sealTail(connection: Connection, work: Work): boolean {
  const start = lastBlockOf(connection, work, full(work.sizes))?.last;
  const { blocks, rows } = takeUp(connection, work, start);
  const loose = blocks.reduce((total, block) => total + block.count, 0);
  const worth = work.whole
    ? rows.steps.length >= work.sizes.leastRows || blocks.some(block => block.loose)
    : rows.steps.length >= work.sizes.keptRows || loose >= work.sizes.block;
  if (worth) replace(connection, work, blocks, rows, start);
  return worth;
}

/** The next blocks that are not full and rows, both up to one place, and about as many as a piece may have. */
function takeUp(
  connection: Connection,
  work: Work,
  start: Key | undefined,
): { blocks: readonly Block[]; rows: Columns } {
  const most = piece(work.sizes);
  let rows = readRows(connection, work, { after: start, limit: most });
  const allRows = rows.steps.length < most;
  const kept = work.whole ? 0 : work.sizes.keptRows;
  if (allRows) rows = slice(rows, 0, Math.max(0, rows.steps.length - kept));
  const lastRow = allRows ? undefined : keyAt(rows, most - 1);
  const following = blocksAfter(connection, work, start, Math.ceil(most / work.sizes.leastRows) + 1);
  let points = 0;
  const count = following.findIndex(block => {
    const left = points >= most || (lastRow && compareKeys(block.first, lastRow) > 0);
    points += block.count;
    return left;
  });
  const next = following[count];
  if (!next) return { blocks: following, rows };
  return { blocks: following.slice(0, count), rows: slice(rows, 0, lowerBound(rows, next.first)) };
}

/** Merges the first late rows into the block where they belong. */
function mergeLate(connection: Connection, work: Work): boolean {
  const last = lastBlockOf(connection, work, full(work.sizes))?.last;
  if (!last) return false;
  const earliest = readRows(connection, work, { upTo: last, limit: 1 });
  if (earliest.steps.length === 0) return false;
  const key = keyAt(earliest, 0);
  const block = blockAt(connection, work, key) ?? blocksAfter(connection, work, undefined, 1)[0];
  if (!block) return false;
  const [next] = blocksAfter(connection, work, block.first, 1);
  const end = next ? next.first : last;
  const rows = readRows(connection, work, { upTo: end, limit: piece(work.sizes) });
  replace(connection, work, [block], rows, undefined);
  return true;
}

/** Puts new blocks in the place of blocks and rows; the rows are all that there are between `after` and the last of them. */
function replace(
  connection: Connection,
  work: Work,
  blocks: readonly Block[],
  rows: Columns,
  after: Key | undefined,
): void {
  const points = mergeColumns([...blocks.map(block => readPoints(connection, block)), rows]);
  for (const block of blocks) deleteBlock(connection, work, block);
  deleteRows(connection, work, rows, after);
  const isFull = (count: number) => count >= full(work.sizes);
  let packed = -blocks.reduce((sum, { count, loose }) => sum + (isFull(count) && !loose ? count : 0), 0);
  const total = points.steps.length;
  // What was a full block is split evenly, so that its parts count as full, too.
  const size = packed < 0 ? Math.ceil(total / Math.ceil(total / work.sizes.block)) : work.sizes.block;
  for (let start = 0; start < total; start += size) {
    const end = Math.min(total, start + size);
    insertBlock(connection, work, slice(points, start, end), false);
    if (isFull(end - start)) packed += end - start;
  }
  statement(
    connection,
    'UPDATE metric_summary SET sealed = sealed + ?, packed = packed + ? WHERE run = ? AND metric = ?',
  ).run(rows.steps.length, packed, work.run, work.metric);
}

function deleteRows(connection: Connection, series: SeriesId, rows: Columns, after: Key | undefined): void {
  const count = rows.steps.length;
  if (count === 0) return;
  const last = bound(keyAt(rows, count - 1));
  const { changes } = after
    ? statement(
        connection,
        `DELETE FROM metric_point WHERE run = ? AND metric = ?
           AND (step, timestamp, value) > (?, ?, ?) AND (step, timestamp, value) <= (?, ?, ?)`,
      ).run(series.run, series.metric, ...bound(after), ...last)
    : statement(
        connection,
        'DELETE FROM metric_point WHERE run = ? AND metric = ? AND (step, timestamp, value) <= (?, ?, ?)',
      ).run(series.run, series.metric, ...last);
  if (changes !== count) throw new Error(`${count} points were sealed, but ${changes} rows were there`);
}
