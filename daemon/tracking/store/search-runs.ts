/** Searching runs by MLflow's filter language, sorted, a page at a time. */
import { createHash } from 'node:crypto';
import type { Database as Connection } from 'better-sqlite3';
import { invalid } from '../../contract/errors.ts';
import type { Run } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
import { allOf, type Fragment } from '../filter/condition.ts';
import { parseFilter, parseOrderBy } from '../filter/parse.ts';
import { TAG, type View } from '../model.ts';
import { decodePlaceToken, encodeToken, foreignToken, type Page } from '../pages.ts';
import { experimentNumber } from './experiments.ts';
import { toRuns, type WantedKeys } from './read-runs.ts';
import { type Condition, toCondition } from './run-conditions.ts';
import { entityOf } from './run-names.ts';
import { decodePosition, encodePosition, positionOf, type RunIndex, toTerms } from './run-order.ts';
import { firstRuns, type Limits, type Wanted } from './run-walk.ts';
import { RUN_COLUMNS, type RunRow } from './runs.ts';

export interface RunSearch {
  /** Absent = all experiments. */
  readonly experimentIds?: readonly string[] | undefined;
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly view: View;
  /** The only metrics, params and tags wanted, named as in `orderBy`; absent = all. */
  readonly columns?: readonly string[] | undefined;
  /** A run id: its children; null: runs without parent; absent: all. */
  readonly parentId?: string | null | undefined;
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

/**
 * Runs that fulfil the filter, sorted, a page at a time. A page begins after the run that the one before ended with,
 * wherever that is now.
 *
 * @throws ApiError when filter or order_by cannot be used, or the page token is not one of this search
 */
export function searchRuns(connection: Connection, search: RunSearch, limits?: Limits): Page<Run> {
  const identity = identityOf(search);
  const place = decodePlaceToken(search.pageToken, identity);
  const { conditions, terms } = wantedRuns(search);
  const after = place && decodePosition(terms, place);
  if (place && !after) throw foreignToken();
  const ids = firstRuns(connection, { conditions, terms, after }, search.limit + 1, limits);
  const found = ids.slice(0, search.limit);
  const items = toRuns(connection, readRows(connection, found), search.columns && toWanted(search.columns));
  const last = found.at(-1);
  if (ids.length === found.length || last === undefined) return { items };
  const end = encodePosition(positionOf(connection, last, terms));
  return { items, nextPageToken: encodeToken({ after: end, search: identity }) };
}

/** The runs of a search, and their order. @throws ApiError when filter or order_by cannot be used */
export function wantedRuns(
  search: Omit<RunSearch, 'limit' | 'pageToken'>,
): Pick<Wanted, 'conditions' | 'terms'> {
  const comparisons = parseFilter(search.filter);
  return {
    conditions: [...scope(search), ...comparisons.map(toCondition)],
    terms: toTerms(parseOrderBy(search.orderBy), comparisons, newest(search)),
  };
}

/** What a page token is bound to. */
function identityOf({ experimentIds, filter, orderBy, view, parentId }: RunSearch): string {
  const search = JSON.stringify([experimentIds, filter, orderBy, view, parentId]);
  return createHash('sha256').update(search).digest('base64url').slice(0, 16);
}

/** The rows of runs, in the order of their ids: sorting whole rows would cost more than looking them up again. */
function readRows(connection: Connection, ids: readonly number[]): RunRow[] {
  const read = statement<RunRow>(connection, `SELECT ${RUN_COLUMNS} FROM run WHERE id = ?`);
  return ids.map(id => read.get(id) as RunRow);
}

/** @throws ApiError when a column is none that can be left out */
function toWanted(columns: readonly string[]): WantedKeys {
  const keys = { metric: [] as string[], param: [] as string[], tag: [] as string[] };
  for (const [index, column] of parseOrderBy(columns).entries()) {
    const entity = entityOf(column);
    if (entity === 'attribute' || entity === 'dataset')
      throw invalid(
        `Invalid column '${columns[index]}': name metrics, params and tags, such as 'metrics.loss'; all else of a run is always there.`,
      );
    keys[entity].push(column.key);
  }
  return keys;
}

/** What is searched, as conditions. */
function scope(search: Pick<RunSearch, 'experimentIds' | 'view' | 'parentId'>): Condition[] {
  const place = allOf([...ofExperiments(search.experimentIds), ...ofLifecycle(search.view)]);
  const runs = { sql: `SELECT run.id AS run FROM run WHERE ${place.sql}`, values: place.values };
  return [{ ...place, runs }, ...ofParent(search.parentId)];
}

function ofExperiments(ids: readonly string[] | undefined): Fragment[] {
  const [only, ...others] = ids ?? [];
  if (only !== undefined && others.length === 0)
    return [{ sql: 'run.experiment = ?', values: [experimentNumber(only)] }];
  if (!ids) return [];
  const numbers = JSON.stringify(ids.map(experimentNumber));
  return [{ sql: 'run.experiment IN (SELECT value FROM json_each(?))', values: [numbers] }];
}

function ofLifecycle(view: View): Fragment[] {
  return view === 'all' ? [] : [{ sql: 'run.lifecycle = ?', values: [view] }];
}

function ofParent(id: string | null | undefined): Condition[] {
  if (id === undefined) return [];
  const ofRun = `run_tag WHERE run_tag.run = run.id AND run_tag.key = '${TAG.parentRunId}'`;
  if (id === null) return [{ sql: `NOT EXISTS (SELECT 1 FROM ${ofRun})`, values: [] }];
  return [
    {
      sql: `EXISTS (SELECT 1 FROM ${ofRun} AND run_tag.value = ?)`,
      values: [id],
      runs: { sql: `SELECT run FROM run_tag WHERE key = '${TAG.parentRunId}' AND value = ?`, values: [id] },
    },
  ];
}

/** The index of the searched runs by their start. */
function newest({
  experimentIds,
  view,
}: Pick<RunSearch, 'experimentIds' | 'view'>): Pick<RunIndex, 'rows' | 'among'> | undefined {
  if (view === 'all') return undefined;
  if (experimentIds?.length === 1)
    return {
      rows: 'run INDEXED BY run_newest_of_experiment',
      among: allOf([...ofExperiments(experimentIds), ...ofLifecycle(view)]),
    };
  return { rows: 'run INDEXED BY run_newest', among: allOf(ofLifecycle(view)) };
}
