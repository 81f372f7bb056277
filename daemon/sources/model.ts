/** How the values of a file's runs stand beside each other, and by which names a file is known: pure. */
import path from 'node:path';
import type { SourceMetric, SourceResults, SourceRun } from '../contract/sources.ts';
import { encodeDouble } from '../contract/values.ts';

/** A run with the row that it is kept in. */
export type RunRow = SourceRun & { readonly row: number };

/** A metric of one of the runs. */
export interface ValueRow {
  readonly runId: string;
  readonly key: string;
  readonly value: number;
}

/** A value of the version in Production. */
export interface ProductionRow extends ValueRow {
  readonly model: string;
  readonly version: number;
}

/** A line that logged a metric. */
export interface PlaceRow {
  readonly runId: string;
  readonly key: string;
  readonly line: number;
  readonly text: string;
}

/** What is known of a file's runs. */
export interface SourceRows {
  /** Newest first. */
  readonly runs: readonly RunRow[];
  readonly more: boolean;
  /** Those of newer runs first. */
  readonly values: readonly ValueRow[];
  readonly production: readonly ProductionRow[];
  readonly places: readonly PlaceRow[];
}

/** What is asked for: a file, and the folder that its project begins at. */
export interface SourceQuery {
  readonly file: string;
  readonly workspace: string;
}

/** Runs that came to nothing say nothing about the best. */
const COUNTS_FOR_BEST = new Set(['FINISHED', 'RUNNING']);
/** Values that show how a metric went from run to run. */
const RECENT = 30;

/**
 * The names that MLflow and the code of steps know a file by: its absolute path, and that from each folder between it and
 * the workspace, with `/` and as the platform writes it.
 */
export function namesOf(file: string, workspace: string): string[] {
  const names = new Set([file]);
  const inside = path.relative(workspace, file);
  if (inside.startsWith('..') || path.isAbsolute(inside)) return [...names];
  const parts = inside.split(path.sep);
  for (const index of parts.keys()) {
    const name = parts.slice(index).join(path.sep);
    for (const form of [name, name.replaceAll(path.sep, '/')]) names.add(form).add(`./${form}`);
  }
  return [...names];
}

/** The absolute path of code that a pipeline names relative to its folder. */
export function pathFrom(pipeline: string, code: string): string {
  return path.resolve(path.dirname(pipeline), code);
}

/** What a file logged, by the rows of its runs. */
export function resultsOf({ runs, more, values, production, places }: SourceRows): SourceResults {
  const counts = new Set(runs.filter(({ status }) => COUNTS_FOR_BEST.has(status)).map(({ id }) => id));
  const byKey = Map.groupBy(values, ({ key }) => key);
  const placesByKey = Map.groupBy(places, ({ key }) => key);
  const [last] = runs;
  return {
    last: last ? withoutRow(last) : null,
    runs: runs.length,
    more,
    metrics: [...byKey].map(([key, rows]): SourceMetric => {
      const [newest, before] = rows;
      const judged = rows.filter(({ runId, value }) => counts.has(runId) && !Number.isNaN(value));
      const lastOf = shown(newest as ValueRow);
      return {
        key,
        last: lastOf,
        before: before ? shown(before) : null,
        recent: rows.slice(0, RECENT).toReversed().map(shown),
        lowest: extreme(judged, (a, b) => a < b),
        highest: extreme(judged, (a, b) => a > b),
        production: inProduction(production.find(row => row.key === key)),
        places: (placesByKey.get(key) ?? [])
          .filter(place => place.runId === lastOf.runId)
          .map(({ line, text }) => ({ line, text })),
      };
    }),
  };
}

function withoutRow({ row: _, ...run }: SourceRows['runs'][number]) {
  return run;
}

const shown = ({ runId, value }: ValueRow) => ({ runId, value: encodeDouble(value) });

/** Of equal values the oldest: what came later did not make it better. */
function extreme(rows: readonly ValueRow[], isBetter: (a: number, b: number) => boolean) {
  const [first, ...others] = rows.toReversed();
  if (!first) return null;
  return shown(others.reduce((best, row) => (isBetter(row.value, best.value) ? row : best), first));
}

function inProduction(row: ProductionRow | undefined): SourceMetric['production'] {
  if (!row) return null;
  const { model, version, runId, value } = row;
  return { model, version, runId, value: encodeDouble(value) };
}
