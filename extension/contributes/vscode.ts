/** The editor's string-typed calls, held to the declared names. */
import * as vscode from 'vscode';
import type { CommandId } from './commands.ts';
import type { ContextKey, ContextValues } from './names.ts';
import { SETTINGS, type SettingId, type SettingValues } from './settings.ts';

/** What a command does. The arguments are unknown: a menu, a link or another extension may have sent them. */
export type Handler = (argument?: unknown, second?: unknown) => unknown;
/** One handler for every declared command. */
export type Handlers = { readonly [Id in CommandId]: Handler };

export function registerCommand(id: CommandId, handler: Handler): vscode.Disposable {
  return vscode.commands.registerCommand(id, handler);
}

export function setContext<Key extends ContextKey>(key: Key, value: ContextValues[Key]): void {
  void vscode.commands.executeCommand('setContext', key, value);
}

/** A setting's value; its declared default where none is set. */
export function setting<Id extends SettingId>(id: Id, scope?: vscode.Uri): SettingValues[Id] {
  return (
    vscode.workspace.getConfiguration(undefined, scope).get<SettingValues[Id]>(id) ?? SETTINGS[id].default
  );
}

/** A command as the editor's trees, lenses and status items take it. */
export function commandOf(id: CommandId, title: string, ...args: unknown[]): vscode.Command {
  return { command: id, title, arguments: args };
}
