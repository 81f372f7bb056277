/** What stretches of points come to: charts of many points are put together from these. */
import type { Columns } from './columns.ts';

/** What some consecutive points come to. Sum and extremes are of those that are numbers; NaN without any. */
export interface Rollup {
  /** Of the last point. */
  readonly step: number;
  readonly value: number;
  /** The latest. */
  readonly timestamp: number;
  readonly count: number;
  readonly numbers: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Points in each stretch within a block, save the last one. */
export const STRETCH = 64;

/** Points in each stretch of a span of blocks, save the last one of each block. */
export const LONG_STRETCH = 1024;

/** Stretches may leave out this part of the buckets of a chart: reading finer ones costs many times as much. */
const COARSENESS = 1 / 4;

/** Whether stretches of so many points make a chart with so many in a bucket. */
export function isFineEnough(points: number, perBucket: number): boolean {
  return perBucket >= (1 - COARSENESS) * points;
}

/** The points from `start` up to and without `end`; at least one. */
export function rollUp(columns: Columns, start: number, end: number): Rollup {
  let timestamp = Number.NEGATIVE_INFINITY;
  let numbers = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let place = start; place < end; place += 1) {
    timestamp = Math.max(timestamp, columns.timestamps[place] as number);
    const value = columns.values[place] as number;
    if (Number.isNaN(value)) continue;
    numbers += 1;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const none = numbers === 0;
  return {
    step: columns.steps[end - 1] as number,
    value: columns.values[end - 1] as number,
    timestamp,
    count: end - start,
    numbers,
    sum: none ? Number.NaN : sum,
    min: none ? Number.NaN : min,
    max: none ? Number.NaN : max,
  };
}

/** What some consecutive stretches come to together; at least one. */
export function combine(rollups: readonly Rollup[]): Rollup {
  const known = rollups.filter(({ numbers }) => numbers > 0);
  const none = known.length === 0;
  const total = (of: (rollup: Rollup) => number, parts = rollups) =>
    parts.reduce((sum, rollup) => sum + of(rollup), 0);
  const { step, value } = rollups.at(-1) as Rollup;
  return {
    step,
    value,
    timestamp: Math.max(...rollups.map(({ timestamp }) => timestamp)),
    count: total(({ count }) => count),
    numbers: total(({ numbers }) => numbers),
    sum: none ? Number.NaN : total(({ sum }) => sum, known),
    min: none ? Number.NaN : Math.min(...known.map(({ min }) => min)),
    max: none ? Number.NaN : Math.max(...known.map(({ max }) => max)),
  };
}

/** The long stretches that the stretches of a block make up. */
export function lengthen(rollups: readonly Rollup[]): Rollup[] {
  const long: Rollup[] = [];
  const each = LONG_STRETCH / STRETCH;
  for (let start = 0; start < rollups.length; start += each)
    long.push(combine(rollups.slice(start, start + each)));
  return long;
}

/** The stretches of a block. */
export function stretchesOf(columns: Columns): Rollup[] {
  const count = columns.steps.length;
  const rollups: Rollup[] = [];
  for (let start = 0; start < count; start += STRETCH)
    rollups.push(rollUp(columns, start, Math.min(count, start + STRETCH)));
  return rollups;
}

const FIELDS = ['step', 'value', 'timestamp', 'count', 'numbers', 'sum', 'min', 'max'] as const;

/** Bytes of an encoded one. */
export const ROLLUP_BYTES = FIELDS.length * 8;

/** Each as eight doubles, little endian, in the order of FIELDS. */
export function encodeRollups(rollups: readonly Rollup[]): Buffer {
  const bytes = Buffer.allocUnsafe(rollups.length * ROLLUP_BYTES);
  let end = 0;
  for (const rollup of rollups) for (const field of FIELDS) end = bytes.writeDoubleLE(rollup[field], end);
  return bytes;
}

/** Calls back for each in turn: a long curve has too many of them for an array. */
export function eachRollup(bytes: Uint8Array, take: (rollup: Rollup) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += ROLLUP_BYTES)
    take({
      step: view.getFloat64(at, true),
      value: view.getFloat64(at + 8, true),
      timestamp: view.getFloat64(at + 16, true),
      count: view.getFloat64(at + 24, true),
      numbers: view.getFloat64(at + 32, true),
      sum: view.getFloat64(at + 40, true),
      min: view.getFloat64(at + 48, true),
      max: view.getFloat64(at + 56, true),
    });
}

export function decodeRollups(bytes: Uint8Array): Rollup[] {
  const rollups: Rollup[] = [];
  eachRollup(bytes, rollup => rollups.push(rollup));
  return rollups;
}
