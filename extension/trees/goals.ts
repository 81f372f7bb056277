import { listPipelines } from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/**
 * Names of the metrics by which the project's pipelines judge, those that matter first. They only decide what stands
 * beside a name, so that pipelines which cannot be read leave other trees whole.
 */
export async function goalsOf(connection: StoreConnection): Promise<string[]> {
  const { items } = await connection.call(listPipelines, {}).catch(() => ({ items: [] }));
  return items.flatMap(pipeline => Object.keys(pipeline.metrics));
}
