/** Runs of a list that have the same, put together. */
import type { Database as Connection } from 'better-sqlite3';
import type { RunGroup } from '../../contract/run-lists.ts';
import { encodeDouble } from '../../contract/values.ts';
import { parseOrderBy } from '../filter/parse.ts';
import { fromColumn } from './doubles.ts';
import { attributeColumn } from './run-names.ts';
import { termOf } from './run-order.ts';

/** Integer ids of runs, and the groups that they stand in. */
interface GroupedRuns {
  readonly ids: readonly number[];
  readonly groups: readonly RunGroup[];
}

interface Group {
  readonly value: string | null;
  readonly ids: number[];
}

const START_COLUMN = attributeColumn('start_time');

/**
 * @param ids of runs in their order; a group stands where its first run does
 * @param by a name as in `order_by`; runs are grouped by the day of their start
 * @param metrics whose range and mean over each group are wanted
 * @throws ApiError when runs cannot be grouped by it
 */
export function groupRuns(
  connection: Connection,
  ids: readonly number[],
  by: string,
  metrics: readonly string[],
): GroupedRuns {
  const values = valuesOf(connection, by);
  const groups = new Map<string | null, Group>();
  for (const id of ids) {
    const value = values(id);
    const group = groups.get(value);
    if (group) group.ids.push(id);
    else groups.set(value, { value, ids: [id] });
  }
  const all = [...groups.values()];
  const placeOf = new Map(all.flatMap((group, place) => group.ids.map(id => [id, place])));
  const ranges = metrics.map(key => [key, rangesOf(connection, key, placeOf, all.length)] as const);
  return {
    ids: all.flatMap(group => group.ids),
    groups: all.map(({ value, ids: runs }, place) => ({
      value,
      runs: runs.length,
      metrics: Object.fromEntries(ranges.flatMap(([key, of]) => (of[place] ? [[key, of[place].told]] : []))),
    })),
  };
}

/** What a run has, by its integer id. */
function valuesOf(connection: Connection, by: string): (id: number) => string | null {
  const [ordering] = parseOrderBy([by]);
  if (!ordering) return () => null;
  const { lookup } = termOf(ordering);
  const value =
    lookup.sql === START_COLUMN ? `date(${lookup.sql} / 1000, 'unixepoch', 'localtime')` : lookup.sql;
  const read = connection
    .prepare<(string | number)[], string | null>(`SELECT CAST(${value} AS TEXT) FROM run WHERE run.id = ?`)
    .pluck();
  return id => read.get(...lookup.values, id) ?? null;
}

/** The least, the greatest and the mean of numbers that are added one by one. */
class Range {
  #min = Infinity;
  #max = -Infinity;
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    this.#sum += value;
    this.#count += 1;
  }

  get told(): RunGroup['metrics'][string] {
    const [min, mean, max] = [this.#min, this.#sum / this.#count, this.#max].map(encodeDouble);
    return { min, mean, max } as RunGroup['metrics'][string];
  }
}

/** @returns by the place of the group; groups without such a number have none */
function rangesOf(
  connection: Connection,
  key: string,
  placeOf: ReadonlyMap<number, number>,
  groups: number,
): (Range | undefined)[] {
  const ranges = new Array<Range | undefined>(groups).fill(undefined);
  const rows = connection
    .prepare<[string], { run: number; last: number | string }>(
      'SELECT run, last FROM metric_summary WHERE metric = (SELECT id FROM metric WHERE metric.key = ?)',
    )
    .iterate(key);
  for (const { run, last } of rows) {
    const place = placeOf.get(run);
    const value = fromColumn(last);
    if (place === undefined || Number.isNaN(value)) continue;
    ranges[place] ??= new Range();
    ranges[place].add(value);
  }
  return ranges;
}
