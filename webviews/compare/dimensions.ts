/** Parameters and metrics as axes of charts. */
import { formatMetric } from '../../daemon/contract/display.ts';
import { goalOf } from '../../daemon/contract/goals.ts';
import { encodeDouble } from '../../daemon/contract/values.ts';
import type { Compared } from './comparison.ts';

/** A parameter or a metric of all runs. */
export interface Dimension {
  /** `param lr`, `metric loss`. */
  readonly id: string;
  readonly kind: 'param' | 'metric';
  readonly name: string;
  /** In the order of the runs; numbers when all are, else texts; undefined where a run has none, or no finite one. */
  readonly values: readonly (number | string | undefined)[];
  readonly numeric: boolean;
}

/** Where values are along an axis. */
export interface Axis {
  /** Whether its numbers are spaced by their logarithm. */
  readonly log: boolean;
  /** From 0 at the lower end to 1; undefined of what has no place. */
  place(value: number | string | undefined): number | undefined;
  /** Some places with their values as text, ascending. */
  readonly ticks: readonly { readonly place: number; readonly text: string }[];
  /** The value at a place as text; of categories, the nearest. */
  textAt(place: number): string;
}

/** Numbers over so many powers of ten, none of them 0 or less, are spaced by their logarithm. */
const LOG_FROM = 100;
const TICKS = 5;

/** All parameters and metrics of which the runs have more than one value: the others tell nothing apart. */
export function dimensionsOf({ runs }: Pick<Compared, 'runs'>): Dimension[] {
  const params = keysOf(runs.map(run => run.params)).map(name =>
    parameter(
      name,
      runs.map(run => run.params[name]),
    ),
  );
  const metrics = keysOf(runs.map(run => run.metrics)).map((name): Dimension => {
    const numbers = runs.map(run => (run.metrics[name] ? Number(run.metrics[name].last) : Number.NaN));
    const values = numbers.map(value => (Number.isFinite(value) ? value : undefined));
    return { id: `metric ${name}`, kind: 'metric', name, values, numeric: true };
  });
  return [...params, ...metrics].filter(({ values }) => distinct(values).length > 1);
}

function parameter(name: string, texts: readonly (string | undefined)[]): Dimension {
  const isNumber = (text: string | undefined) =>
    text === undefined || (text.trim() !== '' && Number.isFinite(Number(text)));
  const numeric = texts.every(isNumber);
  const values = numeric ? texts.map(text => (text === undefined ? undefined : Number(text))) : texts;
  return { id: `param ${name}`, kind: 'param', name, values, numeric };
}

/** The metric that matters most: one of which it is known what is better, those of the pipelines first. */
export function targetOf(dimensions: readonly Dimension[], { goals }: Compared): Dimension | undefined {
  const metrics = dimensions.filter(({ kind }) => kind === 'metric');
  const own = Object.keys(goals).flatMap(name => metrics.find(metric => metric.name === name) ?? []);
  return own[0] ?? metrics.find(({ name }) => goalOf(name, goals) !== undefined) ?? metrics[0];
}

/** The dimension that a person chose, or the one that stands for it. */
export function chosenOf(
  dimensions: readonly Dimension[],
  id: string,
  other: Dimension | undefined,
): Dimension | undefined {
  return dimensions.find(dimension => dimension.id === id) ?? other;
}

/** Text of a value; `–` where there is none. */
export function textOf(value: number | string | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'number' ? formatMetric(encodeDouble(value)) : value;
}

/** The axis of a dimension: numbers from the least to the greatest, or categories at equal distances. */
export function axisOf({ values, numeric }: Pick<Dimension, 'values' | 'numeric'>): Axis {
  const present = distinct(values);
  if (!numeric) return axisOfCategories(present.map(String).sort((a, b) => a.localeCompare(b)));
  return axisOfNumbers(present.map(Number));
}

function axisOfNumbers(numbers: readonly number[]): Axis {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const log = least > 0 && most / least >= LOG_FROM;
  const [to, back] = log ? [Math.log10, (x: number) => 10 ** x] : [(x: number) => x, (x: number) => x];
  const [low, high] = [to(least), to(most)];
  const valueAt = (place: number) => back(low + place * (high - low));
  const place = (value: number | string | undefined) => {
    if (typeof value !== 'number') return undefined;
    return high === low ? 0.5 : (to(value) - low) / (high - low);
  };
  const textAt = (at: number) => formatMetric(encodeDouble(Number(valueAt(at).toPrecision(3))));
  const ticks = Array.from({ length: TICKS }, (_, index) => index / (TICKS - 1));
  return { log, place, textAt, ticks: ticks.map(at => ({ place: at, text: textAt(at) })) };
}

function axisOfCategories(names: readonly string[]): Axis {
  const placeAt = (index: number) => (names.length === 1 ? 0.5 : index / (names.length - 1));
  return {
    log: false,
    place: value => (value === undefined ? undefined : placeAt(names.indexOf(String(value)))),
    ticks: names.map((text, index) => ({ place: placeAt(index), text })),
    textAt: place => names[Math.round(place * (names.length - 1))] ?? '',
  };
}

function distinct<Value>(values: readonly (Value | undefined)[]): Value[] {
  return [...new Set(values.filter((value): value is Value => value !== undefined))];
}

function keysOf(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.flatMap(record => Object.keys(record)))].sort((a, b) => a.localeCompare(b));
}
