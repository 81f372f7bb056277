import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { logFile } from '../../daemon/client/state.ts';
import { openPlace } from '../../daemon/client/store.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
import type { StoreTree } from '../trees/tree.ts';

/** Commands on the daemon and the views that show it. */
export function daemonCommands(stores: Stores, trees: readonly StoreTree[], log: vscode.LogOutputChannel) {
  const connectionsOf = (argument: unknown): readonly StoreConnection[] => {
    const subject = subjectOf(argument, 'store', 'problem');
    return subject ? [subject.connection] : stores.all;
  };
  const start = async (argument: unknown) => {
    await Promise.all(connectionsOf(argument).map(connection => connection.start()));
  };

  return {
    'modelthat.daemon.start': start,
    'modelthat.daemon.stop': async argument => {
      await Promise.all(connectionsOf(argument).map(connection => connection.stop()));
    },
    'modelthat.daemon.showLog': async argument => {
      const subject = subjectOf(argument, 'store', 'problem');
      const shown = subject ? (daemonLog(subject.connection.store) ?? 'extension') : await askLog(stores);
      if (shown === 'extension') log.show();
      else if (shown) await showFile(shown);
    },
    'modelthat.daemon.openTerminal': async () => {
      await start(undefined);
      vscode.window.createTerminal().show();
    },
    'modelthat.views.refresh': async argument => {
      if (subjectOf(argument, 'problem')) await start(argument);
      for (const tree of trees) tree.loadAnew();
    },
    'modelthat.views.loadMore': argument => subjectOf(argument, 'more')?.loadMore(),
  } satisfies Partial<Handlers>;
}

/** Which log to show: the extension's own, or a daemon's file. With no daemon that ever ran there is nothing to ask. */
async function askLog(stores: Stores): Promise<'extension' | vscode.Uri | undefined> {
  const daemons = stores.all.map(({ store, label }) => ({
    label: '$(server) Daemon',
    description: label,
    log: daemonLog(store),
  }));
  const written = daemons.filter(({ log }) => log !== undefined);
  if (written.length === 0) return 'extension';
  const extension = {
    label: '$(extensions) Extension',
    description: 'this window',
    log: 'extension' as const,
  };
  return (await vscode.window.showQuickPick([...written, extension], { title: 'Show Log' }))?.log;
}

/** The log file of a store's daemon; undefined when none has run. */
function daemonLog(store: string): vscode.Uri | undefined {
  if (!existsSync(store)) return undefined;
  const file = logFile(openPlace(store).state);
  return existsSync(file) ? vscode.Uri.file(file) : undefined;
}

/** Shows a file at its end; the editor follows what is written to it. */
async function showFile(file: vscode.Uri): Promise<void> {
  const document = await vscode.workspace.openTextDocument(file);
  const editor = await vscode.window.showTextDocument(document, { preview: true });
  await vscode.commands.executeCommand('workbench.action.files.setActiveEditorReadonlyInSession');
  const end = document.lineAt(document.lineCount - 1).range.end;
  editor.revealRange(new vscode.Range(end, end));
}
