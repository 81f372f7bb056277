/** The further things that are done with selected runs, to choose from. */
import * as vscode from 'vscode';
import type { RunColumns } from '../../daemon/contract/run-lists.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { openAsNotebook } from './run-exports.ts';
import { addTag, noteRun, removeTags, renameRun, starRuns } from './run-labels.ts';
import { countOf, restoreSelected } from './selected-runs.ts';

interface Action extends vscode.QuickPickItem {
  act(): Promise<void> | Thenable<void>;
}

/** @param known what there is of tags */
export async function chooseRunAction(
  connection: StoreConnection,
  runIds: readonly string[],
  known: Pick<RunColumns, 'tags'>,
): Promise<void> {
  const [only = '', ...others] = runIds;
  const { tags } = known;
  const separator = { label: '', kind: vscode.QuickPickItemKind.Separator, act: async () => {} };
  const actions: Action[] = [
    { label: '$(star-full) Star', act: () => starRuns(connection, runIds, true) },
    { label: '$(star-empty) Remove Star', act: () => starRuns(connection, runIds, false) },
    { label: '$(tag) Add Tag…', act: () => addTag(connection, runIds, tags) },
    { label: '$(tag) Remove Tags…', act: () => removeTags(connection, runIds, tags) },
    ...(others.length === 0
      ? [
          { label: '$(edit) Rename…', act: () => renameRun(connection, only) },
          { label: '$(note) Note…', act: () => noteRun(connection, only) },
        ]
      : []),
    separator,
    { label: '$(notebook) Open as Notebook', act: () => openAsNotebook(connection, { runIds }) },
    {
      label: '$(copy) Copy Run IDs',
      act: () => vscode.env.clipboard.writeText(runIds.join('\n')),
    },
    separator,
    { label: '$(discard) Restore from Bin', act: () => restoreSelected(connection, runIds) },
  ];
  const chosen = await vscode.window.showQuickPick(actions, { title: countOf(runIds) });
  await chosen?.act();
}
