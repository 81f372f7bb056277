/** Points of an Aim run: a key for each name and context. */
import { ApiError } from '../../contract/errors.ts';
import { checkKey } from '../../tracking/model.ts';
import { contextSuffix, keyCharacters } from '../context.ts';
import type { SourceMetric } from '../model.ts';
import { PointColumns } from '../points.ts';
import type { PointsLine } from './lines.ts';

/** Aim's prefix of what it measures about the machine, and MLflow's. */
const SYSTEM = { aim: /^__system__/, here: 'system/' } as const;

/** Epochs by step, as points of their own: those of MLflow have none. */
const EPOCH_KEY = 'aim.epoch';

interface Metric {
  /** The name and context whose points these are. */
  readonly origin: string;
  readonly columns: PointColumns;
}

/** Gathers the metrics of one run. */
export class AimPoints {
  readonly #problem: (key: string, why: string) => void;
  readonly #metrics = new Map<string, Metric | 'left out'>();
  readonly #epochs = new Set<string>();

  /** @param problem told of keys that are left out */
  constructor(problem: (key: string, why: string) => void) {
    this.#problem = problem;
  }

  /** @param startTime taken for points without a time */
  add(line: PointsLine, startTime: number): void {
    const suffix = contextSuffix(line.context);
    const key = keyCharacters(line.name.replace(SYSTEM.aim, SYSTEM.here)) + suffix;
    const columns = this.#columns(key, JSON.stringify([line.name, line.context]));
    if (!columns) return;
    for (const [index, step] of line.steps.entries()) {
      const time = line.times[index] ?? startTime;
      columns.add(step, time, line.values[index] ?? Number.NaN);
      const epoch = line.epochs[index];
      if (epoch !== null && epoch !== undefined) this.#addEpoch(suffix, { step, time, epoch });
    }
  }

  metrics(): SourceMetric[] {
    return [...this.#metrics].flatMap(([key, metric]) =>
      metric === 'left out' ? [] : [metric.columns.metric({ key })],
    );
  }

  /** The same for all metrics of one context, so it is kept once for each step. */
  #addEpoch(suffix: string, point: { step: number; time: number; epoch: number }): void {
    const key = EPOCH_KEY + suffix;
    const name = `${key} ${point.step} ${point.epoch}`;
    if (this.#epochs.has(name)) return;
    this.#epochs.add(name);
    this.#columns(key, EPOCH_KEY)?.add(point.step, point.time, point.epoch);
  }

  #columns(key: string, origin: string): PointColumns | undefined {
    const known = this.#metrics.get(key);
    if (known === 'left out') return undefined;
    if (known?.origin === origin) return known.columns;
    const why = known ? 'Another metric has the same key here' : reasonAgainst(key);
    if (why !== undefined) {
      this.#problem(key, `It was left out: ${why}.`);
      if (!known) this.#metrics.set(key, 'left out');
      return undefined;
    }
    const columns = new PointColumns();
    this.#metrics.set(key, { origin, columns });
    return columns;
  }
}

function reasonAgainst(key: string): string | undefined {
  try {
    checkKey(key, 'key');
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.message.replace(/\.$/, '');
  }
}
