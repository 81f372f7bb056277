import * as vscode from 'vscode';
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
    'modelthat.daemon.showLog': () => log.show(),
    'modelthat.daemon.openTerminal': async () => {
      await start(undefined);
      vscode.window.createTerminal().show();
    },
    'modelthat.views.refresh': async argument => {
      if (subjectOf(argument, 'problem')) await start(argument);
      for (const tree of trees) tree.refresh();
    },
    'modelthat.views.loadMore': argument => subjectOf(argument, 'more')?.loadMore(),
  } satisfies Partial<Handlers>;
}
