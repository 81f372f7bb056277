import * as vscode from 'vscode';
import type { CommandId } from '../contributes/commands.ts';
import type { DaemonState } from '../contributes/names.ts';
import type { Stores } from '../daemon/stores.ts';
import { plain } from '../trees/row.ts';

const ICON: Record<DaemonState, string> = {
  stopped: '$(circle-slash)',
  starting: '$(loading~spin)',
  running: '$(graph-line)',
  failed: '$(error)',
};

const LINKS: Record<DaemonState, readonly (readonly [title: string, command: CommandId])[]> = {
  stopped: [['$(debug-start) Start', 'modelthat.daemon.start']],
  starting: [],
  running: [
    ['$(debug-stop) Stop', 'modelthat.daemon.stop'],
    ['$(terminal) Tracked terminal', 'modelthat.daemon.openTerminal'],
  ],
  failed: [['$(debug-start) Start again', 'modelthat.daemon.start']],
};

/** The daemon's state in the status bar; its tooltip starts, stops and shows the log. */
export function statusBar(stores: Stores): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('modelthat.daemon', vscode.StatusBarAlignment.Left);
  item.name = 'modelthat daemon';
  const update = () => {
    const { state } = stores;
    item.text = `${ICON[state]} modelthat`;
    item.tooltip = tooltip(stores);
    item.accessibilityInformation = { label: `modelthat daemon ${state}`, role: 'button' };
    item.command = state === 'stopped' ? 'modelthat.daemon.start' : 'modelthat.experiments.focus';
    if (stores.all.length > 0) item.show();
    else item.hide();
  };
  update();
  return vscode.Disposable.from(item, stores.onDidChange(update));
}

function tooltip(stores: Stores): vscode.MarkdownString {
  const links = vscode.workspace.isTrusted ? LINKS[stores.state] : [];
  const all = [...links, ['$(output) Log', 'modelthat.daemon.showLog'] as const];
  const text = new vscode.MarkdownString('', true);
  // Only our own commands: names of folders stand in this text too.
  text.isTrusted = { enabledCommands: all.map(([, command]) => command) };
  const lines = stores.all.map(
    ({ label, state, problem }) => `**${plain(label)}**: ${state}${problem ? ` · ${plain(problem)}` : ''}`,
  );
  text.value = [
    ...lines,
    all.map(([title, command]) => `[${title}](command:${command})`).join(' &nbsp; '),
  ].join('\n\n');
  return text;
}
