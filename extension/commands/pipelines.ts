import * as vscode from 'vscode';
import { NEXT } from '../../daemon/contract/execution-choice.ts';
import { listPipelines, type Pipeline } from '../../daemon/contract/pipelines.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
import { askPipeline, type Of } from './ask.ts';
import { type OpenPipeline, showStarted, startPipeline } from './start.ts';
import { stepOfLens } from './step-of-lens.ts';

/** Commands on pipelines. */
export function pipelineCommands(stores: Stores, openPipeline: OpenPipeline) {
  return {
    'modelthat.pipelines.run': async argument => {
      await stores.startAll();
      const pipeline = await pipelineOf(stores, argument, 'Run Pipeline');
      if (!pipeline) return;
      await startPipeline(pipeline.connection, pipeline.thing.file, {});
      await showStarted();
    },
    'modelthat.pipelines.runWithParameters': async argument => {
      await stores.startAll();
      const pipeline = await pipelineOf(stores, argument, 'Run Pipeline with Parameters');
      if (pipeline) openPipeline(pipeline.connection, pipeline.thing.file, { form: true });
    },
    'modelthat.pipelines.open': async argument => {
      const execution = subjectOf(argument, 'execution');
      if (execution) {
        const { id, file } = execution.execution;
        return openPipeline(execution.connection, file, { chosen: id });
      }
      const step = subjectOf(argument, 'step') ?? stepOfLens(stores, argument);
      if (step)
        return openPipeline(step.connection, step.file, { chosen: step.execution?.id, step: step.name });
      const pipeline = await pipelineOf(stores, argument, 'Open Pipeline');
      if (pipeline) openPipeline(pipeline.connection, pipeline.thing.file, {});
    },
    'modelthat.pipelines.plan': async argument => {
      await stores.startAll();
      const pipeline = await pipelineOf(stores, argument, 'Plan Pipeline');
      if (pipeline) openPipeline(pipeline.connection, pipeline.thing.file, { chosen: NEXT });
    },
    'modelthat.pipelines.openFile': async argument => {
      const step = subjectOf(argument, 'step');
      if (step) return openAt(step.definedIn ?? step.file, step.line ?? 1);
      const place = subjectOf(argument, 'diagnostic');
      if (place) return openAt(place.file, place.line);
      const pipeline = await pipelineOf(stores, argument, 'Open Pipeline File');
      if (pipeline) await openAt(pipeline.thing.file, 1);
    },
  } satisfies Partial<Handlers>;
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

async function openAt(file: string, line: number): Promise<void> {
  const place = new vscode.Position(line - 1, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(place, place) });
}
