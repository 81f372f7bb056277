import * as vscode from 'vscode';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
import { askRun, askVersion } from './ask.ts';

/** Shows what a node came from, and what came of it. */
export type OpenLineage = (connection: StoreConnection, node: string) => void;

/** Commands that show lineage. */
export function lineageCommands(stores: Stores, openLineage: OpenLineage) {
  return {
    'modelthat.models.showLineage': async argument => {
      const chosen = subjectOf(argument, 'version') ?? (await askVersion(stores, 'Show Lineage'));
      if (chosen) openLineage(chosen.connection, `model:${chosen.version.name}/${chosen.version.version}`);
    },
    'modelthat.runs.showLineage': async argument => {
      const subject = subjectOf(argument, 'run');
      const run = subject ? { ...subject, thing: subject.run } : await askRun(stores, 'Show Lineage');
      if (run) openLineage(run.connection, `run:${run.thing.id}`);
    },
    'modelthat.files.showLineage': async argument => {
      const uri = argument instanceof vscode.Uri ? argument : await askFile();
      const connection = uri && stores.of(uri);
      if (connection) openLineage(connection, `data:${uri.fsPath}`);
      else if (uri) throw new Error(`${uri.fsPath} belongs to no project of this window.`);
    },
  } satisfies Partial<Handlers>;
}

/** The file in front, where there is one; else one that a person chooses. */
async function askFile(): Promise<vscode.Uri | undefined> {
  const { activeTab } = vscode.window.tabGroups.activeTabGroup;
  const input = activeTab?.input;
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return input.uri;
  const chosen = await vscode.window.showOpenDialog({ title: 'Show Lineage', openLabel: 'Show Lineage' });
  return chosen?.[0];
}
