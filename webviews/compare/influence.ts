/** Which parameters matter for a metric, each by itself. */
import type { Dimension } from './dimensions.ts';

/** With fewer runs, an interval says nothing: it reaches from almost none to almost all. */
export const LEAST_RUNS = 10;
const RESAMPLES = 400;
/** Of the bootstrap interval. */
const CONFIDENCE = 0.95;

/** How much of a metric goes along with a parameter. */
export interface Influence {
  readonly name: string;
  /** The share of the variance of the metric's ranks that the parameter explains, adjusted for chance: 0 to 1. */
  readonly share: number;
  /** 95 % of the bootstrap's shares lie between these. */
  readonly low: number;
  readonly high: number;
  /** Spearman's ρ; undefined of categories. */
  readonly correlation: number | undefined;
  /** Runs that have both. */
  readonly runs: number;
}

/**
 * How much of a metric's ranking each parameter explains by itself.
 *
 * Numbers by Spearman's rank correlation (Spearman 1904, “The proof and measurement of association between two things”):
 * ρ². Categories by the correlation ratio of the ranks, which is what the Kruskal-Wallis test weighs (Kruskal & Wallis
 * 1952, “Use of ranks in one-criterion variance analysis”). Both are adjusted for what so many groups explain by chance,
 * as Kelley's ε² is (Kelley 1935, “An unbiased correlation ratio measure”): 1 − (1 − R²)(n − 1)/(n − k), with k = 2 for
 * numbers. The interval is the percentile interval of the bootstrap over runs (Efron 1979), with a generator of its own,
 * so that the same runs give the same answer.
 *
 * @returns undefined when fewer than `LEAST_RUNS` runs have both, or when every run has a category of its own
 */
export function influenceOf(parameter: Dimension, metric: Dimension): Influence | undefined {
  const pairs = parameter.values.flatMap((value, place): Pair[] => {
    const outcome = metric.values[place];
    return value !== undefined && typeof outcome === 'number' ? [[value, outcome]] : [];
  });
  if (pairs.length < LEAST_RUNS) return undefined;
  const measure = parameter.numeric ? shareOfNumbers : shareOfCategories;
  const share = measure(pairs);
  if (share === undefined) return undefined;
  const random = generator(pairs.length);
  const shares = Array.from({ length: RESAMPLES }, () => {
    const drawn = pairs.map(() => pairs[Math.floor(random() * pairs.length)] as Pair);
    return measure(drawn) ?? 0;
  }).sort((a, b) => a - b);
  const at = (quantile: number) => shares[Math.round(quantile * (RESAMPLES - 1))] ?? share;
  return {
    name: parameter.name,
    share,
    low: Math.min(share, at((1 - CONFIDENCE) / 2)),
    high: Math.max(share, at((1 + CONFIDENCE) / 2)),
    correlation: parameter.numeric ? spearman(pairs) : undefined,
    runs: pairs.length,
  };
}

type Pair = readonly [parameter: number | string, metric: number];

function shareOfNumbers(pairs: readonly Pair[]): number | undefined {
  return adjusted(spearman(pairs) ** 2, pairs.length, 2);
}

/** Spearman's ρ: 0 where one of both does not vary. */
function spearman(pairs: readonly Pair[]): number {
  const [xs, ys] = [ranks(pairs.map(([x]) => Number(x))), ranks(pairs.map(([, y]) => y))];
  const middle = (pairs.length + 1) / 2;
  let [both, first, second] = [0, 0, 0];
  for (const [place, x] of xs.entries()) {
    const [dx, dy] = [x - middle, (ys[place] ?? middle) - middle];
    both += dx * dy;
    first += dx * dx;
    second += dy * dy;
  }
  return first === 0 || second === 0 ? 0 : both / Math.sqrt(first * second);
}

function shareOfCategories(pairs: readonly Pair[]): number | undefined {
  const outcome = ranks(pairs.map(([, metric]) => metric));
  const middle = (pairs.length + 1) / 2;
  const total = outcome.reduce((sum, rank) => sum + (rank - middle) ** 2, 0);
  const groups = new Map<number | string, { sum: number; count: number }>();
  for (const [place, [category]] of pairs.entries()) {
    const { sum, count } = groups.get(category) ?? { sum: 0, count: 0 };
    groups.set(category, { sum: sum + (outcome[place] ?? middle), count: count + 1 });
  }
  const between = [...groups.values()].reduce(
    (all, { sum, count }) => all + count * (sum / count - middle) ** 2,
    0,
  );
  return adjusted(total === 0 ? 0 : between / total, pairs.length, groups.size);
}

/** @param groups k; undefined where nothing is left to judge by */
function adjusted(share: number, count: number, groups: number): number | undefined {
  if (count <= groups) return undefined;
  return Math.max(0, 1 - ((1 - share) * (count - 1)) / (count - groups));
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, place) => place).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const found = new Array<number>(values.length);
  for (let first = 0; first < order.length; ) {
    let last = first;
    while (last + 1 < order.length && values[order[last + 1] ?? 0] === values[order[first] ?? 0]) last += 1;
    for (let place = first; place <= last; place += 1) found[order[place] ?? 0] = (first + last) / 2 + 1;
    first = last + 1;
  }
  return found;
}

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
