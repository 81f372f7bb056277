import { type Goal, listPipelines } from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/**
 * The metrics by which the project's pipelines judge, those that matter first, with what is better. They only decide what
 * stands beside a name, so that pipelines which cannot be read leave all else whole.
 */
export async function metricGoals(connection: StoreConnection): Promise<Record<string, Goal>> {
  const { items } = await connection.call(listPipelines, {}).catch(() => ({ items: [] }));
  return Object.fromEntries(items.flatMap(pipeline => Object.entries(pipeline.metrics)));
}

/** The names of these metrics alone. */
export async function goalsOf(connection: StoreConnection): Promise<string[]> {
  return Object.keys(await metricGoals(connection));
}
