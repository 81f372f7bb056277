import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { useEditor } from '../../support/editor.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');
const RUNS = 120;

/** Waits for what no locator can tell. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`This did not come about: ${holds}`);
    await pause(50);
  }
}

describe('the table of runs', () => {
  const editor = useEditor({ fixture });
  let violations: readonly string[];
  let tracker: Tracker;

  const page = () => editor().workbench.webview();
  const grid = () => page().getByRole('grid', { name: 'Runs' });
  /** A row by its place, from 1 without the header. */
  const row = (place: number) => page().locator(`[role=row][aria-rowindex="${place + 1}"]`);
  const header = (name: string) => page().getByRole('columnheader', { name });
  const filter = () => page().getByRole('combobox', { name: 'Filter' });

  /** Chooses an entry of the quick pick that is about this. */
  const pick = async (title: string, entry: string) => {
    const { page: window } = editor().workbench;
    const question = window.locator('.quick-input-widget', { hasText: title });
    await question.waitFor();
    await question.locator('input.input').fill(entry);
    await editor().workbench.quickPickItem(entry).waitFor();
    await window.keyboard.press('Enter');
    await question.waitFor({ state: 'hidden' });
  };
  /** Chooses an entry of a column's menu. */
  const choose = async (column: string, entry: string) => {
    await header(column).click({ button: 'right' });
    await pick(column, entry);
  };

  before(async () => {
    const { workbench, stateDir } = editor();
    violations = workbench.policyViolations();
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
    for (let index = 0; index < RUNS; index += 1) {
      const runId = await tracker.startRun('sweep', `trial-${index}`, { lr: `0.${index % 10}`, seed: '1' });
      await tracker.logMetric(runId, 'loss', [1 / (index + 1)]);
      await tracker.endRun(runId);
    }
    const tree = workbench.treeItem('Experiment sweep');
    await tree.hover();
    await tree.getByRole('button', { name: 'Show Run Table' }).click();
  });

  it('has all runs of an experiment, and those in sight in the page', async () => {
    await page()
      .getByRole('heading', { name: `${RUNS} runs sweep` })
      .waitFor();
    await row(1).getByText('trial-119').waitFor();
    assert.equal(await grid().getAttribute('aria-rowcount'), String(RUNS + 1));
    assert.ok((await page().getByRole('row').count()) < RUNS);
    // What is the same for all runs is not shown unasked.
    assert.deepEqual(await page().locator('.head-title').allTextContents(), [
      ...['Run', 'Started', 'Duration', 'loss', 'lr', 'User'],
    ]);
  });

  it('is walked through by keys, to the last row and back', async () => {
    const { keyboard } = editor().workbench.page;
    await grid().focus();
    await keyboard.press('End');
    await row(RUNS).getByText('trial-0').waitFor();
    await keyboard.press('Space');
    await page().getByText('1 selected').waitFor();
    await keyboard.press('Home');
    await row(1).getByText('trial-119').waitFor();
    await keyboard.press('Shift+PageDown');
    await page()
      .getByText(/^\d\d selected$/)
      .waitFor();
  });

  it('sorts by a header, and by a further one with Shift', async () => {
    await header('lr').click();
    await header('loss').click({ modifiers: ['Shift'] });
    await row(1).getByText('trial-110').waitFor();
    await page().locator('[aria-sort=ascending]').nth(1).waitFor();
  });

  it('changes its columns by keys and by the menu of each', async () => {
    const { keyboard } = editor().workbench.page;
    const width = async () => (await header('Started').boundingBox())?.width ?? 0;
    const before = await width();
    await grid().focus();
    await keyboard.press('Home');
    await keyboard.press('ArrowUp');
    for (let column = 0; column < 20; column += 1) await keyboard.press('ArrowLeft');
    await keyboard.press('ArrowRight');
    await keyboard.press('Alt+ArrowRight');
    await until(async () => (await width()) === before + 16);
    await choose('User', 'Hide Column');
    await header('User').waitFor({ state: 'detached' });
    await choose('lr', 'Pin Column');
    await until(async () => (await page().locator('.head-title').nth(1).textContent()) === 'lr');
    await page().locator('modelthat-button', { hasText: 'Columns' }).click();
    await page().getByRole('button', { name: 'Move down: Started' }).click();
    await until(async () => (await page().locator('.head-title').nth(3).textContent()) === 'Started');
    await page().locator('modelthat-button', { hasText: 'Columns' }).click();
    await choose('loss', 'Sort Ascending');
    await row(1).getByText('trial-119').waitFor();
  });

  it('puts runs together by a column, with the means of their metrics', async () => {
    await choose('lr', 'Group by This Column');
    const tree = page().getByRole('treegrid', { name: 'Runs' });
    await until(async () => (await tree.getAttribute('aria-rowcount')) === '11');
    const best = page().locator('[role=row][aria-expanded]').first();
    await best.getByText('0.9').waitFor();
    assert.match((await best.textContent()) ?? '', /12.*⌀/);
    await best.click();
    await row(2).getByText('trial-119').waitFor();
    await until(async () => (await tree.getAttribute('aria-rowcount')) === '23');
    await tree.focus();
    await editor().workbench.page.keyboard.press('Home');
    await editor().workbench.page.keyboard.press('Enter');
    await page().locator('[role=row][aria-expanded=false]').first().getByText('0.9').waitFor();
    await choose('lr', 'No Groups');
    await row(1).getByText('trial-119').waitFor();
  });

  it('keeps a view by name in the workspace, and shows it again', async () => {
    const { workbench, folder } = editor();
    const views = page().locator('modelthat-button', { hasText: 'Views' });
    await views.click();
    await pick('Views of Run Tables', 'Save This View');
    await workbench.answer('Its name in .vscode/modelthat.views.json', 'by loss');
    const file = path.join(folder, '.vscode/modelthat.views.json');
    await until(async () => fs.existsSync(file));
    const saved = JSON.parse(fs.readFileSync(file, 'utf8'));
    assert.deepEqual(saved.runs['by loss'].sort, [{ column: 'metrics.loss', descending: false }]);
    await views.click();
    await pick('Views of Run Tables', 'Reset View');
    await header('User').waitFor();
    await views.click();
    await pick('Views of Run Tables', 'by loss');
    await header('User').waitFor({ state: 'detached' });
    await row(1).getByText('trial-119').waitFor();
  });

  it('stars runs, and exports them', async () => {
    const { workbench, folder } = editor();
    await row(2).getByRole('gridcell').nth(2).click();
    await page().locator('modelthat-button', { hasText: 'More' }).click();
    await pick('1 run', 'Star');
    await row(2).getByText('starred').waitFor();
    await page().locator('modelthat-button', { hasText: 'Export' }).click();
    await pick('Format of the Table', 'CSV');
    await workbench.page.locator('.quick-input-widget', { hasText: 'Export Runs' }).waitFor();
    await workbench.page.keyboard.press('Enter');
    const file = path.join(folder, 'sweep.csv');
    await until(async () => fs.existsSync(file));
    assert.match(fs.readFileSync(file, 'utf8'), /,trial-118,/);
  });

  it('filters in the search language, and says in place what it does not understand', async () => {
    await filter().fill("params.lr = '0.3' and metrics.loss <");
    await filter().press('Enter');
    await page()
      .getByRole('alert')
      .getByText(/Invalid clause/)
      .waitFor();
    const completion = (name: string) => page().getByRole('option', { name });
    await filter().fill('');
    await filter().pressSequentially('lr');
    await completion('params.lr').waitFor();
    await filter().press('Tab');
    await completion('ILIKE').waitFor();
    await filter().pressSequentially('= ');
    await completion("'0.3'").click();
    await filter().press('Enter');
    await page().getByRole('heading', { name: '12 runs sweep' }).waitFor();
    await row(1).getByText('trial-113').waitFor();
  });

  it('shows new runs and what running ones log', async () => {
    const runId = await tracker.startRun('sweep', 'late', { lr: '0.3' });
    await tracker.logMetric(runId, 'loss', [0.5]);
    await page().getByRole('heading', { name: '13 runs sweep' }).waitFor();
    const late = page().getByRole('row', { name: /late/ });
    await late.getByText('0.5').waitFor();
    await tracker.logMetric(runId, 'loss', [0.25], 1);
    await late.getByText('0.25').waitFor();
  });

  it('is the same after the window was reloaded', async () => {
    const { workbench } = editor();
    await workbench.runCommand('Developer: Reload Window');
    await page().getByRole('heading', { name: '13 runs sweep' }).waitFor();
    assert.equal((await filter().inputValue()).trim(), "params.lr = '0.3'");
  });

  it('compares the runs that are selected, by their differences', async () => {
    await row(1).getByRole('gridcell').nth(1).click();
    await row(3)
      .getByRole('gridcell')
      .nth(1)
      .click({ modifiers: ['Shift'] });
    await page().locator('modelthat-button', { hasText: 'Compare' }).click();
    await page().getByRole('heading', { name: '3 runs compared' }).waitFor();
    // The workspace's pipeline and the metric's name say that less is better.
    await page()
      .getByRole('row', { name: /^loss .*best/ })
      .waitFor();
    assert.equal(await page().getByRole('row', { name: /^seed/ }).count(), 0);
    await page().getByText('Differences only').click();
    await page()
      .getByRole('row', { name: /^seed 1 1 1/ })
      .waitFor();
    await editor().workbench.page.locator('.tab', { hasText: 'sweep' }).click();
  });

  it('moves runs to the bin, and back', async () => {
    await page().locator('modelthat-button', { hasText: 'Delete' }).click();
    await page().getByRole('heading', { name: '10 runs sweep' }).waitFor();
    const { workbench } = editor();
    await workbench.runCommand('Notifications: Show Notifications');
    const told = workbench.page.locator('.notifications-center', { hasText: '3 runs were moved to the bin' });
    await told.getByRole('button', { name: 'Restore' }).click();
    await page().getByRole('heading', { name: '13 runs sweep' }).waitFor();
  });

  it('opens a run beside itself', async () => {
    await page().getByRole('button', { name: 'late' }).click();
    await editor().workbench.page.locator('.tab', { hasText: 'late' }).waitFor();
    assert.equal(await editor().workbench.page.locator('.editor-group-container').count(), 2);
  });

  it('breaks no rule of its content security policy', () => assert.deepEqual(violations, []));
});
