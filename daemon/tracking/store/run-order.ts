/** What runs are sorted by, and where in that order a run has its place. */
import type { Database as Connection } from 'better-sqlite3';
import { invalid } from '../../contract/errors.ts';
import { Double, decodeDouble, encodeDouble } from '../../contract/values.ts';
import type { Fragment } from '../filter/condition.ts';
import type { Comparison, Ordering } from '../filter/parse.ts';
import {
  attributeColumn,
  DERIVED_ATTRIBUTES,
  EXTREMES,
  entityOf,
  lookUp,
  NUMBER_ATTRIBUTES,
  TABLES,
  type Table,
} from './run-names.ts';

/** One of the things that runs are sorted by, first to last. */
export interface Term {
  readonly kind: 'metric' | 'number' | 'text';
  /** SQL of its value, for a FROM that has `run` and `join`. */
  readonly value: string;
  readonly join: Fragment;
  /** The same without the join. */
  readonly lookup: Fragment;
  readonly descending: boolean;
  /** Whether there are runs that have none. */
  readonly optional: boolean;
  /** Absent when there is no index of runs by it. */
  readonly index?: RunIndex | undefined;
}

/** An index in which runs, or what they have, stand in the order of a term. */
export interface RunIndex {
  /** For a FROM: the rows in it, and how the run of a row is joined. */
  readonly rows: string;
  readonly run: string;
  /** Which of its rows are meant. */
  readonly among: Fragment;
  /** What a filter says of the values: no run that fulfils it has a lesser or a greater one. */
  readonly least?: number | undefined;
  readonly greatest?: number | undefined;
}

export type Terms = readonly [Term, ...Term[]];

/** Values of all terms: NULL for none, 'NaN' for a metric that is no number. */
export type Position = readonly (string | number | null)[];

const NOTHING: Fragment = { sql: '', values: [] };

/**
 * The terms of an order, made complete: ties go by the newest start, then by id.
 *
 * @param comparisons the filter's
 * @param newest the index of runs by their start, if there is one for the search
 * @throws ApiError when runs cannot be sorted by one of them
 */
export function toTerms(
  orderings: readonly Ordering[],
  comparisons: readonly Comparison[],
  newest: Pick<RunIndex, 'rows' | 'among'> | undefined,
): Terms {
  const terms = orderings.map((ordering, place) => toTerm(ordering, place, comparisons));
  const known = new Set(terms.map(term => term.value));
  for (const ordering of [START, ID]) {
    const term = toTerm(ordering, terms.length, comparisons);
    if (!known.has(term.value)) terms.push(term);
  }
  const index = newest && { ...newest, run: '', ...boundsOf(comparisons.filter(isOfStart)) };
  return terms.map(term => (term.value === START_COLUMN ? { ...term, index } : term)) as [Term, ...Term[]];
}

const START: Ordering = { prefix: undefined, key: 'start_time', descending: true };
const ID: Ordering = { prefix: undefined, key: 'run_id', descending: false };
const START_COLUMN = attributeColumn(START.key);

const isOfStart = (comparison: Comparison) =>
  entityOf(comparison) === 'attribute' && NUMBER_ATTRIBUTES[comparison.key] === START_COLUMN;

/** What runs are sorted by, alone. @throws ApiError when they cannot be */
export function termOf(ordering: Ordering): Term {
  return toTerm(ordering, 0, []);
}

function toTerm(ordering: Ordering, place: number, comparisons: readonly Comparison[]): Term {
  const extreme = Object.hasOwn(EXTREMES, ordering.prefix ?? '') && EXTREMES[ordering.prefix ?? ''];
  if (extreme) return tableTerm(ordering, extreme, place);
  const entity = entityOf(ordering);
  if (entity === 'dataset')
    throw invalid("Invalid identifier type 'dataset' in order_by: runs are not sorted by data sets.");
  return entity === 'attribute' ? attributeTerm(ordering) : keyedTerm(ordering, entity, place, comparisons);
}

function attributeTerm({ key, descending }: Ordering): Term {
  const derived = Object.hasOwn(DERIVED_ATTRIBUTES, key) ? DERIVED_ATTRIBUTES[key] : undefined;
  if (derived) {
    const lookup = { sql: derived.sql, values: [] };
    return { kind: derived.kind, value: derived.sql, join: NOTHING, lookup, descending, optional: true };
  }
  const value = attributeColumn(key);
  const kind = Object.hasOwn(NUMBER_ATTRIBUTES, key) ? 'number' : 'text';
  const optional = value === NUMBER_ATTRIBUTES.end_time;
  return { kind, value, join: NOTHING, lookup: { sql: value, values: [] }, descending, optional };
}

function keyedTerm(
  ordering: Ordering,
  entity: keyof typeof TABLES,
  place: number,
  comparisons: readonly Comparison[],
): Term {
  const { key: of } = ordering;
  const table = TABLES[entity];
  const row = rowOf(place);
  const among = { sql: table.key(row), values: [of] };
  const same = (comparison: Comparison) => entityOf(comparison) === entity && comparison.key === of;
  return {
    ...tableTerm(ordering, table, place),
    index:
      table.byValue === undefined
        ? undefined
        : {
            rows: `${table.name} AS ${row} INDEXED BY ${table.byValue}`,
            run: `CROSS JOIN run ON run.id = ${row}.run`,
            among,
            ...boundsOf(comparisons.filter(same)),
          },
  };
}

/** The name of the row that a term joins. */
const rowOf = (place: number) => `sort${place}`;

/** What runs have by key, without an index. */
function tableTerm({ key: of, descending }: Ordering, table: Table, place: number): Term {
  const row = rowOf(place);
  return {
    kind: table.name === 'metric_summary' ? 'metric' : 'text',
    value: `${row}.${table.value}`,
    join: {
      sql: `LEFT JOIN ${table.name} AS ${row} ON ${row}.run = run.id AND ${table.key(row)}`,
      values: [of],
    },
    lookup: lookUp(table, of),
    descending,
    optional: true,
  };
}

function boundsOf(comparisons: readonly Comparison[]): Pick<RunIndex, 'least' | 'greatest'> {
  const values = (...comparators: Comparison['comparator'][]) =>
    comparisons.flatMap(({ comparator, value }) =>
      comparators.includes(comparator) && value.kind === 'number' ? [value.value] : [],
    );
  const [above, below] = [values('=', '>', '>='), values('=', '<', '<=')];
  return {
    least: above.length > 0 ? Math.max(...above) : undefined,
    greatest: below.length > 0 ? Math.min(...below) : undefined,
  };
}

/** For an ORDER BY. */
export function orderBy(terms: readonly Term[]): string {
  return terms.flatMap(term => [...(term.optional ? [rank(term)] : []), directed(term)]).join(', ');
}

export const directed = ({ value, descending }: Term) => `${value} ${descending ? 'DESC' : 'ASC'}`;

/** Numbers and texts come first, in either direction; then NaN; then runs that have none. */
const RANK = { value: 0, nan: 1, missing: 2 } as const;

const rank = ({ kind, value }: Term) =>
  kind === 'metric'
    ? `CASE WHEN ${value} IS NULL THEN ${RANK.missing} WHEN ${value} = 'NaN' THEN ${RANK.nan} ELSE ${RANK.value} END`
    : `CASE WHEN ${value} IS NULL THEN ${RANK.missing} ELSE ${RANK.value} END`;

const rankOf = ({ kind }: Term, value: Position[number]) => {
  if (value === null) return RANK.missing;
  return kind === 'metric' && value === 'NaN' ? RANK.nan : RANK.value;
};

/** Runs that come after a place in the order of some terms. */
export function comesAfter([term, ...terms]: readonly Term[], [value, ...values]: Position): Fragment {
  if (!term || value === undefined) return { sql: '0', values: [] };
  const rest = comesAfter(terms, values);
  const found = rankOf(term, value);
  if (value === null || found !== RANK.value) {
    const sql = rank(term);
    return { sql: `(${sql} > ${found} OR (${sql} = ${found} AND ${rest.sql}))`, values: rest.values };
  }
  const ahead = term.descending ? '<' : '>';
  const among = `(${term.value} ${ahead} ? OR (${term.value} = ? AND ${rest.sql}))`;
  if (term.optional)
    return { sql: `(${rank(term)} > ${found} OR ${among})`, values: [value, value, ...rest.values] };
  // What an index can begin with.
  return { sql: `(${term.value} ${ahead}= ? AND ${among})`, values: [value, value, value, ...rest.values] };
}

/** Where a run stands in an order. */
export function positionOf(connection: Connection, run: number, terms: readonly Term[]): Position {
  const joins = terms.map(term => term.join);
  return connection
    .prepare(
      `SELECT ${terms.map(({ value }) => value).join(', ')} FROM run ${joins.map(join => join.sql).join(' ')}
       WHERE run.id = ?`,
    )
    .raw()
    .get(...joins.flatMap(join => join.values), run) as Position;
}

/** A place in an order, as page tokens have it. */
export function encodePosition(position: Position): (Double | string | null)[] {
  return position.map(value => (typeof value === 'number' ? encodeDouble(value) : value));
}

/** @returns undefined when these are no values of the terms */
export function decodePosition(terms: Terms, values: readonly unknown[]): Position | undefined {
  const position = terms.map((term, place) => decodeValue(term, values[place]));
  return position.includes(undefined) ? undefined : (position as Position);
}

function decodeValue({ kind, optional }: Term, value: unknown): Position[number] | undefined {
  if (value === null) return optional ? null : undefined;
  if (kind === 'text') return typeof value === 'string' ? value : undefined;
  const number = Double.safeParse(value).data;
  if (number === 'NaN') return kind === 'metric' ? number : undefined;
  return number === undefined ? undefined : decodeDouble(number);
}
