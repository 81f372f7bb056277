/** The buckets of a chart. */
import type { SeriesPoint } from '../../contract/runs.ts';
import { encodeDouble } from '../../contract/values.ts';
import type { Columns } from './columns.ts';
import { type Rollup, rollUp } from './rollup.ts';

/** What a bucket wants to know of some points. */
export type Gathered = Omit<Rollup, 'value'>;

/** Points gathered by step. NaN counts as a point, but not into a bucket's mean and extremes. */
export class Buckets {
  readonly first: number;
  readonly width: number;
  readonly #most: number;
  /** By place; columns, as a chart has thousands of buckets. */
  readonly #steps: Float64Array;
  readonly #timestamps: Float64Array;
  readonly #counts: Float64Array;
  readonly #numbers: Float64Array;
  readonly #sums: Float64Array;
  readonly #mins: Float64Array;
  readonly #maxes: Float64Array;

  /** So many buckets for steps from `first` to `last`, all equally wide. */
  constructor(first: number, last: number, most: number) {
    this.first = first;
    this.width = (last - first + 1) / most;
    this.#most = most;
    this.#steps = new Float64Array(most).fill(Number.NEGATIVE_INFINITY);
    this.#timestamps = new Float64Array(most).fill(Number.NEGATIVE_INFINITY);
    this.#counts = new Float64Array(most);
    this.#numbers = new Float64Array(most);
    this.#sums = new Float64Array(most);
    this.#mins = new Float64Array(most).fill(Number.POSITIVE_INFINITY);
    this.#maxes = new Float64Array(most).fill(Number.NEGATIVE_INFINITY);
  }

  addPoints(points: Columns): void {
    const length = points.steps.length;
    for (let start = 0, end = 0; start < length; start = end) {
      const bucket = this.#placeOf(points.steps[start] as number);
      for (end = start + 1; end < length && this.#placeOf(points.steps[end] as number) === bucket; ) end += 1;
      this.add(rollUp(points, start, end));
    }
  }

  /** Adds points to the bucket where the last of them is. */
  add({ step, timestamp, count, numbers, sum, min, max }: Gathered): void {
    const place = this.#placeOf(step);
    this.#steps[place] = Math.max(this.#steps[place] as number, step);
    this.#timestamps[place] = Math.max(this.#timestamps[place] as number, timestamp);
    this.#counts[place] = (this.#counts[place] as number) + count;
    if (numbers === 0) return;
    this.#numbers[place] = (this.#numbers[place] as number) + numbers;
    this.#sums[place] = (this.#sums[place] as number) + sum;
    this.#mins[place] = Math.min(this.#mins[place] as number, min);
    this.#maxes[place] = Math.max(this.#maxes[place] as number, max);
  }

  /** Those that hold any point, in order. */
  toPoints(): SeriesPoint[] {
    const points: SeriesPoint[] = [];
    for (let place = 0; place < this.#most; place += 1) {
      const count = this.#counts[place] as number;
      if (count === 0) continue;
      const numbers = this.#numbers[place] as number;
      const known = (number: number | undefined) =>
        encodeDouble(numbers > 0 ? (number as number) : Number.NaN);
      points.push({
        step: this.#steps[place] as number,
        timestamp: this.#timestamps[place] as number,
        value: known((this.#sums[place] as number) / numbers),
        min: known(this.#mins[place]),
        max: known(this.#maxes[place]),
        count,
      });
    }
    return points;
  }

  #placeOf(step: number): number {
    return Math.min(this.#most - 1, Math.floor((step - this.first) / this.width));
  }
}
