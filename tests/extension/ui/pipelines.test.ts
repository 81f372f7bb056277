import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

const fixture = path.resolve(import.meta.dirname, '../pipeline-workspace');

describe('pipelines in the editor', () => {
  const editor = useEditor({ fixture });

  const shownText = (text: string) => editor().workbench.page.locator('.view-lines', { hasText: text });

  it('run from the tree, and show their steps as they go', async () => {
    const { workbench } = editor();
    await workbench.viewContainer('modelthat').click();
    const row = workbench.treeItem('Pipeline forecast, never run');
    await row.hover();
    await row.getByRole('button', { name: 'Run Pipeline' }).click();
    await workbench.treeItem('Step prepare, succeeded').waitFor();
    await workbench.treeItem('Step approve, waiting').waitFor();
    await workbench.treeItem('Step train, pending').waitFor();
  });

  it('show what a step printed', async () => {
    const { workbench } = editor();
    await workbench.treeItem('Step prepare, succeeded').click();
    await shownText('the rate is 0.1').waitFor();
  });

  it('go on after an approval, with a reason', async () => {
    const { workbench } = editor();
    const row = workbench.treeItem('Step approve, waiting');
    await row.hover();
    await row.getByRole('button', { name: 'Approve' }).click();
    await workbench.answer('Approve approve', 'the numbers hold');
    await workbench.treeItem('Step train, running').waitFor();
  });

  it('stop when they are asked to, and by force when they do not', async () => {
    const { workbench } = editor();
    const running = workbench.treeItem('Pipeline forecast, running');
    await running.hover();
    await running.getByRole('button', { name: 'Stop Execution' }).click();
    const stopping = workbench.treeItem('Pipeline forecast, cancelling');
    await stopping.hover();
    await stopping.getByRole('button', { name: 'Force Stop Execution' }).click();
    await workbench.treeItem('Pipeline forecast, cancelled').waitFor();
    await workbench.treeItem('Step train, cancelled').waitFor();
  });

  it('run with other parameters', async () => {
    const { workbench } = editor();
    await workbench.runCommand('modelthat: Run Pipeline with Parameters…');
    await workbench.quickPickItem('lr').click();
    await workbench.answer('lr', '0.05');
    await workbench.quickPickItem('Run with 1 change').click();
    await workbench.treeItem('Step approve, waiting').waitFor();
    await workbench.treeItem('Step prepare, succeeded').click();
    await shownText('the rate is 0.05').waitFor();
  });
});
