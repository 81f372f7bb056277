import type { SourceMetric } from './model.ts';

/** Gathers points of one metric into columns that grow. */
export class PointColumns {
  #steps = new Float64Array(64);
  #timestamps = new Float64Array(64);
  #values = new Float64Array(64);
  #length = 0;

  add(step: number, timestamp: number, value: number): void {
    if (this.#length === this.#steps.length) {
      this.#steps = grown(this.#steps);
      this.#timestamps = grown(this.#timestamps);
      this.#values = grown(this.#values);
    }
    this.#steps[this.#length] = step;
    this.#timestamps[this.#length] = timestamp;
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  /** What was gathered, each column in a buffer of its own. */
  metric(about: Omit<SourceMetric, 'steps' | 'timestamps' | 'values'>): SourceMetric {
    return {
      ...about,
      steps: this.#steps.slice(0, this.#length),
      timestamps: this.#timestamps.slice(0, this.#length),
      values: this.#values.slice(0, this.#length),
    };
  }
}

function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * column.length);
  larger.set(column);
  return larger;
}
