import type { DaemonClient } from '../client/client.ts';
import { missing } from '../contract/errors.ts';
import { type Execution, getExecution, listExecutions } from '../contract/pipelines.ts';

/**
 * The execution with this id, or the newest.
 *
 * @throws ApiError when there is no such execution, or none at all
 */
export async function findExecution(client: DaemonClient, id: string | undefined): Promise<Execution> {
  if (id !== undefined) return client.call(getExecution, { params: { executionId: id } });
  const [newest] = (await client.call(listExecutions, { query: { limit: 1 } })).items;
  if (!newest) throw missing('No executions yet. Start one with: modelthat run');
  return newest;
}
