/** The order of all runs of a search, for tables that look up what is in sight. */
import type { Database as Connection } from 'better-sqlite3';
import type { RouteReply } from '../../contract/route.ts';
import type { listRunIds as contract } from '../../contract/run-lists.ts';
import { statement } from '../../database/statements.ts';
import type { View } from '../model.ts';
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
}

/** The conditions and the order of a scope's runs. @throws ApiError when filter or order_by cannot be used */
export function wantedOf({ experimentIds, filter, view }: RunScope, orderBy: readonly string[] = []) {
  const ids = experimentIds.length > 0 ? experimentIds : undefined;
  return wantedRuns({ experimentIds: ids, filter, view, orderBy });
}

/** @throws ApiError when filter or order_by cannot be used */
export function listRunIds(connection: Connection, list: RunList): RouteReply<typeof contract> {
  const found = firstRuns(connection, wantedOf(list, list.orderBy), list.limit + 1);
  const uuid = statement<{ uuid: string }>(connection, 'SELECT uuid FROM run WHERE id = ?');
  const ids = found.slice(0, list.limit).map(id => uuid.get(id)?.uuid ?? '');
  return { ids, more: found.length > list.limit };
}
