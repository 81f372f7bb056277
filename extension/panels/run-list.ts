/** Runs of a search in their order, as the daemon gives it: the first ones at once, all of them a while later. */
import { listRunIds } from '../../daemon/contract/run-lists.ts';
import type { RunTableView, SortKey } from '../../daemon/contract/run-table-messages.ts';
import { EXECUTION_TAG, type Run, searchRuns } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/** Runs that are shown before the others are listed: more than a screen has. */
const FIRST_RUNS = 50;

/** Tags that rows show without being asked for: where a run is from, and whether it is an execution's. */
export const ALWAYS = ['tags.`mlflow.source.name`', `tags.\`${EXECUTION_TAG}\``];

/** Whose runs are listed, and how. */
export interface RunSearch {
  readonly connection: StoreConnection;
  /** Ids; empty = all. */
  readonly experiments: readonly string[];
  readonly view: RunTableView;
}

/** A list of runs. */
export interface RunList {
  readonly ids: readonly string[];
  /** Whether there are more runs than it holds. */
  readonly more: boolean;
}

/** All runs of a search. @throws ApiError when the filter cannot be used */
export function listRuns({ connection, experiments, view }: RunSearch): Promise<RunList> {
  const { filter, sort } = view;
  return connection.call(listRunIds, {
    body: { experimentIds: [...experiments], filter, orderBy: sort.map(orderItem) },
  });
}

/**
 * The first runs of a search, which do not have to wait for the others.
 *
 * @returns `more` when there are others
 * @throws ApiError when the filter cannot be used
 */
export async function firstRuns({
  connection,
  experiments,
  view,
}: RunSearch): Promise<{ readonly runs: readonly Run[]; readonly more: boolean }> {
  const { filter, sort, columns } = view;
  const { items, nextPageToken } = await connection.call(searchRuns, {
    body: {
      ...{ experimentIds: [...experiments], filter, orderBy: sort.map(orderItem), limit: FIRST_RUNS },
      ...(columns && { columns: columnItems(columns.map(({ id }) => id)) }),
    },
  });
  return { runs: items, more: nextPageToken !== undefined };
}

/** What must be looked up of runs for some columns, and for what all rows show. Attributes always are there. */
export function columnItems(columns: readonly string[]): string[] {
  return [...new Set([...columns.flatMap(columnItem), ...ALWAYS])];
}

function columnItem(column: string): string[] {
  if (column.startsWith('best.')) return [quoted(column.replace('best.', 'metrics.'))];
  return /^(metrics|params|tags)\./.test(column) ? [quoted(column)] : [];
}

/** A column's id in the search language, whose keys may hold spaces: params.`batch size`. */
function quoted(column: string): string {
  const [entity = '', ...key] = column.split('.');
  return entity === 'attributes' ? column : `${entity}.\`${key.join('.')}\``;
}

function orderItem({ column, descending }: SortKey): string {
  return `${quoted(column)} ${descending ? 'DESC' : 'ASC'}`;
}
