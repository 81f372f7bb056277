/**
 * Takes pictures of the workbench, to look at: opens a folder with the extension under development (or an installed
 * package), runs commands in turn, and writes one PNG after each.
 *
 *   node tests/support/editor-host/screenshot.ts --folder examples/store-sales --theme "Light Modern" --out pictures \
 *     "modelthat: Start Daemon" "modelthat: Focus on Experiments View"
 */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startEditorServer } from './server.ts';
import { launchBrowser, openWorkbench } from './workbench.ts';

const { values, positionals: commands } = parseArgs({
  allowPositionals: true,
  options: {
    /** Folder to open, as it is (not a copy). */
    folder: { type: 'string', default: '.' },
    /** Folder of the extension under development. */
    extension: { type: 'string', default: path.resolve(import.meta.dirname, '../../..') },
    /** Installed in place of the extension under development. */
    vsix: { type: 'string' },
    /** Id of a colour theme: Dark Modern, Light Modern, Default High Contrast, … */
    theme: { type: 'string', default: 'Dark Modern' },
    /** Folder for the pictures, made if need be: 0-start.png, 1-<command>.png, … */
    out: { type: 'string', default: '.' },
    /** Milliseconds to let the page settle before each picture. */
    settle: { type: 'string', default: '1500' },
  },
});

await mkdir(values.out, { recursive: true });
const server = await startEditorServer({
  settings: { 'workbench.colorTheme': values.theme },
  vsix: values.vsix ? [path.resolve(values.vsix)] : [],
});
const browser = await launchBrowser();
try {
  const workbench = await openWorkbench({
    browser,
    url: server.url,
    folder: path.resolve(values.folder),
    extensions: values.vsix ? [] : [path.resolve(values.extension)],
  });
  await workbench.ready();
  for (const [index, command] of ['start', ...commands].entries()) {
    if (index > 0) await workbench.runCommand(command);
    await workbench.page.waitForTimeout(Number(values.settle));
    const file = path.join(values.out, `${index}-${command.replaceAll(/\W+/g, '-').toLowerCase()}.png`);
    await workbench.page.screenshot({ path: file, animations: 'disabled' });
    console.log(file);
  }
} finally {
  await browser.close();
  await server.stop();
}
