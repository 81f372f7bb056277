/** Every page under axe-core, in each kind of theme. */
import path from 'node:path';
import { assertAccessible, THEMES, wearTheme } from '../../support/accessibility.ts';
import { useEditor } from '../../support/editor.ts';
import { writeProject } from '../../support/lineage.ts';
import { trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../registry-workspace');

describe('no page has a serious problem for axe-core', () => {
  const editor = useEditor({
    fixture,
    beforeWindow: async ({ folder }) => writeProject(folder, 'sales', ['1', '2', '3']),
  });
  const page = () => editor().workbench.webview();
  const press = (name: string) => page().locator('modelthat-button', { hasText: name }).first().click();

  /** How each page comes to the front, one after another, and what tells that it is whole. */
  const pages: Record<string, () => Promise<void>> = {
    'the run table': async () => {
      const tree = editor().workbench.treeItem('Experiment forecast');
      await tree.hover();
      await tree.getByRole('button', { name: 'Show Run Table' }).click();
      await page().locator('[role=row][aria-rowindex="3"]').waitFor();
    },
    'the comparison of runs': async () => {
      await page().getByRole('grid', { name: 'Runs' }).focus();
      await page().getByRole('grid', { name: 'Runs' }).press('Control+a');
      await press('Compare');
      await page().getByRole('heading', { name: '2 runs' }).waitFor();
    },
    'the page of a run': async () => {
      const { workbench } = editor();
      await workbench.treeItem('Experiment forecast').click();
      await workbench.treeItem('Run second').click();
      await page()
        .getByRole('img', { name: /loss over/ })
        .waitFor();
      await page().getByRole('treeitem', { name: 'table.csv' }).click();
      await page().locator('th', { hasText: 'two' }).waitFor();
    },
    'the page of a pipeline': async () => {
      const row = editor().workbench.treeItem('Pipeline sales, succeeded');
      await row.hover();
      await row.getByRole('button', { name: 'Show Pipeline' }).click();
      await page().locator('.node[aria-label^="Step train"]').click();
      await page().getByRole('region', { name: 'Log of train' }).waitFor();
    },
    'the page of a model': async () => {
      const { workbench } = editor();
      await workbench.treeItem('Version 1 of sales').click();
      await page().getByRole('heading', { name: 'sales', exact: true }).waitFor();
    },
    'the page of lineage': async () => {
      await press('Show lineage');
      await page().locator('.node[aria-label^="train, Run"]').click();
    },
  };

  before(async () => {
    const { workbench, stateDir } = editor();
    await workbench.viewContainer('modelthat').click();
    const tracker = await trackerOf(stateDir);
    for (const name of ['first', 'second']) {
      const runId = await tracker.startRun('forecast', name, { lr: `0.${name.length}`, seed: '1' });
      await tracker.logMetric(runId, 'loss', [0.9, 0.5, 0.4]);
      await tracker.logArtifact(runId, 'table.csv', 'one,two\n1,2\n');
      await tracker.endRun(runId);
    }
    await workbench.treeItem('Pipeline sales, never run').waitFor();
    await workbench.runCommand('modelthat: Run Pipeline');
    await workbench.treeItem('Pipeline sales, succeeded').waitFor();
    await workbench.treeItem('Version 1 of sales').waitFor();
  });

  for (const [name, show] of Object.entries(pages)) {
    it(name, async () => {
      await show();
      for (const theme of THEMES) {
        await wearTheme(editor(), theme);
        await assertAccessible(editor(), `${name}, ${theme.name}`);
      }
    });
  }
});
