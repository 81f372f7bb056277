import type * as vscode from 'vscode';
import { formatAge } from '../../daemon/contract/display.ts';
import { listModels } from '../../daemon/contract/models.ts';
import { listExecutions, type StepExecution } from '../../daemon/contract/pipelines.ts';
import type { Stores } from '../daemon/stores.ts';
import { type DaemonFacts, NO_FACTS } from '../language/daemon-facts.ts';
import { stepRow } from '../trees/pipeline-rows.ts';

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
      connection.call(listModels, {}),
      connection.call(listExecutions, { query: { file: file.fsPath, limit: 1 } }),
    ]);
    const steps = executions.items.flatMap(execution => execution.steps);
    const versions = models.items.flatMap(model => model.versions);
    return {
      models: models.items.map(({ name }) => name),
      metrics: [
        ...versions.flatMap(({ metrics }) => Object.keys(metrics)),
        ...steps.flatMap(({ metric }) => metric?.key ?? []),
      ],
      results: new Map(steps.map(step => [step.name, resultOf(step, Date.now())])),
    };
  } catch (error) {
    log.warn(`What the daemon knows of ${file.fsPath} could not be had: ${String(error)}`);
    return NO_FACTS;
  }
}

function resultOf(step: StepExecution, now: number): string {
  const { description } = stepRow('', step, step, now);
  const age = step.endTime === null ? '' : formatAge(step.endTime, now);
  return [step.status, description, age].filter(Boolean).join(' · ');
}
