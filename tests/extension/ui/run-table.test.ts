import assert from 'node:assert/strict';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');
const RUNS = 120;

describe('the table of runs', () => {
  const editor = useEditor({ fixture });
  const violations: string[] = [];
  let tracker: Tracker;

  const page = () => editor().workbench.webview();
  const grid = () => page().getByRole('grid', { name: 'Runs' });
  /** A row by its place, from 1 without the header. */
  const row = (place: number) => page().locator(`[role=row][aria-rowindex="${place + 1}"]`);
  const header = (name: string) => page().getByRole('columnheader', { name });
  const filter = () => page().getByRole('searchbox', { name: 'Filter' });

  before(async () => {
    const { workbench, stateDir } = editor();
    workbench.page.on('console', message => {
      if (/Content Security Policy/.test(message.text())) violations.push(message.text());
    });
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

  it('filters in the search language, and says in place what it does not understand', async () => {
    await filter().fill("params.lr = '0.3' and metrics.loss <");
    await filter().press('Enter');
    await page()
      .getByRole('alert')
      .getByText(/Invalid clause/)
      .waitFor();
    await filter().fill("params.lr = '0.3'");
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
    assert.equal(await filter().inputValue(), "params.lr = '0.3'");
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
