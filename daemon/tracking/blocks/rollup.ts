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

const FIELDS = ['step', 'value', 'timestamp', 'count', 'numbers', 'sum', 'min', 'max'] as const;

/** The stretches of a block as bytes; null when it has but one. */
export function encodeRollups(columns: Columns): Buffer | null {
  const count = columns.steps.length;
  if (count <= STRETCH) return null;
  const rollups: Rollup[] = [];
  for (let start = 0; start < count; start += STRETCH)
    rollups.push(rollUp(columns, start, Math.min(count, start + STRETCH)));
  const bytes = Buffer.allocUnsafe(rollups.length * FIELDS.length * 8);
  let end = 0;
  for (const rollup of rollups) for (const field of FIELDS) end = bytes.writeDoubleLE(rollup[field], end);
  return bytes;
}

export function decodeRollups(bytes: Buffer): Rollup[] {
  const rollups: Rollup[] = [];
  for (let at = 0; at < bytes.length; at += FIELDS.length * 8) {
    const field = (place: number) => bytes.readDoubleLE(at + place * 8);
    rollups.push({
      step: field(0),
      value: field(1),
      timestamp: field(2),
      count: field(3),
      numbers: field(4),
      sum: field(5),
      min: field(6),
      max: field(7),
    });
  }
  return rollups;
}
