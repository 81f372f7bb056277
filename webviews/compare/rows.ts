/** What runs are compared by: a row for each parameter and metric. */
import { formatChange, formatMetric } from '../../daemon/contract/display.ts';
import { goalOf } from '../../daemon/contract/goals.ts';
import type { Goal } from '../../daemon/contract/pipelines.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { encodeDouble } from '../../daemon/contract/values.ts';
import { type Column, type Spread, spreadOf } from './columns.ts';

/** How far a value is from that of the baseline. */
export interface Difference {
  /** `+0.012`. */
  readonly absolute: string;
  /** `+3.1 %`; empty where that means nothing. */
  readonly percent: string;
  /** In standard deviations of the baseline over its seeds, `1.8 sd`; empty where that is not known. */
  readonly spread: string;
  /** Undefined where nobody said what is better, and where there is no difference. */
  readonly verdict: 'better' | 'worse' | undefined;
}

/** One parameter or metric of one column. */
export interface Cell {
  /** Empty where it has none. */
  readonly text: string;
  /** Whether it is the best of its row. */
  readonly best: boolean;
  /** Whether it is not what the baseline has; false without one, and of the baseline itself. */
  readonly differs: boolean;
  /** Of a metric that the baseline has, too. */
  readonly difference: Difference | undefined;
}

/** One parameter or metric of all columns, in their order. */
export interface ComparedRow {
  readonly key: string;
  readonly cells: readonly Cell[];
  /** Whether it is the same in all of them. */
  readonly same: boolean;
}

/** What all others are set against. */
export interface Baseline {
  /** Its place among the columns. */
  readonly place: number;
  /** It, and the runs that differ from it in their seed alone. */
  readonly seeds: readonly Run[];
}

/** Runs that are taken together show all their values of a parameter: those of a seed. */
export function parameterRows(columns: readonly Column[], baseline?: Baseline): ComparedRow[] {
  return keysOf(columns, ({ params }) => params).map(key => {
    const values = columns.map(({ runs }) => valuesOf(runs, key));
    const base = baseline && values[baseline.place];
    const cells = values.map((text, place) => ({
      text: text ?? '',
      best: false,
      differs: baseline !== undefined && place !== baseline.place && text !== base,
      difference: undefined,
    }));
    return { key, cells, same: areSame(values) };
  });
}

function valuesOf(runs: readonly Run[], key: string): string | undefined {
  const values = runs.flatMap(({ params }) => params[key] ?? []);
  return values.length === 0 ? undefined : [...new Set(values)].join(', ');
}

/** By their last values, or the mean of these. */
export function metricRows(
  columns: readonly Column[],
  goals: Readonly<Record<string, Goal>>,
  baseline?: Baseline,
): ComparedRow[] {
  return keysOf(columns, ({ metrics }) => metrics).map(key => {
    const goal = goalOf(key, goals);
    const spreads = columns.map(({ runs }) => spreadOf(runs, key));
    const means = spreads.map(spread => spread?.mean);
    const best = bestOf(means, goal);
    const base = baseline && means[baseline.place];
    const deviation = baseline && spreadOf(baseline.seeds, key)?.deviation;
    const cells = means.map((mean, place) => ({
      text: textOf(spreads[place], columns[place]?.runs.length ?? 0),
      best: best !== undefined && mean === best,
      differs: baseline !== undefined && place !== baseline.place && !Object.is(mean, base),
      difference:
        baseline && place !== baseline.place ? differenceOf(mean, base, goal, deviation) : undefined,
    }));
    return { key, cells, same: areSame(means) };
  });
}

/** `0.25`; `0.25 ± 0.01 (5)` of several runs, with how many of them have it. */
function textOf(spread: Spread | undefined, runs: number): string {
  if (!spread) return '';
  const mean = formatMetric(encodeDouble(spread.mean));
  if (runs === 1) return mean;
  const deviation = Number.isNaN(spread.deviation)
    ? ''
    : ` ± ${formatMetric(Number(spread.deviation.toPrecision(2)))}`;
  return `${mean}${deviation} (${spread.count})`;
}

/** @param deviation of the baseline over its seeds */
function differenceOf(
  value: number | undefined,
  base: number | undefined,
  goal: Goal | undefined,
  deviation = Number.NaN,
): Difference | undefined {
  if (value === undefined || base === undefined) return undefined;
  const change = value - base;
  if (!Number.isFinite(change)) return undefined;
  const sign = change < 0 ? '−' : change > 0 ? '+' : '±';
  const deviations = Math.abs(change) / deviation;
  const gain = goal === 'minimize' ? -change : change;
  return {
    absolute: `${sign}${formatMetric(Number(Math.abs(change).toPrecision(3)))}`,
    percent: formatChange(value, base),
    spread: Number.isFinite(deviations) ? `${Number(deviations.toPrecision(2))} sd` : '',
    verdict: goal === undefined || change === 0 ? undefined : gain > 0 ? 'better' : 'worse',
  };
}

/** With one value there is nothing to be better than; where all are equal, none is best. */
function bestOf(numbers: readonly (number | undefined)[], goal: Goal | undefined): number | undefined {
  const finite = numbers.filter((value): value is number => value !== undefined && Number.isFinite(value));
  if (!goal || new Set(finite).size < 2) return undefined;
  return finite.reduce((a, b) => (goal === 'minimize' ? Math.min(a, b) : Math.max(a, b)));
}

const areSame = (values: readonly unknown[]) => values.every(value => Object.is(value, values[0]));

function keysOf(
  columns: readonly Column[],
  recordOf: (run: Run) => Readonly<Record<string, unknown>>,
): string[] {
  const keys = columns.flatMap(({ runs }) => runs.flatMap(run => Object.keys(recordOf(run))));
  return [...new Set(keys)].sort((a, b) => a.localeCompare(b));
}
