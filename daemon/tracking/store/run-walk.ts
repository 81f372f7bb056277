/**
 * Finding the first runs in an order: among a few that an index tells, along an index that has them in this order, or by
 * sorting all.
 */
import type { Database as Connection } from 'better-sqlite3';
import { allOf, type Fragment } from '../filter/condition.ts';
import type { Condition } from './run-conditions.ts';
import {
  comesAfter,
  directed,
  orderBy,
  type Position,
  type RunIndex,
  type Term,
  type Terms,
} from './run-order.ts';

/** Which runs are wanted, and in what order. */
export interface Wanted {
  readonly conditions: readonly Condition[];
  readonly terms: Terms;
  /** They come after this place. */
  readonly after?: Position | undefined;
}

/** How many runs are looked at in which way. Tests make these smaller. */
export interface Limits {
  /** So few are best all looked at. */
  readonly few: number;
  /** So many are better looked up one by one than found by going through all runs. */
  readonly many: number;
  /** May be visited along an index for a page: each costs several times what sorting one does. */
  readonly visited: number;
  /** Are visited at once. More that have the same value are not sorted, but walked through in their own order. */
  readonly stretch: number;
}

const LIMITS: Limits = { few: 1000, many: 50_000, visited: 10_000, stretch: 2500 };

/** Integer ids of the first `count` runs that are wanted. */
export function firstRuns(
  connection: Connection,
  wanted: Wanted,
  count: number,
  limits: Limits = LIMITS,
): number[] {
  const few = narrowest(connection, wanted.conditions, limits.few);
  if (few) return sort(connection, few, wanted, count);
  const found = count < limits.visited ? walk(connection, wanted, count, limits) : undefined;
  return found ?? sort(connection, narrowest(connection, wanted.conditions, limits.many), wanted, count);
}

/** Of the conditions that an index knows the runs of, the one with the fewest; undefined when all have more than `most`. */
function narrowest(
  connection: Connection,
  conditions: readonly Condition[],
  most: number,
): Fragment | undefined {
  let found: Fragment | undefined;
  let least = most;
  for (const { runs } of conditions) {
    if (!runs) continue;
    const count = connection
      .prepare(`SELECT count(*) FROM (${runs.sql} LIMIT ${least})`)
      .pluck()
      .get(...runs.values) as number;
    if (count < least) [found, least] = [runs, count];
  }
  return found;
}

/** @param runs a SELECT of those among which the wanted ones are; absent = all */
function sort(
  connection: Connection,
  runs: Fragment | undefined,
  { conditions, terms, after }: Wanted,
  count: number,
): number[] {
  const from = runs
    ? { sql: `(${runs.sql}) AS candidate CROSS JOIN run ON run.id = candidate.run`, values: runs.values }
    : { sql: 'run', values: [] };
  return select(connection, {
    from: [from, ...terms.map(term => term.join)],
    where: [...conditions, ...(after ? [comesAfter(terms, after)] : [])],
    order: orderBy(terms),
    count,
  });
}

/** Along an index, where the order begins with one. @returns undefined when too many would have to be visited */
function walk(connection: Connection, wanted: Wanted, count: number, limits: Limits): number[] | undefined {
  const [first] = wanted.terms;
  if (!first.index) return sort(connection, undefined, wanted, count);
  const found: number[] = [];
  for (const range of rangesOf(first, first.index, wanted.after?.[0])) {
    const part = walkRange(connection, first.index, range, wanted, count - found.length, limits);
    if (!part) return undefined;
    found.push(...part);
  }
  // A filter by the very values is fulfilled by no run that has none.
  if (found.length === count || !first.optional || isBounded(first.index)) return found;
  const { sql, values } = first.lookup;
  const without = amongEqual(wanted, { sql: `${sql} IS NULL`, values }, null);
  const missing = walk(connection, without, count - found.length, limits);
  return missing && [...found, ...missing];
}

const isBounded = ({ least, greatest }: RunIndex) => least !== undefined || greatest !== undefined;

/** Values in an index from one to another in the direction of an order; open = without that value itself. */
interface Range {
  readonly start?: Limit | undefined;
  readonly end?: Limit | undefined;
}
interface Limit {
  readonly value: string | number;
  readonly open: boolean;
}

/** Where in its index the values of a term are, as far as they come after one of them. */
function rangesOf(
  { kind, descending }: Term,
  index: RunIndex,
  after: Position[number] | undefined,
): readonly Range[] {
  if (after === null) return [];
  const limit = (value: number | undefined) => (value === undefined ? undefined : { value, open: false });
  const low = limit(index.least);
  const high = limit(index.greatest) ?? (kind === 'metric' ? { value: 'NaN', open: true } : undefined);
  const [start, end] = descending ? [high, low] : [low, high];
  const nan = { value: 'NaN', open: false };
  const nans = kind === 'metric' && !isBounded(index) ? [{ start: nan, end: nan }] : [];
  if (after === undefined) return [{ start, end }, ...nans];
  return kind === 'metric' && after === 'NaN'
    ? nans
    : [{ start: { value: after, open: false }, end }, ...nans];
}

/** A stretch after the other, until enough are found. @returns undefined when too many would have to be visited */
function walkRange(
  connection: Connection,
  index: RunIndex,
  range: Range,
  wanted: Wanted,
  count: number,
  limits: Limits,
): number[] | undefined {
  const [term] = wanted.terms;
  const found: number[] = [];
  let start = range.start;
  for (let visited = 0; found.length < count; visited += limits.stretch) {
    if (visited >= limits.visited) return undefined;
    const ahead = inRange(term, index, { start, end: range.end });
    const first = valueAt(connection, term, index, ahead, 0);
    const next = valueAt(connection, term, index, ahead, limits.stretch);
    if (first === undefined) break;
    const end = next === undefined ? range.end : { value: next, open: true };
    const part =
      first === next
        ? walk(connection, amongEqual(wanted, equal(term, first), first), count - found.length, limits)
        : visit(connection, index, { start, end }, wanted, count - found.length);
    if (!part) return undefined;
    found.push(...part);
    if (next === undefined) break;
    start = { value: next, open: first === next };
  }
  return found;
}

const equal = ({ lookup }: Term, value: string | number): Fragment => ({
  sql: `${lookup.sql} = ?`,
  values: [...lookup.values, value],
});

/** The first runs with values in a range, read off the index. */
function visit(
  connection: Connection,
  index: RunIndex,
  range: Range,
  { conditions, terms, after }: Wanted,
  count: number,
): number[] {
  const [term, ...rest] = terms;
  return select(connection, {
    from: [{ sql: `${index.rows} ${index.run}`, values: [] }, ...rest.map(({ join }) => join)],
    where: [...inRange(term, index, range), ...conditions, ...(after ? [comesAfter(terms, after)] : [])],
    // All values here are of one rank, so that the index gives the order.
    order: [directed(term), orderBy(rest)].join(', '),
    count,
  });
}

/** The runs that are wanted and have one value of the first term, which is then none to sort them by. */
function amongEqual(
  { conditions, terms, after }: Wanted,
  condition: Fragment,
  value: Position[number],
): Wanted {
  return {
    conditions: [...conditions, condition],
    // Ids are the last term of all, and have no such index.
    terms: terms.slice(1) as [Term, ...Term[]],
    after: after?.[0] === value ? after.slice(1) : undefined,
  };
}

function inRange({ value, descending }: Term, index: RunIndex, { start, end }: Range): Fragment[] {
  const [ahead, behind] = descending ? ['<', '>'] : ['>', '<'];
  const limited = (symbol: string | undefined, limit: Limit | undefined) =>
    limit ? [{ sql: `${value} ${symbol}${limit.open ? '' : '='} ?`, values: [limit.value] }] : [];
  return [index.among, ...limited(ahead, start), ...limited(behind, end)];
}

function valueAt(
  connection: Connection,
  term: Term,
  { rows }: RunIndex,
  where: readonly Fragment[],
  place: number,
): string | number | undefined {
  const { sql, values } = allOf(where);
  return connection
    .prepare(`SELECT ${term.value} FROM ${rows} WHERE ${sql} ORDER BY ${directed(term)} LIMIT 1 OFFSET ?`)
    .pluck()
    .get(...values, place) as string | number | undefined;
}

function select(
  connection: Connection,
  query: { from: readonly Fragment[]; where: readonly Fragment[]; order: string; count: number },
): number[] {
  const where = allOf(query.where);
  return connection
    .prepare(
      `SELECT run.id FROM ${query.from.map(({ sql }) => sql).join(' ')} WHERE ${where.sql} ORDER BY ${query.order} LIMIT ?`,
    )
    .pluck()
    .all(...query.from.flatMap(({ values }) => values), ...where.values, query.count) as number[];
}
