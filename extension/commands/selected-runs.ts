/** What is done with the runs that are selected in a table, however many. */
import * as vscode from 'vscode';
import { deleteRuns, RUNS_AT_ONCE, restoreRuns } from '../../daemon/contract/run-lists.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/** Moves runs to the bin, with the way back. */
export async function deleteSelected(connection: StoreConnection, runIds: readonly string[]): Promise<void> {
  await inBatches(`Moving ${countOf(runIds)} to the bin`, runIds, batch =>
    connection.call(deleteRuns, { body: { runIds: batch } }),
  );
  const were = runIds.length === 1 ? 'was' : 'were';
  const undo = await vscode.window.showInformationMessage(
    `${countOf(runIds)} ${were} moved to the bin.`,
    'Restore',
  );
  if (undo) await restoreSelected(connection, runIds);
}

/** Takes runs out of the bin. */
export function restoreSelected(connection: StoreConnection, runIds: readonly string[]): Promise<void> {
  return inBatches(`Restoring ${countOf(runIds)}`, runIds, batch =>
    connection.call(restoreRuns, { body: { runIds: batch } }),
  );
}

/** Changes many runs, a batch after the other. */
export async function inBatches(
  title: string,
  runIds: readonly string[],
  change: (batch: string[]) => Promise<unknown>,
): Promise<void> {
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, async () => {
    for (let from = 0; from < runIds.length; from += RUNS_AT_ONCE)
      await change(runIds.slice(from, from + RUNS_AT_ONCE));
  });
}

/** `1 run`, `1,200 runs`. */
export function countOf(runIds: readonly string[]): string {
  return runIds.length === 1 ? '1 run' : `${runIds.length.toLocaleString('en')} runs`;
}
