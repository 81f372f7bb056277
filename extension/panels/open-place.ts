import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { LogPlace } from '../../daemon/contract/pipeline-messages.ts';

/**
 * Opens a file at a line, or says that it is not there.
 *
 * @param folders in which a relative path is looked for
 */
export async function openPlace(
  { path: printed, line }: LogPlace,
  folders: readonly string[],
): Promise<void> {
  // To look for a file on another machine may tell that machine who asks.
  const isElsewhere = /^[\\/]{2}/.test(printed);
  const file = isElsewhere ? undefined : folders.map(folder => path.resolve(folder, printed)).find(isFile);
  if (file === undefined) {
    void vscode.window.showInformationMessage(`There is no file “${printed}” here.`);
    return;
  }
  const place = new vscode.Position(line - 1, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(place, place) });
}

function isFile(place: string): boolean {
  return existsSync(place) && statSync(place).isFile();
}
