/** Metric points as columns, in the order in which blocks keep them. */

/** Points of one metric of one run: three columns of equal length. Steps and timestamps are integers. */
export interface Columns {
  readonly steps: Float64Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** One point; also a place in the order of points. */
export interface Key {
  readonly step: number;
  readonly timestamp: number;
  readonly value: number;
}

/** By (step, timestamp, value). NaN is above all numbers and equal to itself; 0 and -0 are equal: SQLite's order. */
export function compareKeys(left: Key, right: Key): number {
  return left.step - right.step || left.timestamp - right.timestamp || compareValues(left.value, right.value);
}

/** Numbers in their order, then NaN. */
export function compareValues(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}

export function keyAt(columns: Columns, place: number): Key {
  return {
    step: columns.steps[place] as number,
    timestamp: columns.timestamps[place] as number,
    value: columns.values[place] as number,
  };
}

export function emptyColumns(length: number): Columns {
  return {
    steps: new Float64Array(length),
    timestamps: new Float64Array(length),
    values: new Float64Array(length),
  };
}

/** -0 becomes 0, as it does in SQLite: a point is the same whether it is sealed or not. */
export function toColumns(points: readonly Key[]): Columns {
  const columns = emptyColumns(points.length);
  for (const [place, point] of points.entries()) {
    columns.steps[place] = point.step;
    columns.timestamps[place] = point.timestamp;
    columns.values[place] = point.value + 0;
  }
  return columns;
}

/** A view of the points from `start` up to and without `end`. */
export function slice(columns: Columns, start: number, end: number): Columns {
  return {
    steps: columns.steps.subarray(start, end),
    timestamps: columns.timestamps.subarray(start, end),
    values: columns.values.subarray(start, end),
  };
}

/** All points of all parts, one part after the other. */
export function concat(parts: readonly Columns[]): Columns {
  const filled = parts.filter(part => part.steps.length > 0);
  const [only] = filled;
  if (filled.length === 1 && only) return only;
  const whole = emptyColumns(filled.reduce((total, part) => total + part.steps.length, 0));
  let length = 0;
  for (const part of filled) {
    whole.steps.set(part.steps, length);
    whole.timestamps.set(part.timestamps, length);
    whole.values.set(part.values, length);
    length += part.steps.length;
  }
  return whole;
}

/** All points of all parts, in order. Parts that follow one another in order are not sorted. */
export function mergeColumns(parts: readonly Columns[]): Columns {
  const whole = concat(parts);
  return isOrdered(whole, compareKeys) ? whole : sorted(whole, compareKeys);
}

/** Whether no point comes after its successor. */
export function isOrdered(columns: Columns, compare: (left: Key, right: Key) => number): boolean {
  for (let place = 1; place < columns.steps.length; place += 1)
    if (compare(keyAt(columns, place - 1), keyAt(columns, place)) > 0) return false;
  return true;
}

/** The points in another order, as new columns. */
export function sorted(columns: Columns, compare: (left: Key, right: Key) => number): Columns {
  const keys = Array.from(columns.steps, (_, place) => keyAt(columns, place));
  return toColumns(keys.sort(compare));
}

/** How many points come before `key`, in columns that are in order. */
export function lowerBound(columns: Columns, key: Key): number {
  let low = 0;
  let high = columns.steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keyAt(columns, middle), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether the point is among these, which are in order. */
export function includes(columns: Columns, key: Key): boolean {
  const place = lowerBound(columns, key);
  return place < columns.steps.length && compareKeys(keyAt(columns, place), key) === 0;
}
