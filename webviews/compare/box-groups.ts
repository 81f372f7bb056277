/** The values of a metric by those of a parameter. */
import { axisOf, type Dimension, textOf } from './dimensions.ts';

/** Runs with one value of a parameter. */
export interface Box {
  readonly name: string;
  /** Of the metric, ascending. */
  readonly values: readonly number[];
  readonly median: number;
}

/** Boxes that can be told apart beside each other. */
const MOST_BOXES = 30;

/** In the order of the parameter's values. @returns how many values have no box, too */
export function boxesOf(by: Dimension, metric: Dimension): { boxes: Box[]; more: number } {
  const axis = axisOf(by);
  const groups = new Map<number | string, number[]>();
  for (const [place, value] of by.values.entries()) {
    const outcome = metric.values[place];
    if (value === undefined || typeof outcome !== 'number') continue;
    groups.set(value, [...(groups.get(value) ?? []), outcome]);
  }
  const boxes = [...groups]
    .toSorted(([a], [b]) => (axis.place(a) ?? 0) - (axis.place(b) ?? 0))
    .map(([value, values]): Box => {
      const sorted = values.toSorted((a, b) => a - b);
      return { name: textOf(value), values: sorted, median: medianOf(sorted) };
    });
  return { boxes: boxes.slice(0, MOST_BOXES), more: Math.max(0, boxes.length - MOST_BOXES) };
}

function medianOf(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}
