/** Starting executions, for commands and pages alike. */
import * as vscode from 'vscode';
import type { PagePlace } from '../../daemon/contract/pipeline-messages.ts';
import { type Execution, listPipelines, startExecution } from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/** What of a pipeline is to run, and how. */
export interface StartOptions {
  /** Overrides of parameters. */
  readonly set?: Readonly<Record<string, string>>;
  /** Only these steps; what they need is taken as done. */
  readonly only?: readonly string[];
  /** Only these steps and those that depend on them. */
  readonly from?: readonly string[];
}

/** Starts an execution. What is started is what is seen: unsaved changes are saved first. */
export async function startPipeline(
  connection: StoreConnection,
  file: string,
  { set = {}, only, from }: StartOptions,
): Promise<Execution> {
  if (!vscode.workspace.isTrusted) throw new Error('Nothing is run in a folder that is not trusted.');
  await vscode.workspace.saveAll(false);
  const steps = from ? await downstream(connection, file, from) : only && [...only];
  return connection.call(startExecution, { body: { file, set: { ...set }, ...(steps && { only: steps }) } });
}

/** These steps and all that depend on them. */
async function downstream(
  connection: StoreConnection,
  file: string,
  from: readonly string[],
): Promise<string[]> {
  const { items } = await connection.call(listPipelines, {});
  const steps = items.find(pipeline => pipeline.file === file)?.steps ?? [];
  const reached = new Set(from);
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const { name, needs } of steps) if (needs.some(need => reached.has(need))) reached.add(name);
  }
  return [...reached];
}

/** Shows a part of a pipeline's page. */
export type OpenPipeline = (connection: StoreConnection, file: string, place: PagePlace) => void;

/** Has a person see what was started. */
export async function showStarted(): Promise<void> {
  await vscode.commands.executeCommand('modelthat.pipelines.focus');
}
