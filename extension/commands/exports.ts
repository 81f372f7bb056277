import path from 'node:path';
import * as vscode from 'vscode';
import { runStoreTask } from '../../daemon/client/store-task.ts';
import type { Archive, ExportOf } from '../../daemon/contract/archives.ts';
import { formatBytes } from '../../daemon/contract/display.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
import { askModel, askRun } from './ask.ts';

/** Commands that put something into an archive. A second argument names the file; else a person is asked. */
export function exportCommands(stores: Stores) {
  return {
    'modelthat.runs.export': async (argument, target) => {
      const subject = subjectOf(argument, 'run');
      const run = subject ? { ...subject, thing: subject.run } : await askRun(stores, 'Export Run');
      if (run) await exportTo(run.connection, { run: run.thing.id }, run.thing.name, target);
    },
    'modelthat.models.export': async (argument, target) => {
      const subject = subjectOf(argument, 'model');
      const model = subject ? { ...subject, thing: subject.model } : await askModel(stores, 'Export Model');
      if (model) await exportTo(model.connection, { model: model.thing.name }, model.thing.name, target);
    },
  } satisfies Partial<Handlers>;
}

async function exportTo(
  connection: StoreConnection,
  of: ExportOf,
  name: string,
  given: unknown,
): Promise<void> {
  const target = given instanceof vscode.Uri ? given : await askTarget(name);
  if (!target) return;
  const archive = await pack(connection, of, target.fsPath);
  if (archive) void tell(archive);
}

async function askTarget(name: string): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const file = `${name.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.zip`;
  return vscode.window.showSaveDialog({
    title: 'Export to a New File',
    saveLabel: 'Export',
    filters: { Archives: ['zip'] },
    ...(folder && { defaultUri: vscode.Uri.joinPath(folder, file) }),
  });
}

/** @returns nothing when it was cancelled */
function pack(connection: StoreConnection, of: ExportOf, target: string): Thenable<Archive | undefined> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Exporting to ${path.basename(target)}`,
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    try {
      const task = { kind: 'export' as const, of, path: target };
      const client = await connection.connect();
      return (await runStoreTask(client, task, message => progress.report({ message }), stop.signal)).archive;
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      throw error;
    }
  });
}

async function tell({ path: target, runs, files, bytes, damaged }: Archive): Promise<void> {
  const what = `${runs} runs and ${files} artifacts (${formatBytes(bytes)}) are in ${target}.`;
  if (damaged.length === 0) await vscode.window.showInformationMessage(what);
  else
    await vscode.window.showWarningMessage(
      `${what} Left out, as they are damaged in the store: ${damaged.join(', ')}.`,
    );
}
