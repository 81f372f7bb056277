#!/usr/bin/env node
/**
 * Stands in for the desktop editor's `code`: takes the arguments that @vscode/test-electron passes, runs the tests in
 * the browser-hosted editor, and exits with their code. EDITOR_HOST_VERBOSE shows the editor's own log too.
 */

import path from 'node:path';
import { startEditorServer } from './server.ts';
import { launchBrowser, openWorkbench } from './workbench.ts';

/** Lines of the editor itself that say nothing about the tests. */
const EDITOR_LOG =
  /^(\[(AccountPolicyGate|ChatModelSelection|AgentHost|reconnection|Service Worker)|Resolv|Creating a socket|Updating additional|Ignoring fetching additional|Started local|Canceled:|%c)/;

process.exitCode = await runExtensionTests(process.argv.slice(2));

/** Runs the tests that the arguments of `code` name. */
async function runExtensionTests(args: string[]): Promise<number> {
  const folder = args.find(arg => !arg.startsWith('-'));
  const server = await startEditorServer();
  const browser = await launchBrowser();
  try {
    const workbench = await openWorkbench({
      browser,
      url: server.url,
      folder: folder && path.resolve(folder),
      extensions: valuesOf(args, 'extensionDevelopmentPath'),
      tests: valuesOf(args, 'extensionTestsPath')[0],
      onConsole: line => {
        if (process.env.EDITOR_HOST_VERBOSE || !EDITOR_LOG.test(line)) console.log(line);
      },
    });
    return await workbench.testsEnded;
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** Values of `--name=value`, which may be given several times. */
function valuesOf(args: string[], name: string): string[] {
  const prefix = `--${name}=`;
  return args.filter(arg => arg.startsWith(prefix)).map(arg => arg.slice(prefix.length));
}
