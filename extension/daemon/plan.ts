import { type Plan, planExecution } from '../../daemon/contract/pipelines.ts';
import { selectedPython } from '../integrations/python.ts';
import type { StoreConnection } from './store-connection.ts';

/** What running a pipeline from the editor would do. @param set overrides of parameters */
export async function planOf(
  connection: StoreConnection,
  file: string,
  set: Readonly<Record<string, string>> = {},
): Promise<Plan> {
  const python = await selectedPython(file);
  return connection.call(planExecution, { body: { file, set: { ...set }, python } });
}
