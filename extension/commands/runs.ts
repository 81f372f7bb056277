import * as vscode from 'vscode';
import { registerVersion } from '../../daemon/contract/models.ts';
import { deleteRun, type Run, restoreRun, updateRun } from '../../daemon/contract/runs.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { allModels } from '../trees/all-models.ts';
import { subjectOf } from '../trees/subject.ts';
import { askExperiments, askRun, type Of } from './ask.ts';

/** Shows a run's page. */
export type OpenRun = (connection: StoreConnection, runId: string) => void;

/** Shows the table of the runs of some experiments; of all, when none is named. */
export type OpenRuns = (connection: StoreConnection, experiments: readonly string[]) => void;

/** Commands on runs. */
export function runCommands(stores: Stores, openRun: OpenRun, openRuns: OpenRuns) {
  const runOf = async (argument: unknown, title: string, filter?: string): Promise<Of<Run> | undefined> => {
    const subject = subjectOf(argument, 'run');
    return subject ? { connection: subject.connection, thing: subject.run } : askRun(stores, title, filter);
  };

  return {
    'modelthat.runs.open': async argument => {
      const execution = subjectOf(argument, 'execution');
      if (execution) return openRun(execution.connection, execution.execution.runId);
      const run = await runOf(argument, 'Open Run');
      if (run) openRun(run.connection, run.thing.id);
    },
    'modelthat.runs.table': async argument => {
      const experiment = subjectOf(argument, 'experiment');
      if (experiment) return openRuns(experiment.connection, [experiment.experiment.id]);
      const chosen = await askExperiments(stores, 'Show Run Table');
      if (chosen) openRuns(chosen.connection, chosen.thing);
    },
    'modelthat.runs.copyId': async argument => {
      const run = await runOf(argument, 'Copy Run ID');
      if (run) await vscode.env.clipboard.writeText(run.thing.id);
    },
    'modelthat.runs.close': async argument => {
      const run = await runOf(argument, 'Close Silent Run', "attributes.status = 'RUNNING'");
      if (run) await closeRun(run.connection, run.thing);
    },
    'modelthat.runs.delete': async argument => {
      const run = await runOf(argument, 'Delete Run');
      if (run) await removeRun(run.connection, run.thing);
    },
    'modelthat.runs.restore': async () => {
      const run = await askRun(stores, 'Restore Deleted Run', '', 'deleted');
      await run?.connection.call(restoreRun, { params: { runId: run.thing.id }, body: {} });
    },
    'modelthat.models.register': async argument => {
      const run = await runOf(argument, 'Register Model of Run', "attributes.status != 'RUNNING'");
      if (run) await registerModel(run.connection, run.thing);
    },
  } satisfies Partial<Handlers>;
}

/** Ends a run whose client no longer writes. Its state is a person's word, so it is asked for. */
export async function closeRun(connection: StoreConnection, run: Run): Promise<void> {
  const states = [
    { label: 'Killed', detail: 'The script was ended before it was done.', status: 'KILLED' },
    { label: 'Failed', detail: 'The script failed.', status: 'FAILED' },
    { label: 'Finished', detail: 'The script did its work but did not say so.', status: 'FINISHED' },
  ] as const;
  const chosen = await vscode.window.showQuickPick(states, { title: `Close ${run.name} as` });
  if (!chosen) return;
  await connection.call(updateRun, { params: { runId: run.id }, body: { status: chosen.status } });
}

/** A deletion can be taken back, so it is not confirmed but offers the way back. */
async function removeRun(connection: StoreConnection, run: Run): Promise<void> {
  await connection.call(deleteRun, { params: { runId: run.id } });
  const undo = await vscode.window.showInformationMessage(`Run ${run.name} was moved to the bin.`, 'Restore');
  if (undo) await connection.call(restoreRun, { params: { runId: run.id }, body: {} });
}

async function registerModel(connection: StoreConnection, run: Run): Promise<void> {
  const known = (await allModels(connection)).map(({ name, stages }) => {
    const count = stages.reduce((sum, stage) => sum + stage.count, 0);
    return { label: name, description: `${count} version${count === 1 ? '' : 's'}` };
  });
  const other = { label: '$(add) New model…', description: '' };
  const title = `Register Model of ${run.name}`;
  const chosen = known.length > 0 ? await vscode.window.showQuickPick([...known, other], { title }) : other;
  const name =
    chosen === other
      ? await vscode.window.showInputBox({ title, prompt: 'Name of the new model', validateInput: emptyName })
      : chosen?.label;
  if (!name) return;
  const version = await connection.call(registerVersion, { params: { name }, body: { runId: run.id } });
  void vscode.window.showInformationMessage(`${name} has a new version ${version.version}.`);
}

function emptyName(name: string): string | undefined {
  return name.trim() ? undefined : 'A model needs a name.';
}
