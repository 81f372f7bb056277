import * as vscode from 'vscode';
import type { Handlers } from '../contributes/vscode.ts';

/** File of the sample that is shown first. */
const SHOWN = 'modelthat.yaml';

/** Commands on the sample project. @param sample the folder that has it */
export function sampleCommands(sample: vscode.Uri) {
  return {
    'modelthat.samples.create': async () => {
      const open = vscode.workspace.workspaceFolders?.[0]?.uri;
      const folder = open ?? (await askFolder());
      if (!folder) return;
      if (!(await copySample(sample, folder))) return;
      if (open) await vscode.window.showTextDocument(vscode.Uri.joinPath(folder, SHOWN));
      else await vscode.commands.executeCommand('vscode.openFolder', folder);
    },
  } satisfies Partial<Handlers>;
}

async function askFolder(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    title: 'Folder for the sample project',
    openLabel: 'Create Here',
  });
  return chosen?.[0];
}

/** Copies the files of the sample, all or none. @returns whether they are there */
async function copySample(sample: vscode.Uri, folder: vscode.Uri): Promise<boolean> {
  const names = (await vscode.workspace.fs.readDirectory(sample)).map(([name]) => name);
  const present = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
  const taken = names.filter(name => present.includes(name));
  if (taken.length > 0) {
    void vscode.window.showErrorMessage(
      `The folder has ${taken.join(', ')} already. Open an empty folder for the sample project: nothing was written.`,
    );
    return false;
  }
  for (const name of names)
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(sample, name), vscode.Uri.joinPath(folder, name));
  return true;
}
