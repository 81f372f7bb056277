import * as vscode from 'vscode';
import type { CommandId } from '../contributes/commands.ts';
import type { Subject } from '../trees/subject.ts';

/** Calls a command about what a page shows, as the trees' menus do. */
export async function perform(command: CommandId, subject: Subject): Promise<void> {
  await vscode.commands.executeCommand(command, { subject });
}
