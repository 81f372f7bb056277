import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

describe('views', () => {
  const editor = useEditor({ fixture: path.resolve(import.meta.dirname, '../workspace') });

  it('starts nothing and writes nothing before one is seen', async () => {
    const { workbench, folder, stateDir } = editor();
    await workbench.statusBarItem('modelthat daemon stopped').waitFor();
    assert.equal(existsSync(path.join(folder, '.modelthat')), false, 'a store was made');
    assert.equal(existsSync(path.join(stateDir, 'stores')), false, 'a daemon was started');
  });

  it('has the three views in a container of its own', async () => {
    const { workbench } = editor();
    await workbench.viewContainer('modelthat').click();
    for (const view of ['Experiments', 'Pipelines', 'Models']) await workbench.viewHeader(view).waitFor();
  });

  it('starts and stops the daemon, and says so in the status bar', async () => {
    const { workbench } = editor();
    await workbench.runCommand('modelthat: Start Daemon');
    await workbench.statusBarItem('modelthat daemon running').waitFor();
    await workbench.runCommand('modelthat: Stop Daemon');
    await workbench.statusBarItem('modelthat daemon stopped').waitFor();
  });

  it('shows the log of the daemon', async () => {
    const { workbench } = editor();
    await workbench.runCommand('modelthat: Show Log');
    await workbench.quickPickItem('Daemon').click();
    await workbench.page.locator('.view-lines', { hasText: '"level":30' }).waitFor();
  });
});
