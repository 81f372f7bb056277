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

  it('show the metric of a running step as it moves', async () => {
    const { workbench } = editor();
    const step = workbench.treeItem('Step train, running');
    await step.filter({ hasText: /loss \S+/ }).waitFor();
    const [seen = ''] = (await step.textContent())?.match(/loss \S+/) ?? [];
    await step.filter({ hasText: /loss \S+/, hasNotText: seen }).waitFor();
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
    const form = workbench.webview();
    await form.getByLabel('lr', { exact: true }).fill('0.05');
    await form.getByRole('button', { name: 'Run with 1 change' }).click();
    await workbench.treeItem('Step approve, waiting').waitFor();
    await workbench.treeItem('Step prepare, succeeded').click();
    await shownText('the rate is 0.05').waitFor();
  });

  it('end when an approval is refused', async () => {
    const { workbench } = editor();
    const row = workbench.treeItem('Step approve, waiting');
    await row.hover();
    await row.getByRole('button', { name: 'Reject' }).click();
    await workbench.answer('Reject approve', 'the numbers do not hold');
    await workbench.treeItem('Step approve, rejected').waitFor();
    await workbench.treeItem('Pipeline forecast, rejected').waitFor();
  });

  it('have a page with their steps, under the name of the pipeline and a number', async () => {
    const { workbench } = editor();
    await workbench.treeItem('Experiment forecast').click();
    await workbench.treeItem('Run forecast #2').click();
    const page = workbench.webview();
    await page.getByRole('heading', { name: 'forecast #2' }).waitFor();
    await page.getByRole('row', { name: /prepare succeeded/ }).waitFor();
    await page.getByRole('row', { name: /approve rejected/ }).waitFor();
  });

  it('run, whole or one step, from the line above them in their file', async () => {
    const { workbench } = editor();
    const lens = (title: string) => workbench.page.locator('.codelens-decoration a', { hasText: title });
    await workbench.runCommand('modelthat: Open Pipeline File');
    await lens('Run step').first().click();
    await workbench.treeItem('Pipeline forecast, succeeded').waitFor();
    await workbench.treeItem('Step train, skipped').waitFor();
    await lens('Run pipeline').click();
    // The approval of before still holds: nothing behind it has changed.
    await workbench.treeItem('Step train, running').waitFor();
    await workbench.treeItem('Earlier executions').click();
    for (const number of [3, 2, 1]) await workbench.treeItem(`Execution forecast #${number}`).waitFor();
  });
});
