import * as vscode from 'vscode';
import { cancelExecution, decideStep, type Execution } from '../../daemon/contract/pipelines.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { Stores } from '../daemon/stores.ts';
import { showInTerminal } from '../editor/execution-terminal.ts';
import type { StepLogs } from '../editor/step-logs.ts';
import { type SubjectOf, subjectOf } from '../trees/subject.ts';
import { askActiveExecution, askPipeline, askUnfinishedExecution, type Of } from './ask.ts';
import { debugStep } from './debug.ts';
import type { OpenRun } from './runs.ts';
import { resumePipeline, type StartOptions, showStarted, startPipeline } from './start.ts';
import { stepOfLens } from './step-of-lens.ts';

/** Commands on executions and their steps. */
export function executionCommands(stores: Stores, logs: StepLogs, openRun: OpenRun) {
  const runStep = async (argument: unknown, title: string, options: (step: string) => StartOptions) => {
    await stores.startAll();
    const step =
      subjectOf(argument, 'step') ?? stepOfLens(stores, argument) ?? (await askStep(stores, title));
    if (!step) return;
    await startPipeline(step.connection, step.file, options(step.name));
    await showStarted();
  };

  return {
    'modelthat.steps.run': argument => runStep(argument, 'Run Step', step => ({ only: [step] })),
    'modelthat.steps.runFromHere': argument => runStep(argument, 'Run from Here', step => ({ from: [step] })),
    'modelthat.steps.debug': async argument => {
      await stores.startAll();
      const step =
        subjectOf(argument, 'step') ?? stepOfLens(stores, argument) ?? (await askStep(stores, 'Debug Step'));
      if (step) await debugStep(step);
    },
    'modelthat.steps.showLog': async argument => {
      const step = subjectOf(argument, 'step');
      if (step?.execution) return logs.open(step.connection, step.execution.id, step.name);
      const execution = await askActiveExecution(stores, 'Show Step Log');
      const names = execution?.thing.steps.map(each => each.name) ?? [];
      const name = await askName(names, 'Show Step Log');
      if (execution && name) await logs.open(execution.connection, execution.thing.id, name);
    },
    'modelthat.steps.openRun': argument => {
      const step = subjectOf(argument, 'step');
      if (step?.step?.runId) openRun(step.connection, step.step.runId);
    },
    'modelthat.steps.approve': argument => decide(stores, argument, 'approve'),
    'modelthat.steps.reject': argument => decide(stores, argument, 'reject'),
    'modelthat.executions.followLog': async argument => {
      const execution = executionOf(argument) ?? (await askActiveExecution(stores, 'Follow Log in Terminal'));
      if (execution) showInTerminal(execution.connection, execution.thing);
    },
    'modelthat.executions.resume': async argument => {
      await stores.startAll();
      const execution = executionOf(argument) ?? (await askUnfinishedExecution(stores, 'Resume Execution'));
      if (!execution) return;
      await resumePipeline(execution.connection, execution.thing);
      await showStarted();
    },
    'modelthat.executions.stop': async argument => {
      const execution = executionOf(argument) ?? (await askActiveExecution(stores, 'Stop Execution'));
      if (execution) await stop(execution, false);
    },
    'modelthat.executions.forceStop': async argument => {
      const execution = executionOf(argument) ?? (await askActiveExecution(stores, 'Force Stop Execution'));
      if (execution) await stop(execution, true);
    },
  } satisfies Partial<Handlers>;
}

/** The execution of a tree item: its own, or the newest of a pipeline. */
function executionOf(argument: unknown): Of<Execution> | undefined {
  const execution = subjectOf(argument, 'execution');
  if (execution) return { connection: execution.connection, thing: execution.execution };
  const pipeline = subjectOf(argument, 'pipeline');
  return pipeline?.latest && { connection: pipeline.connection, thing: pipeline.latest };
}

/** Asks the steps to end, or ends them. */
async function stop({ connection, thing }: Of<Execution>, force: boolean): Promise<void> {
  await connection.call(cancelExecution, { params: { executionId: thing.id }, body: { force } });
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

async function askStep(stores: Stores, title: string): Promise<StepChoice | undefined> {
  const pipeline = await askPipeline(stores, title);
  const name =
    pipeline &&
    (await askName(
      pipeline.thing.steps.map(step => step.name),
      title,
    ));
  if (!name) return undefined;
  const { connection, thing } = pipeline;
  return { connection, file: thing.file, name, execution: undefined, step: undefined };
}

async function askName(names: readonly string[], title: string): Promise<string | undefined> {
  return names.length > 1 ? vscode.window.showQuickPick(names, { title }) : names[0];
}
