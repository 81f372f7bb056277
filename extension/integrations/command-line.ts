import fs from 'node:fs/promises';
import path from 'node:path';
import type * as vscode from 'vscode';

/**
 * Puts `modelthat` on the PATH of the editor's terminals: scripts in the extension's storage that run the extension's
 * command line by the editor's own runtime, so that nothing else has to be installed.
 *
 * The PATH is set at once, for a terminal may be restored before the scripts are written; their place never changes.
 */
export function offerCommandLine(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): void {
  const folder = path.join(context.globalStorageUri.fsPath, 'bin');
  // Also by the shell's integration, because a shell's start-up files often set the PATH anew.
  context.environmentVariableCollection.prepend('PATH', folder + path.delimiter, {
    applyAtProcessCreation: true,
    applyAtShellIntegration: true,
  });
  const cli = path.join(context.extensionPath, 'dist', 'cli.mjs');
  writeScripts(folder, process.execPath, cli).catch(error =>
    log.error(
      `\`modelthat\` is not on the terminals' PATH: ${error instanceof Error ? error.message : error}`,
    ),
  );
}

/** Writes the scripts for sh and for Windows' command prompt unless they are there as they should be. */
async function writeScripts(folder: string, runtime: string, cli: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  await Promise.all([
    writeScript(path.join(folder, 'modelthat'), shellScript(runtime, cli)),
    ...(process.platform === 'win32'
      ? [writeScript(path.join(folder, 'modelthat.cmd'), promptScript(runtime, cli))]
      : []),
  ]);
}

/** Several windows write at the same time: each puts a whole file in place. */
async function writeScript(file: string, content: string): Promise<void> {
  const present = await fs.readFile(file, 'utf8').catch(() => undefined);
  if (present === content) return;
  const fresh = `${file}.${process.pid}`;
  await fs.writeFile(fresh, content, { mode: 0o755 });
  await fs.rename(fresh, file);
}

function shellScript(runtime: string, cli: string): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${quote(runtime)} ${quote(cli)} "$@"\n`;
}

function promptScript(runtime: string, cli: string): string {
  const quote = (text: string) => `"${text.replaceAll('%', '%%')}"`;
  return `@echo off\r\nsetlocal\r\nset ELECTRON_RUN_AS_NODE=1\r\n${quote(runtime)} ${quote(cli)} %*\r\n`;
}
