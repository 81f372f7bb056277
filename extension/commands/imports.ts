import * as vscode from 'vscode';
import {
  cancelImport,
  getImport,
  type Import,
  type ImportProblem,
  SOURCE_NAMES,
  startImport,
} from '../../daemon/contract/imports.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';

const LOOK_EVERY_MS = 250;

/** Commands on stores of other trackers, and on archives. */
export function importCommands(stores: Stores) {
  return {
    'modelthat.runs.import': async argument => {
      const folder = argument instanceof vscode.Uri ? argument : await askFolder();
      const connection = folder && (stores.of(folder) ?? (await askStore(stores)));
      if (!folder || !connection) return;
      await connection.start();
      void tell(await importFrom(connection, folder.fsPath));
    },
    'modelthat.archives.import': async argument => {
      const archive = argument instanceof vscode.Uri ? argument : await askArchive();
      const connection = archive && (await askStore(stores));
      if (!archive || !connection) return;
      await connection.start();
      void tell(await importFrom(connection, archive.fsPath));
    },
  } satisfies Partial<Handlers>;
}

async function askFolder(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: 'Folder with MLflow Runs (mlruns, or one that holds mlruns or mlflow.db)',
    openLabel: 'Import',
    ...(vscode.workspace.workspaceFolders?.[0] && { defaultUri: vscode.workspace.workspaceFolders[0].uri }),
  });
  return chosen?.[0];
}

async function askArchive(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: 'Archive That modelthat Exported',
    openLabel: 'Import',
    filters: { Archives: ['zip'] },
  });
  return chosen?.[0];
}

async function askStore(stores: Stores): Promise<StoreConnection | undefined> {
  if (stores.all.length <= 1) return stores.all[0];
  const choices = stores.all.map(connection => ({
    label: connection.label,
    description: connection.store,
    connection,
  }));
  return (await vscode.window.showQuickPick(choices, { title: 'Import into Which Project?' }))?.connection;
}

/** Imports, with progress that can be cancelled. @returns the import as it ended */
function importFrom(connection: StoreConnection, path: string): Thenable<Import> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Importing ${path}`,
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    let now = await connection.call(startImport, { body: { path } });
    const input = { params: { importId: now.id } };
    let told = 0;
    while (now.state === 'running') {
      const { runs, of } = now.progress;
      const share = of === 0 ? 0 : (100 * runs) / of;
      progress.report({ message: `${runs} of ${of} runs`, increment: share - told });
      told = share;
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
      now = token.isCancellationRequested
        ? await connection.call(cancelImport, { ...input, body: {} })
        : await connection.call(getImport, input);
    }
    return now;
  });
}

/** Says how an import ended; what was left out is shown when it is asked for. */
async function tell(ended: Import): Promise<void> {
  const { state, counts, problems, problemCount } = ended;
  const source = `${SOURCE_NAMES[ended.kind]} ${ended.path}`;
  if (state === 'failed') {
    await vscode.window.showErrorMessage(`The import of ${source} failed: ${ended.message}`);
    return;
  }
  const amount = `${counts.runs.made} runs and ${counts.versions.made} model versions were added, ${counts.runs.same} runs were there already`;
  const text = `${state === 'cancelled' ? 'Import cancelled' : 'Imported'}: ${amount}.`;
  if (problemCount === 0) {
    await vscode.window.showInformationMessage(text);
    return;
  }
  const show = 'Show What Was Left Out';
  const answer = await vscode.window.showWarningMessage(
    `${text} ${problemCount} things were left out.`,
    show,
  );
  if (answer !== show) return;
  const content = problems.map(describe).join('\n');
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content }));
}

function describe({ place, line, message }: ImportProblem): string {
  return `${place}${line === undefined ? '' : `:${line}`}: ${message}`;
}
