/** What stands beside each other: runs, or those that differ in their seed alone as one. */
import type { Run } from '../../daemon/contract/runs.ts';
import { isSeed } from '../../daemon/contract/seeds.ts';

/** One run, or several that are taken together. */
export interface Column {
  readonly name: string;
  readonly runs: readonly [Run, ...Run[]];
}

/** A column for each run. */
export function columnOfEach(runs: readonly Run[]): Column[] {
  return runs.map(run => ({ name: run.name, runs: [run] }));
}

/** Runs of one experiment with the same data and parameters, but for parameters that are seeds, as one. */
export function columnsOverSeeds(runs: readonly Run[]): Column[] {
  const groups = Map.groupBy(runs, run => JSON.stringify(withoutSeeds(run)));
  return [...groups.values()].flatMap(([first, ...rest]) => {
    if (!first) return [];
    const name = rest.length === 0 ? first.name : `${first.name} and ${rest.length} more`;
    return [{ name, runs: [first, ...rest] as const }];
  });
}

function withoutSeeds({ experimentId, params, datasets }: Run) {
  const kept = Object.entries(params).filter(([name]) => !isSeed(name));
  const data = datasets.map(({ name, digest }) => `${name}@${digest}`);
  return [experimentId, kept.sort(([a], [b]) => (a < b ? -1 : 1)), data.sort()];
}

/** Values of a metric that were taken together. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation of the sample (n − 1); NaN of a single value. */
  readonly deviation: number;
  /** How many values. */
  readonly count: number;
}

/** Mean and standard deviation of the last values of a metric; undefined when none of the runs has it. */
export function spreadOf(runs: readonly Run[], metric: string): Spread | undefined {
  const values = runs.flatMap(({ metrics }) => (metrics[metric] ? [Number(metrics[metric].last)] : []));
  const count = values.length;
  if (count === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: count === 1 ? Number.NaN : Math.sqrt(squares / (count - 1)), count };
}

/** Parameters by which runs differ, as `lr 0.1 · depth 6`: what tells them apart where their names do not. */
export function tellApart(run: Run, runs: readonly Run[], most = 3): string {
  const differing = Object.keys(run.params)
    .sort((a, b) => a.localeCompare(b))
    .filter(key => runs.some(({ params }) => params[key] !== run.params[key]));
  return differing
    .slice(0, most)
    .map(key => `${key} ${run.params[key]}`)
    .join(' · ');
}
