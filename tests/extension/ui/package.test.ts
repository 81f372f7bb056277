import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageExtension } from '../../../scripts/package.ts';
import { useEditor } from '../../support/editor.ts';

describe('the installed package', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'modelthat-vsix-'));
  after(() => rmSync(folder, { recursive: true }));

  const editor = useEditor(async () => ({
    fixture: path.resolve(import.meta.dirname, '../workspace'),
    vsix: [await packageExtension(folder)],
    // No Node is on the PATH, nor anything else.
    env: { PATH: folder },
  }));

  it('starts the daemon with what it brings along', async () => {
    const { workbench } = editor();
    await workbench.runCommand('modelthat: Start Daemon');
    await workbench.statusBarItem('modelthat daemon running').waitFor();
  });

  it('shows its views, and in them what the daemon says', async () => {
    const { workbench } = editor();
    await workbench.viewContainer('modelthat').click();
    for (const view of ['Experiments', 'Pipelines', 'Models']) await workbench.viewHeader(view).waitFor();
    await workbench.treeItem('tiny').waitFor();
  });
});
