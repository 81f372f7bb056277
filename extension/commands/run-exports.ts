/** What the table's runs are written to: files for other programs, and notebooks that load them. */
import path from 'node:path';
import * as vscode from 'vscode';
import { exportRuns, type RunSelection } from '../../daemon/client/run-export/export.ts';
import type { ExportFormat } from '../../daemon/client/run-export/formats.ts';
import { filterOfIds } from '../../daemon/contract/run-lists.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

const FORMATS: readonly (vscode.QuickPickItem & { readonly format: ExportFormat })[] = [
  { label: 'CSV', format: 'csv', detail: 'For spreadsheets; the columns of mlflow.search_runs' },
  { label: 'Parquet', format: 'parquet', detail: 'For pandas, Polars and DuckDB; with types' },
  { label: 'JSON', format: 'json', detail: 'All of each run, with the range of its metrics' },
];

/** Writes runs to a file that a person chooses. @param name of the file that is proposed */
export async function exportTable(
  connection: StoreConnection,
  runs: RunSelection,
  name: string,
): Promise<void> {
  const chosen = await vscode.window.showQuickPick(FORMATS, { title: 'Format of the Table' });
  if (!chosen) return;
  const { format, label } = chosen;
  const folder = vscode.Uri.file(connection.workspace);
  const target = await vscode.window.showSaveDialog({
    title: 'Export Runs',
    saveLabel: 'Export',
    filters: { [label]: [format] },
    defaultUri: vscode.Uri.joinPath(folder, `${name.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.${format}`),
  });
  if (!target) return;
  const written = await writeTable(connection, { runs, format, file: target.fsPath });
  if (written === undefined) return;
  const open = await vscode.window.showInformationMessage(
    `${written === 1 ? '1 run is' : `${written.toLocaleString('en')} runs are`} in ${path.basename(target.fsPath)}.`,
    ...(format === 'parquet' ? [] : ['Open']),
  );
  if (open) await vscode.commands.executeCommand('vscode.open', target);
}

/** @returns how many; nothing when it was cancelled */
function writeTable(
  connection: StoreConnection,
  job: Parameters<typeof exportRuns>[1],
): Thenable<number | undefined> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Exporting to ${path.basename(job.file)}`,
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    const tell = (written: number) => progress.report({ message: `${written.toLocaleString('en')} runs` });
    try {
      return await exportRuns(await connection.connect(), job, tell, stop.signal);
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      throw error;
    }
  });
}

/** Shows a new notebook that loads runs into a data frame. */
export async function openAsNotebook(connection: StoreConnection, runs: RunSelection): Promise<void> {
  const cells = notebookCells(connection.store, runs).map(
    ({ code, text }) =>
      new vscode.NotebookCellData(
        code ? vscode.NotebookCellKind.Code : vscode.NotebookCellKind.Markup,
        text,
        code ? 'python' : 'markdown',
      ),
  );
  const document = await vscode.workspace.openNotebookDocument(
    'jupyter-notebook',
    new vscode.NotebookData(cells),
  );
  await vscode.window.showNotebookDocument(document);
}

interface Cell {
  readonly code: boolean;
  readonly text: string;
}

/** The notebook has no token in it: a kernel that was not given one asks the command line. */
export function notebookCells(store: string, runs: RunSelection): Cell[] {
  const ids = 'runIds' in runs ? runs.runIds : undefined;
  const {
    experimentIds = [],
    filter = '',
    orderBy = [],
  } = 'runIds' in runs ? { filter: filterOfIds(runs.runIds) } : runs;
  const connect = [
    'import json',
    'import os',
    'import subprocess',
    '',
    'if "MLFLOW_TRACKING_URI" not in os.environ:',
    `    command = ["modelthat", "--store", ${JSON.stringify(store)}, "env", "--json"]`,
    '    os.environ.update(json.loads(subprocess.check_output(command)))',
  ];
  const everywhere = experimentIds.length === 0;
  const load = [
    'import mlflow',
    '',
    'runs = mlflow.search_runs(',
    everywhere ? '    search_all_experiments=True,' : `    experiment_ids=${JSON.stringify(experimentIds)},`,
    `    filter_string=${JSON.stringify(filter)},`,
    ...(orderBy.length > 0 ? [`    order_by=${JSON.stringify(orderBy)},`] : []),
    ...(ids ? ['    run_view_type=mlflow.entities.ViewType.ALL,'] : []),
    ')',
    'runs',
  ];
  const heading = ids ? `# ${ids.length} selected runs` : '# Runs of the table';
  return [
    { code: false, text: heading },
    { code: true, text: connect.join('\n') },
    { code: true, text: load.join('\n') },
  ];
}
