import * as vscode from 'vscode';
import {
  cancelExecution,
  decideStep,
  type Execution,
  listPipelines,
  type Pipeline,
  startExecution,
} from '../../daemon/contract/pipelines.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import type { StepLogs } from '../editor/step-logs.ts';
import { type SubjectOf, subjectOf } from '../trees/subject.ts';
import { askActiveExecution, askPipeline, type Of } from './ask.ts';
import { flattenParameters, type Parameter } from './parameters.ts';
import type { OpenRun } from './runs.ts';

/** Commands on pipelines, their executions and steps. */
export function pipelineCommands(stores: Stores, logs: StepLogs, openRun: OpenRun) {
  return {
    'modelthat.pipelines.run': async argument => {
      await startAll(stores);
      const pipeline = await pipelineOf(stores, argument, 'Run Pipeline');
      if (pipeline) await start(pipeline.connection, pipeline.thing.file, {});
    },
    'modelthat.pipelines.runWithParameters': async argument => {
      await startAll(stores);
      const pipeline = await pipelineOf(stores, argument, 'Run Pipeline with Parameters');
      const set = pipeline && (await askParameters(pipeline.thing));
      if (set) await start(pipeline.connection, pipeline.thing.file, { set });
    },
    'modelthat.pipelines.openFile': async argument => {
      const place = subjectOf(argument, 'step', 'diagnostic');
      if (place) return openAt(place.file, place.line ?? 1);
      const pipeline = await pipelineOf(stores, argument, 'Open Pipeline File');
      if (pipeline) await openAt(pipeline.thing.file, 1);
    },
    'modelthat.steps.run': async argument => {
      await startAll(stores);
      const step = subjectOf(argument, 'step') ?? lensStep(stores, argument) ?? (await askStep(stores));
      if (step) await start(step.connection, step.file, { only: [step.name] });
    },
    'modelthat.steps.showLog': async argument => {
      const step = subjectOf(argument, 'step');
      if (step?.execution) return logs.open(step.connection, step.execution.id, step.name);
      const execution = await askActiveExecution(stores, 'Show Step Log');
      const name =
        execution &&
        (await askName(
          execution.thing.steps.map(each => each.name),
          'Show Step Log',
        ));
      if (name) await logs.open(execution.connection, execution.thing.id, name);
    },
    'modelthat.steps.openRun': argument => {
      const step = subjectOf(argument, 'step');
      if (step?.step?.runId) openRun(step.connection, step.step.runId);
    },
    'modelthat.steps.approve': argument => decide(stores, argument, 'approve'),
    'modelthat.steps.reject': argument => decide(stores, argument, 'reject'),
    'modelthat.executions.stop': async argument => {
      const execution = await executionOf(stores, argument, 'Stop Execution');
      if (execution) await stop(execution, false);
    },
    'modelthat.executions.forceStop': async argument => {
      const execution = await executionOf(stores, argument, 'Force Stop Execution');
      if (execution) await stop(execution, true);
    },
  } satisfies Partial<Handlers>;
}

/** Whoever runs something wants the daemons, also after they were stopped. */
async function startAll(stores: Stores): Promise<void> {
  await Promise.all(stores.all.map(connection => connection.start()));
}

/** The pipeline that a tree item or an open file stands for; otherwise a person chooses one. */
async function pipelineOf(
  stores: Stores,
  argument: unknown,
  title: string,
): Promise<Of<Pipeline> | undefined> {
  const subject = subjectOf(argument, 'pipeline');
  if (subject) return { connection: subject.connection, thing: subject.pipeline };
  if (!(argument instanceof vscode.Uri)) return askPipeline(stores, title);
  const connection = stores.of(argument);
  if (!connection) throw new Error(`${argument.fsPath} is in no folder of this window`);
  const { items } = await connection.call(listPipelines, {});
  const thing = items.find(pipeline => pipeline.file === argument.fsPath);
  if (!thing) throw new Error(`${argument.fsPath} is not a pipeline file that the daemon reads`);
  return { connection, thing };
}

async function executionOf(
  stores: Stores,
  argument: unknown,
  title: string,
): Promise<Of<Execution> | undefined> {
  const execution = subjectOf(argument, 'execution');
  if (execution) return { connection: execution.connection, thing: execution.execution };
  const pipeline = subjectOf(argument, 'pipeline');
  if (pipeline?.latest) return { connection: pipeline.connection, thing: pipeline.latest };
  return askActiveExecution(stores, title);
}

/** What is started is what is seen: unsaved changes are saved first. */
async function start(
  connection: StoreConnection,
  file: string,
  options: { set?: Record<string, string>; only?: string[] },
): Promise<void> {
  await vscode.workspace.saveAll(false);
  await connection.call(startExecution, { body: { file, ...options } });
  await vscode.commands.executeCommand('modelthat.pipelines.focus');
}

/** Asks the steps to end, or ends them. */
async function stop({ connection, thing }: Of<Execution>, force: boolean): Promise<void> {
  await connection.call(cancelExecution, { params: { executionId: thing.id }, body: { force } });
}

interface ParameterItem extends vscode.QuickPickItem {
  readonly parameter?: Parameter;
}

/** A form made of the pipeline's parameters. @returns the overrides; undefined when it was left */
async function askParameters(pipeline: Pipeline): Promise<Record<string, string> | undefined> {
  const parameters = flattenParameters(pipeline.params);
  const changed = new Map<string, string>();
  const title = `Run ${pipeline.name} with Parameters`;
  while (true) {
    const chosen = await vscode.window.showQuickPick(parameterItems(parameters, changed), {
      title,
      placeHolder: 'Choose a parameter to change it, or run',
      matchOnDescription: true,
    });
    if (!chosen) return undefined;
    if (!chosen.parameter) return Object.fromEntries(changed);
    const { path, value } = chosen.parameter;
    const entered = await vscode.window.showInputBox({
      title,
      prompt: path,
      value: changed.get(path) ?? value,
    });
    if (entered === undefined) continue;
    if (entered === value) changed.delete(path);
    else changed.set(path, entered);
  }
}

function parameterItems(
  parameters: readonly Parameter[],
  changed: ReadonlyMap<string, string>,
): ParameterItem[] {
  const number = changed.size;
  const run = number === 0 ? 'Run unchanged' : `Run with ${number} change${number === 1 ? '' : 's'}`;
  return [
    { label: `$(play) ${run}` },
    { label: 'Parameters', kind: vscode.QuickPickItemKind.Separator },
    ...parameters.map((parameter): ParameterItem => {
      const value = changed.get(parameter.path);
      return value === undefined
        ? { label: parameter.path, description: parameter.value, parameter }
        : { label: `$(edit) ${parameter.path}`, description: `${parameter.value} → ${value}`, parameter };
    }),
  ];
}

async function decide(stores: Stores, argument: unknown, decision: 'approve' | 'reject'): Promise<void> {
  const waiting = subjectOf(argument, 'step') ?? (await askWaitingStep(stores));
  if (!waiting?.execution) return;
  const reason = await vscode.window.showInputBox({
    title: `${decision === 'approve' ? 'Approve' : 'Reject'} ${waiting.name}`,
    prompt: waiting.step?.message || 'Why? The reason is kept.',
  });
  if (reason === undefined) return;
  await waiting.connection.call(decideStep, {
    params: { executionId: waiting.execution.id, step: waiting.name },
    body: { decision, reason },
  });
}

type StepChoice = Pick<SubjectOf<'step'>, 'connection' | 'file' | 'name' | 'execution' | 'step'>;

async function askWaitingStep(stores: Stores): Promise<StepChoice | undefined> {
  const execution = await askActiveExecution(stores, 'Decide');
  if (!execution) return undefined;
  const waiting = execution.thing.steps.filter(step => step.status === 'waiting');
  const name = await askName(
    waiting.map(step => step.name),
    'Decide',
  );
  const step = waiting.find(candidate => candidate.name === name);
  if (!step) return undefined;
  const { connection, thing } = execution;
  return { connection, file: thing.file, name: step.name, execution: thing, step };
}

/** The step of a lens in a pipeline file. */
export interface LensStep {
  readonly file: vscode.Uri;
  readonly step: string;
}

function lensStep(stores: Stores, argument: unknown): StepChoice | undefined {
  if (typeof argument !== 'object' || argument === null || !('step' in argument)) return undefined;
  const { file, step } = argument as LensStep;
  const connection = stores.of(file);
  return connection && { connection, file: file.fsPath, name: step, execution: undefined, step: undefined };
}

async function askStep(stores: Stores): Promise<StepChoice | undefined> {
  const pipeline = await askPipeline(stores, 'Run Step');
  const name =
    pipeline &&
    (await askName(
      pipeline.thing.steps.map(step => step.name),
      'Run Step',
    ));
  if (!name) return undefined;
  const { connection, thing } = pipeline;
  return { connection, file: thing.file, name, execution: undefined, step: undefined };
}

async function askName(names: readonly string[], title: string): Promise<string | undefined> {
  return names.length > 1 ? vscode.window.showQuickPick(names, { title }) : names[0];
}

async function openAt(file: string, line: number): Promise<void> {
  const place = new vscode.Position(line - 1, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(place, place) });
}
