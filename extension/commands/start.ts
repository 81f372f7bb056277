/** Starting executions, for commands and pages alike. */
import * as vscode from 'vscode';
import { ApiError } from '../../daemon/contract/errors.ts';
import type { PagePlace } from '../../daemon/contract/pipeline-messages.ts';
import {
  type Concurrency,
  type Execution,
  resumeExecution,
  startExecution,
} from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { selectedPython } from '../integrations/python.ts';

/** What of a pipeline is to run, and how. */
export interface StartOptions {
  /** Overrides of parameters. */
  readonly set?: Readonly<Record<string, string>>;
  /** Only these steps; what they need is taken as done. */
  readonly only?: readonly string[];
  /** Only these steps and those that depend on them. */
  readonly from?: readonly string[];
}

/**
 * Starts an execution. What is started is what is seen: unsaved changes are saved first.
 *
 * @returns undefined when it was not started, as another one runs
 */
export async function startPipeline(
  connection: StoreConnection,
  file: string,
  { set = {}, only, from }: StartOptions,
): Promise<Execution | undefined> {
  const steps = { ...(only && { only: [...only] }), ...(from && { from: [...from] }) };
  const python = await selectedPython(file);
  return begin(concurrency =>
    connection.call(startExecution, { body: { file, set: { ...set }, ...steps, python, concurrency } }),
  );
}

/** Runs what is left of an execution. */
export function resumePipeline(
  connection: StoreConnection,
  { id }: Execution,
): Promise<Execution | undefined> {
  const params = { executionId: id };
  return begin(concurrency => connection.call(resumeExecution, { params, body: { concurrency } }));
}

const QUEUE = 'Run It Afterwards';

/** While the pipeline runs, what is asked for can be queued. */
async function begin(ask: (concurrency: Concurrency) => Promise<Execution>): Promise<Execution | undefined> {
  if (!vscode.workspace.isTrusted) throw new Error('Nothing is run in a folder that is not trusted.');
  await vscode.workspace.saveAll(false);
  try {
    return await ask('skip');
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'RESOURCE_CONFLICT') throw error;
    const chosen = await vscode.window.showWarningMessage(error.message, QUEUE);
    return chosen === undefined ? undefined : ask('queue');
  }
}

/** Shows a part of a pipeline's page. */
export type OpenPipeline = (connection: StoreConnection, file: string, place: PagePlace) => void;

/** Has a person see what was started. */
export async function showStarted(): Promise<void> {
  await vscode.commands.executeCommand('modelthat.pipelines.focus');
}
