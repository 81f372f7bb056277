/** What runs are compared by: a row for each parameter and metric. */
import { formatMetric } from '../../daemon/contract/display.ts';
import type { Goal } from '../../daemon/contract/pipelines.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { encodeDouble } from '../../daemon/contract/values.ts';

/** One parameter or metric of all runs, in their order. */
export interface ComparedRow {
  readonly key: string;
  /** Empty where a run has none. */
  readonly values: readonly string[];
  /** Places of the runs that are best by it; empty where nobody said what is better. */
  readonly best: readonly number[];
  /** Whether it is the same in all runs. */
  readonly same: boolean;
}

/** Names of metrics of which everybody knows what is better, as the last part of a name: `val_accuracy`, `test/rmse`. */
const KNOWN_GOALS: Readonly<Record<string, Goal>> = {
  ...{ loss: 'minimize', rmse: 'minimize', mse: 'minimize', mae: 'minimize', mape: 'minimize' },
  ...{ rmspe: 'minimize', accuracy: 'maximize', f1: 'maximize', auc: 'maximize', r2: 'maximize' },
  ...{ precision: 'maximize', recall: 'maximize' },
};

/** What is better of a metric: as the pipelines say, else as its name does; undefined = nobody knows. */
export function goalOf(key: string, goals: Readonly<Record<string, Goal>>): Goal | undefined {
  const last =
    key
      .toLowerCase()
      .split(/[/_.\s-]/)
      .at(-1) ?? '';
  if (Object.hasOwn(goals, key)) return goals[key];
  return Object.hasOwn(KNOWN_GOALS, last) ? KNOWN_GOALS[last] : undefined;
}

export function parameterRows(runs: readonly Run[]): ComparedRow[] {
  return keysOf(runs.map(({ params }) => params)).map(key => {
    const values = runs.map(({ params }) => params[key] ?? '');
    return { key, values, best: [], same: isSame(runs.map(({ params }) => params[key])) };
  });
}

/** By their last values. */
export function metricRows(runs: readonly Run[], goals: Readonly<Record<string, Goal>>): ComparedRow[] {
  return keysOf(runs.map(({ metrics }) => metrics)).map(key => {
    const numbers = runs.map(({ metrics }) => (metrics[key] ? Number(metrics[key].last) : undefined));
    const values = numbers.map(value => (value === undefined ? '' : formatMetric(encodeDouble(value))));
    return { key, values, best: bestOf(numbers, goalOf(key, goals)), same: isSame(numbers) };
  });
}

/** With one value there is nothing to be better than; where all are equal, none is best. */
function bestOf(numbers: readonly (number | undefined)[], goal: Goal | undefined): number[] {
  const finite = numbers.filter((value): value is number => value !== undefined && Number.isFinite(value));
  if (!goal || new Set(finite).size < 2) return [];
  const best = finite.reduce((a, b) => (goal === 'minimize' ? Math.min(a, b) : Math.max(a, b)));
  return numbers.flatMap((value, place) => (value === best ? [place] : []));
}

const isSame = (values: readonly unknown[]) => values.every(value => Object.is(value, values[0]));

function keysOf(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.flatMap(record => Object.keys(record)))].sort((a, b) => a.localeCompare(b));
}
