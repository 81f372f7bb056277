import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

describe('views', () => {
  const editor = useEditor({ fixture: path.resolve(import.meta.dirname, '../workspace') });

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
});
