import type * as vscode from 'vscode';
import { formatAge } from '../../daemon/contract/display.ts';
import { listVersions, type ModelVersion } from '../../daemon/contract/models.ts';
import { listExecutions, type StepExecution } from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { type DaemonFacts, NO_FACTS } from '../language/daemon-facts.ts';
import { allModels } from '../trees/all-models.ts';
import { stepRow } from '../trees/pipeline-rows.ts';

/** Of so many models the metrics are known. */
const MODELS_WITH_METRICS = 20;

/** What the daemon of a pipeline file knows. None is started for it. */
export async function factsOf(
  stores: Stores,
  file: vscode.Uri,
  log: vscode.LogOutputChannel,
): Promise<DaemonFacts> {
  const connection = stores.of(file);
  if (connection?.state !== 'running') return NO_FACTS;
  try {
    const [models, executions] = await Promise.all([
      allModels(connection),
      connection.call(listExecutions, { query: { file: file.fsPath, limit: 1 } }),
    ]);
    const newest = await newestOf(
      connection,
      models.slice(0, MODELS_WITH_METRICS).map(({ name }) => name),
    );
    const steps = executions.items.flatMap(execution => execution.steps);
    return {
      models: models.map(({ name }) => name),
      metrics: [
        ...newest.flatMap(({ metrics }) => Object.keys(metrics)),
        ...steps.flatMap(({ metric }) => metric?.key ?? []),
      ],
      results: new Map(steps.map(step => [step.name, resultOf(step, Date.now())])),
    };
  } catch (error) {
    log.warn(`What the daemon knows of ${file.fsPath} could not be had: ${String(error)}`);
    return NO_FACTS;
  }
}

/** The newest version of each model. */
async function newestOf(connection: StoreConnection, models: readonly string[]): Promise<ModelVersion[]> {
  const pages = await Promise.all(
    models.map(name => connection.call(listVersions, { params: { name }, query: { limit: 1 } })),
  );
  return pages.flatMap(({ items }) => items);
}

function resultOf(step: StepExecution, now: number): string {
  const { description } = stepRow('', step, step, now);
  const age = step.endTime === null ? '' : formatAge(step.endTime, now);
  return [step.status, description, age].filter(Boolean).join(' · ');
}
