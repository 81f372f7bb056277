import { filterOfIds } from '../../daemon/contract/run-lists.ts';
import { type Run, searchRuns } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from './store-connection.ts';

/**
 * Runs in the order of their ids, deleted ones too, without those that are gone for good.
 *
 * @param columns metrics, params and tags to look up; all without
 */
export async function runsById(
  connection: StoreConnection,
  ids: readonly string[],
  columns?: readonly string[],
): Promise<Run[]> {
  if (ids.length === 0) return [];
  const { items } = await connection.call(searchRuns, {
    body: {
      filter: filterOfIds(ids),
      ...(columns && { columns: [...columns] }),
      view: 'all',
      limit: ids.length,
    },
  });
  const found = new Map(items.map(run => [run.id, run]));
  return ids.flatMap(id => found.get(id) ?? []);
}
