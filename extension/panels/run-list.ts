/** Runs of a search in their order, as the daemon gives it: the first ones at once, all of them a while later. */
import type { Goal } from '../../daemon/contract/pipelines.ts';
import { listRunIds, type RunColumns, type RunGroup } from '../../daemon/contract/run-lists.ts';
import type { RunTableView, SortKey } from '../../daemon/contract/run-table-messages.ts';
import { EXECUTION_TAG, type Run, STAR_TAG, searchRuns } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/** Runs that are shown before the others are listed: more than a screen has. */
const FIRST_RUNS = 50;

/** Metrics whose means a group tells when nobody chose columns. */
const GROUPED_METRICS = 20;

/** Tags that rows show without being asked for: where a run is from, whether it is an execution's, and starred. */
const ALWAYS = ['mlflow.source.name', EXECUTION_TAG, STAR_TAG].map(tag => `tags.\`${tag}\``);

/** What is better, of metrics. */
export type Goals = Readonly<Record<string, Goal>>;

/** Whose runs are listed, and how. */
export interface RunSearch {
  readonly connection: StoreConnection;
  /** Ids; empty = all. */
  readonly experiments: readonly string[];
  readonly view: RunTableView;
  readonly goals: Goals;
}

/** A list of runs. */
export interface RunList {
  readonly ids: readonly string[];
  /** Whether there are more runs than it holds. */
  readonly more: boolean;
  /** The first so many ids are the first group's, and so on; absent without groups. */
  readonly groups?: readonly RunGroup[] | undefined;
}

/** The search as the daemon takes it. */
export function searchOf({ experiments, view, goals }: RunSearch) {
  const { filter, sort, lifecycle } = view;
  const orderBy = sort.map(key => orderItem(key, goals));
  return { experimentIds: [...experiments], filter, orderBy, view: lifecycle };
}

/**
 * All runs of a search.
 *
 * @param known what there is of metrics, for those whose means groups tell
 * @throws ApiError when the filter cannot be used
 */
export function listRuns(search: RunSearch, known?: RunColumns): Promise<RunList> {
  const { groupBy } = search.view;
  const grouping = groupBy !== undefined && {
    groupBy: quoted(groupBy),
    metrics: groupedMetrics(search.view, known),
  };
  return search.connection.call(listRunIds, { body: { ...searchOf(search), ...grouping } });
}

function groupedMetrics({ columns }: RunTableView, known: RunColumns | undefined): string[] {
  if (!columns) return (known?.metrics ?? []).slice(0, GROUPED_METRICS).map(({ key }) => key);
  const keys = columns.flatMap(({ id }) => /^(?:metrics|best)\.(.+)$/s.exec(id)?.[1] ?? []);
  return [...new Set(keys)].slice(0, 100);
}

/**
 * The first runs of a search, which do not have to wait for the others.
 *
 * @returns `more` when there are others
 * @throws ApiError when the filter cannot be used
 */
export async function firstRuns(
  search: RunSearch,
): Promise<{ readonly runs: readonly Run[]; readonly more: boolean }> {
  const { columns } = search.view;
  const { items, nextPageToken } = await search.connection.call(searchRuns, {
    body: {
      ...searchOf(search),
      limit: FIRST_RUNS,
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

function orderItem({ column, descending }: SortKey, goals: Goals): string {
  return `${quoted(column.replace(/^best\.(.*)$/s, (_, key) => `${extremeOf(key, goals)}.${key}`))} ${descending ? 'DESC' : 'ASC'}`;
}

/** Which end of a metric is the better one: the lesser, unless a pipeline says otherwise. */
function extremeOf(metric: string, goals: Goals): 'min' | 'max' {
  return goals[metric] === 'maximize' ? 'max' : 'min';
}
