/** Commands on a file that logs, and on its runs. */
import path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { COMPARED_RUNS } from '../../daemon/contract/compare-messages.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { factsOf } from '../editor/source-watch.ts';
import { selectedPython } from '../integrations/python.ts';
import { bestOf } from '../language/logging/notes.ts';
import type { OpenRun } from './runs.ts';

/** What lenses and hovers pass; links in hovers can carry nothing but JSON. */
const Argument = z.object({
  file: z.string(),
  /** The run that is meant; the last one without it. */
  run: z.string().optional(),
});

/** Shows runs beside each other. */
export type CompareRuns = (connection: StoreConnection, runIds: readonly string[]) => void;

/** Commands on files that log. From the palette they act on the file in front. */
export function sourceCommands(stores: Stores, openRun: OpenRun, compare: CompareRuns) {
  return {
    'modelthat.sources.openRun': async argument => {
      const { uri, run, connection } = sourceOf(stores, argument);
      const id = run ?? (await factsOf(connection, uri)).results.last?.id;
      if (id === undefined)
        throw new Error(`${path.basename(uri.fsPath)} has no run yet: run it in a terminal of this window.`);
      openRun(connection, id);
    },
    'modelthat.sources.compare': async argument => {
      const { uri, connection } = sourceOf(stores, argument);
      const { results, goals } = await factsOf(connection, uri);
      const ids = results.metrics.flatMap(metric =>
        [metric.last, metric.before, bestOf(metric, goals), metric.production].flatMap(
          value => value?.runId ?? [],
        ),
      );
      const runs = [...new Set(ids)].slice(0, COMPARED_RUNS);
      if (runs.length < 2)
        throw new Error(`${path.basename(uri.fsPath)} has no two runs with metrics that could be compared.`);
      compare(connection, runs);
    },
    'modelthat.sources.run': async argument => {
      const { uri, connection } = sourceOf(stores, argument);
      await vscode.workspace.textDocuments.find(each => each.uri.fsPath === uri.fsPath)?.save();
      await connection.start();
      await vscode.tasks.executeTask(await taskOf(uri));
    },
  } satisfies Partial<Handlers>;
}

/** @throws Error when neither the argument nor the editor names a file of a project */
function sourceOf(stores: Stores, argument: unknown) {
  const { data } = Argument.safeParse(argument);
  const uri = data ? vscode.Uri.file(data.file) : vscode.window.activeTextEditor?.document.uri;
  const connection = uri && stores.of(uri);
  if (!uri || !connection) throw new Error('Open a Python file of a project that tracks its runs first.');
  return { uri, run: data?.run, connection };
}

/** Runs a file as a program, without a shell that would read its name. Terminals' variables hold for tasks, too. */
async function taskOf(file: vscode.Uri): Promise<vscode.Task> {
  const name = path.basename(file.fsPath);
  const python = (await selectedPython(file.fsPath)) ?? (process.platform === 'win32' ? 'python' : 'python3');
  const cwd = vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath ?? path.dirname(file.fsPath);
  const task = new vscode.Task(
    { type: 'process' },
    vscode.TaskScope.Workspace,
    name,
    'modelthat',
    new vscode.ProcessExecution(python, [file.fsPath], { cwd }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: false };
  return task;
}
