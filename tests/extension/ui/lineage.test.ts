/** The page of lineage: from a CSV to the version that is served. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';
import { writeProject } from '../../support/lineage.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

/** Its files are written over by those of the pipeline. */
const fixture = path.resolve(import.meta.dirname, '../registry-workspace');

describe('the page of lineage', () => {
  const editor = useEditor({
    fixture,
    beforeWindow: async ({ folder }) => writeProject(folder, 'sales', ['1', '2', '3']),
  });
  let violations: readonly string[];
  let tracker: Tracker;

  const page = () => editor().workbench.webview();
  const node = (name: string) =>
    page().locator(`modelthat-lineage-graph .node[aria-label^=${JSON.stringify(name)}]`);
  const heading = (name: string) => page().getByRole('heading', { name, exact: true });
  const details = () => page().getByRole('complementary', { name: 'Details' });
  const showFromTree = async () => {
    const { workbench } = editor();
    await workbench.chooseInMenu(workbench.treeItem('Version 1 of sales'), 'Show Lineage of Version');
    await heading('Lineage of sales v1').waitFor();
  };

  before(async () => {
    const { workbench, stateDir } = editor();
    violations = workbench.policyViolations();
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
    await workbench.treeItem('Pipeline sales, never run').waitFor();
    await workbench.runCommand('modelthat: Run Pipeline');
    await workbench.treeItem('Pipeline sales, succeeded').waitFor();
    const row = workbench.treeItem('Version 1 of sales');
    await workbench.pressInRow(row, 'Promote Version', 'Promote sales version 1');
    await workbench.quickPickItem('Production').click();
    await workbench.answer('The reason is kept', 'the first');
    const asked = workbench.page.locator('.monaco-dialog-box', { hasText: 'into Production' });
    await asked.getByRole('button', { name: 'Promote' }).click();
    await workbench.treeItem('Model sales, Production v1').waitFor();
    const answer = await fetch(`${tracker.url}/serve/sales/invocations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tracker.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: [[1, 1]] }),
    });
    assert.equal(answer.status, 200, await answer.text());
  });

  it('has the CSV at one end and the served version at the other', async () => {
    await showFromTree();
    for (const name of [
      'data/raw/sales.csv, Data',
      'prepare, Step, sales #1 · ',
      'data/features.csv, Data',
      'train, Step, sales #1',
      'train, Run, finished',
      'sales v1, Version, Production, chosen',
      'sales (Production), Deployment, v1 · ready, came of it',
    ])
      await node(name).waitFor();
    await details().getByText('Production').first().waitFor();
  });

  it('shows what a node is when it is chosen, and what belongs to it', async () => {
    await node('data/features.csv, Data').click();
    await details().getByText('Schema').waitFor();
    await details().getByText('double').waitFor();
    await node('sales (Production), Deployment, v1 · ready, came of it').waitFor();
    await node('model.onnx, Data').waitFor();
    assert.match((await node('model.onnx, Data').getAttribute('class')) ?? '', /\bbeside\b/);
    await node('train, Step').click();
    await details().getByText('python3 train.py').waitFor();
    await details().getByText('rate').waitFor();
  });

  it('is gone through by keyboard', async () => {
    const focused = () => page().locator('.node:focus').getAttribute('aria-label');
    await node('data/raw/sales.csv, Data').click();
    await page().locator('.node:focus').press('ArrowDown');
    await page().locator('.node:focus[aria-label^="prepare, Step"]').waitFor();
    await page().locator('.node:focus').press('Enter');
    await details().getByRole('heading', { name: 'Step prepare' }).waitFor();
    await page().locator('.node:focus').press('d');
    assert.match((await focused()) ?? '', /^data\/.*, Data/);
  });

  it('says the same in a table', async () => {
    await page().getByRole('button', { name: 'Table' }).click();
    const row = page().getByRole('row', {
      name: /sales v1 .*Version .*Production .*Run train \(registered as\)/,
    });
    await row.waitFor();
    await row.getByRole('button', { name: 'sales v1' }).click();
    await details().getByRole('heading', { name: 'Version sales v1' }).waitFor();
    await page().getByRole('button', { name: 'Graph' }).click();
    await node('sales v1, Version, Production, chosen').waitFor();
  });

  it('opens the model, the run and the file', async () => {
    const { workbench } = editor();
    await page().getByText('Open model').click();
    await heading('sales').waitFor();
    await page().locator('modelthat-button', { hasText: 'Show lineage' }).click();
    await node('train, Run').click();
    await page().getByText('Open run').click();
    await heading('train').waitFor();
    await page().locator('modelthat-button', { hasText: 'Show lineage' }).click();
    await heading('Lineage of train').waitFor();
    await node('data/raw/sales.csv, Data').dblclick();
    await workbench.page.getByRole('tab', { name: /sales\.csv/ }).waitFor();
  });

  it('is shown of the file in front, by the palette', async () => {
    await editor().workbench.runCommand('modelthat: Show Lineage of File');
    await heading('Lineage of data/raw/sales.csv').waitFor();
    await node('sales v1, Version, Production, came of it').waitFor();
    await details().getByRole('heading', { name: 'Affected if it is wrong' }).waitFor();
    await details().getByRole('button', { name: 'Deployment sales (Production)' }).waitFor();
  });

  it('comes back after a reload of the window, under a strict policy', async () => {
    await editor().workbench.runCommand('Developer: Reload Window');
    await heading('Lineage of data/raw/sales.csv').waitFor();
    await node('sales (Production), Deployment').waitFor();
    assert.deepEqual(violations, []);
  });
});
