import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { CommandId } from '../contributes/commands.ts';

/** What MLflow leaves in a folder when it has no server. */
const MLFLOW_STORES = ['mlruns', 'mlflow.db'] as const;

const IMPORT: CommandId = 'modelthat.runs.import';
const OFFERED = 'import.offered';

/** Offers once to import what MLflow has left in the folders of this window. */
export function offerImport(context: vscode.ExtensionContext): void {
  if (!vscode.workspace.isTrusted || context.workspaceState.get(OFFERED)) return;
  const found = (vscode.workspace.workspaceFolders ?? [])
    .filter(folder => folder.uri.scheme === 'file')
    .flatMap(folder => MLFLOW_STORES.map(name => vscode.Uri.joinPath(folder.uri, name)))
    .find(store => fs.existsSync(store.fsPath));
  if (!found) return;
  void context.workspaceState.update(OFFERED, true);
  void offer(found);
}

async function offer(store: vscode.Uri): Promise<void> {
  const choice = await vscode.window.showInformationMessage(
    `This folder has MLflow runs (${path.basename(store.fsPath)}). Import them, to see them here beside new ones?`,
    'Import',
    'Not Now',
  );
  if (choice === 'Import') await vscode.commands.executeCommand(IMPORT, store);
}
