/** The order of all runs of a search, for tables that look up what is in sight. */
import type { Database as Connection } from 'better-sqlite3';
import type { RouteReply } from '../../contract/route.ts';
import type { listRunIds as contract } from '../../contract/run-lists.ts';
import { statement } from '../../database/statements.ts';
import type { View } from '../model.ts';
import { groupRuns } from './run-groups.ts';
import { firstRuns } from './run-walk.ts';
import { wantedRuns } from './search-runs.ts';

/** Which runs are meant. */
export interface RunScope {
  /** Empty = all experiments. */
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly view: View;
}

export interface RunList extends RunScope {
  readonly orderBy: readonly string[];
  readonly limit: number;
  /** Named as in `orderBy`: see groupRuns. */
  readonly groupBy?: string | undefined;
  /** Whose range and mean the groups tell. */
  readonly metrics: readonly string[];
}

/** The conditions and the order of a scope's runs. @throws ApiError when filter or order_by cannot be used */
export function wantedOf({ experimentIds, filter, view }: RunScope, orderBy: readonly string[] = []) {
  const ids = experimentIds.length > 0 ? experimentIds : undefined;
  return wantedRuns({ experimentIds: ids, filter, view, orderBy });
}

/** @throws ApiError when filter, order_by or the grouping cannot be used */
export function listRunIds(connection: Connection, list: RunList): RouteReply<typeof contract> {
  const found = firstRuns(connection, wantedOf(list, list.orderBy), list.limit + 1);
  const uuid = statement<{ uuid: string }>(connection, 'SELECT uuid FROM run WHERE id = ?');
  const uuids = (ids: readonly number[]) => ids.map(id => uuid.get(id)?.uuid ?? '');
  const listed = found.slice(0, list.limit);
  const more = found.length > list.limit;
  if (list.groupBy === undefined) return { ids: uuids(listed), more };
  const { ids, groups } = groupRuns(connection, listed, list.groupBy, list.metrics);
  return { ids: uuids(ids), more, groups: [...groups] };
}
