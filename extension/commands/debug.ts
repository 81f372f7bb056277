import * as vscode from 'vscode';
import { endDebugging, prepareDebugging } from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { debugConfiguration } from '../editor/debug-configuration.ts';
import { selectedPython } from '../integrations/python.ts';

const PYTHON_DEBUGGER = 'ms-python.debugpy';

/** A step that is to be debugged. */
export interface DebuggedStep {
  readonly connection: StoreConnection;
  readonly file: string;
  readonly name: string;
}

/** Starts a step's command under the editor's debugger, in the step's environment. */
export async function debugStep({ connection, file, name }: DebuggedStep): Promise<void> {
  await vscode.workspace.saveAll(false);
  const python = await selectedPython(file);
  const prepared = await connection.call(prepareDebugging, { body: { file, step: name, python } });
  const end = () => connection.call(endDebugging, { params: { debugId: prepared.id }, body: {} });
  try {
    if (await start(name, prepared)) return endWithSession(name, end);
  } catch (error) {
    await end();
    throw error;
  }
  await end();
}

interface Prepared {
  readonly commands: readonly (readonly string[])[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** @returns whether a session has begun */
async function start(step: string, { commands, cwd, env }: Prepared): Promise<boolean> {
  const command = await chooseCommand(step, commands);
  if (!command) return false;
  const configuration = debugConfiguration({ name: sessionName(step), command, cwd, env });
  if (!configuration)
    throw new Error(
      `“${command.join(' ')}” cannot be debugged: only commands that start Python or Node can.`,
    );
  if (configuration.type === 'debugpy' && !vscode.extensions.getExtension(PYTHON_DEBUGGER)) {
    await offerPythonDebugger();
    return false;
  }
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(cwd));
  return vscode.debug.startDebugging(folder, configuration);
}

/** The commands of a step run one after the other; a session has one of them. */
async function chooseCommand(
  step: string,
  commands: readonly (readonly string[])[],
): Promise<readonly string[] | undefined> {
  if (commands.length === 1) return commands[0];
  const items = commands.map(command => ({ label: command.join(' '), command }));
  const title = `Debug ${step}: which of its commands?`;
  return (await vscode.window.showQuickPick(items, { title }))?.command;
}

function sessionName(step: string): string {
  return `Step ${step}`;
}

/** What the session was given is worth nothing after it. */
function endWithSession(step: string, end: () => Promise<unknown>): void {
  const subscription = vscode.debug.onDidTerminateDebugSession(session => {
    if (session.parentSession || session.name !== sessionName(step)) return;
    subscription.dispose();
    // A daemon that has ended took it back by that.
    end().catch(() => {});
  });
}

async function offerPythonDebugger(): Promise<void> {
  const find = 'Find Extension';
  const text =
    'To debug a Python step, the editor needs the extension “Python Debugger” (ms-python.debugpy). Install it, then debug the step again.';
  if ((await vscode.window.showWarningMessage(text, find)) === find)
    await vscode.commands.executeCommand('workbench.extensions.search', `@id:${PYTHON_DEBUGGER}`);
}
