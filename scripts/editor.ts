/**
 * Opens the example in an editor with the extension under development (`npm run editor`): in the desktop editor when
 * its `code` is on the PATH, else in the browser-hosted one, until Ctrl-C.
 *
 * Options: `--folder DIR` another folder, `--browser` the browser-hosted editor in any case, `--port N` its port.
 */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { startEditorServer } from '../tests/support/editor-host/server.ts';
import { workbenchAddress } from '../tests/support/editor-host/workbench.ts';
import { buildAll } from './build.ts';

const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: path.join(root, 'examples/store-sales') },
    browser: { type: 'boolean', default: false },
    port: { type: 'string', default: '0' },
  },
});
const folder = path.resolve(values.folder);
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535)
  throw new Error(`--port ${values.port} is not a port.`);
if (!existsSync(folder)) throw new Error(`There is no folder ${folder} to open; name one with --folder.`);

await buildAll();
if (values.browser || !(await openDesktopEditor())) await openBrowserHostedEditor();

/** @returns whether there is a desktop editor */
async function openDesktopEditor(): Promise<boolean> {
  const { code, failed, message } = await execa('code', [`--extensionDevelopmentPath=${root}`, folder], {
    reject: false,
  });
  if (code === 'ENOENT') return false;
  if (failed) throw new Error(message);
  console.log(`Opened ${folder} in the desktop editor.`);
  return true;
}

async function openBrowserHostedEditor(): Promise<void> {
  const server = await startEditorServer({ port });
  const address = workbenchAddress({ url: server.url, folder, extensions: [root] });
  console.log(`The editor is at\n\n  ${address}\n\nCtrl-C ends it.`);
}
