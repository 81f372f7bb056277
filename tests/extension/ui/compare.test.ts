/** The page that compares runs, in a real editor. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import type { FrameLocator } from 'playwright-core';
import { DaemonClient } from '../../../daemon/client/client.ts';
import { startExecution } from '../../../daemon/contract/pipelines.ts';
import { assertAccessible } from '../../support/accessibility.ts';
import { useEditor } from '../../support/editor.ts';
import { ended } from '../../support/pipelines.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');
const HOSTILE = '<img src=x onerror="document.title=1">';

describe('the comparison of runs', () => {
  const editor = useEditor({ fixture });
  let violations: readonly string[];
  let tracker: Tracker;
  let running: string;

  const page = () => editor().workbench.webview();
  const tab = (name: string) => page().getByRole('tab', { name });
  const chart = (name: RegExp) => page().getByRole('img', { name });
  const row = (name: RegExp) => page().getByRole('row', { name });

  before(async () => {
    const { workbench, stateDir } = editor();
    violations = workbench.policyViolations();
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
    running = await logRuns(tracker);
    const tree = workbench.treeItem('Experiment sweep');
    await tree.hover();
    await tree.getByRole('button', { name: 'Show Run Table' }).click();
    await page()
      .getByRole('heading', { name: /runs sweep/ })
      .waitFor();
    await selectAndCompare(page, 6);
  });

  it('sets all runs against the first, in numbers, per cent and standard deviations over seeds', async () => {
    // Newest first: the hostile one is the baseline until another is pinned.
    await page()
      .getByText(/no other run here differs from it in its seed alone/)
      .waitFor();
    await page().getByRole('button', { name: 'Pin shallow-1 as the baseline' }).click();
    await page()
      .getByText(/the standard deviation over the 3 runs that are the baseline but for their seed/)
      .waitFor();
    await row(/^loss .*\(−44 %\) 4 sd better/).waitFor();
    assert.equal(await row(/^epochs/).count(), 0);
  });

  it('takes runs together that differ in their seed alone', async () => {
    await page().getByText('Mean over seeds').click();
    await row(/^loss .*1 ± 0.1 \(3\)/).waitFor();
    await page().getByText('Mean over seeds').click();
  });

  it('shows names and values that scripts logged as text', async () => {
    await page().getByRole('button', { name: HOSTILE, exact: true }).waitFor();
    assert.equal(await page().locator('img').count(), 0);
  });

  it('draws the curves of all runs over each other, and goes on while they are logged', async () => {
    await tab('Table').focus();
    await editor().workbench.page.keyboard.press('ArrowRight');
    await chart(/^loss of 6 runs, last values: .*deep 0.5/).waitFor();
    await tracker.logMetric(running, 'loss', [0.25], 4);
    await chart(/^loss of 6 runs, last values: .*deep 0.25/).waitFor();
    await page().getByLabel('Over').selectOption('Time since start');
    await page()
      .getByRole('button', { name: /shallow-2/ })
      .click();
    await chart(/^loss of 5 runs/).waitFor();
    await page().getByText('1 of 6 runs hidden or without this metric.').waitFor();
    await page().getByText('As a table').first().click();
    await row(/^shallow-1 0.9 0.9 3.9 4/).waitFor();
  });

  it('is the same after the window was reloaded', async () => {
    await editor().workbench.runCommand('Developer: Reload Window');
    await chart(/^loss of 5 runs/).waitFor();
    assert.equal(await page().getByLabel('Over').inputValue(), 'time');
    await tab('Table').click();
    await page().getByRole('button', { name: 'shallow-1 is the baseline: unpin it' }).waitFor();
  });

  it('breaks no rule of its content security policy', () => assert.deepEqual(violations, []));
});

describe('the charts over all compared runs', () => {
  const editor = useEditor({ fixture });
  let violations: readonly string[];
  const page = () => editor().workbench.webview();
  const show = (name: string) => page().getByRole('tab', { name }).click();

  before(async () => {
    const { workbench, stateDir } = editor();
    violations = workbench.policyViolations();
    await workbench.viewContainer('modelthat').click();
    const tracker = await trackerOf(stateDir);
    for (let trial = 0; trial < 12; trial += 1) {
      const params = { depth: String(trial), rate: String(0.1 * (trial % 3)), kind: trial % 2 ? 'a' : 'b' };
      const runId = await tracker.startRun('search', `trial-${trial}`, params);
      await tracker.logMetric(runId, 'loss', [trial]);
      if (trial > 9) await tracker.logArtifact(runId, 'plots/loss.svg', picture(trial));
      await tracker.endRun(runId);
    }
    const tree = workbench.treeItem('Experiment search');
    await tree.hover();
    await tree.getByRole('button', { name: 'Show Run Table' }).click();
    await selectAndCompare(page, 12);
  });

  it('show runs as lines whose axes take ranges by keys', async () => {
    await show('Parallel coordinates');
    await page().getByText('12 of 12 runs are within the ranges.').waitFor();
    const upper = page().getByRole('slider', { name: 'depth, to' });
    await upper.focus();
    for (let press = 0; press < 10; press += 1) await upper.press('ArrowDown');
    await page().getByText('6 of 12 runs are within the ranges.').waitFor();
    assert.equal(await upper.getAttribute('aria-valuetext'), '5.5');
    assert.equal(await page().locator('.parallel-line.outside').count(), 6);
    await upper.press('Escape');
    await page().getByText('12 of 12 runs are within the ranges.').waitFor();
  });

  it('take ranges by dragging, too', async () => {
    const box = await page().locator('.axis-grip').first().boundingBox();
    const { mouse } = editor().workbench.page;
    assert.ok(box);
    await mouse.move(box.x + box.width / 2, box.y + box.height - 1);
    await mouse.down();
    await mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
    await mouse.up();
    await page()
      .getByText(/^6 of 12 runs are within the ranges/)
      .waitFor();
    await page().locator('modelthat-button', { hasText: 'Clear ranges' }).click();
  });

  it('show runs as points, boxes and a surface, with a table behind them', async () => {
    await show('Scatter');
    await page().getByRole('img', { name: 'loss over depth of 12 runs' }).waitFor();
    await page().getByRole('combobox', { name: 'Across' }).selectOption('rate');
    await page().getByRole('img', { name: 'loss over rate of 12 runs' }).waitFor();
    await show('Box plots');
    await page().getByRole('combobox', { name: 'By' }).selectOption('kind');
    await page().getByRole('img', { name: 'loss by kind, medians: a 6, b 5' }).waitFor();
    await page().getByText('As a table').click();
    await page()
      .getByRole('row', { name: /^a 6 1 6 11/ })
      .waitFor();
    await show('Contour');
    await page().getByRole('combobox', { name: 'Across' }).selectOption('depth');
    await page().getByRole('img', { name: 'loss over depth and rate of 12 runs' }).waitFor();
  });

  it('tell which parameters matter, with intervals', async () => {
    await show('What matters');
    await page()
      .getByRole('row', { name: /^depth 100 % 100 % to 100 % rises with it/ })
      .waitFor();
    await page()
      .getByRole('row', { name: /^kind 0 % .*categories 12/ })
      .waitFor();
  });

  it('set pictures of the same path against each other, with a slider', async () => {
    await show('Images');
    await page().getByText('2 of 12 runs have this picture.').waitFor();
    await page().getByRole('img', { name: 'plots/loss.svg of trial-11' }).waitFor();
    const over = page().getByRole('img', { name: 'plots/loss.svg of trial-10' });
    const slider = page().getByRole('slider', { name: /How much of trial-11 is seen/ });
    await slider.press('Home');
    assert.match((await over.getAttribute('style')) ?? '', /inset\(0px 0px 0px 0%\)/);
    await page().getByText('Beside each other').click();
    await page().locator('figcaption', { hasText: 'trial-10' }).waitFor();
  });

  for (const name of [
    'Table',
    'Parallel coordinates',
    'Scatter',
    'Box plots',
    'Contour',
    'What matters',
    'Images',
  ])
    it(`have no serious problem for axe-core: ${name}`, async () => {
      await show(name);
      await assertAccessible(editor(), name);
    });

  it('break no rule of their content security policy', () => assert.deepEqual(violations, []));
});

describe('the comparison of what runs were made from', () => {
  const editor = useEditor({ fixture });
  const page = () => editor().workbench.webview();

  before(async () => {
    const { workbench, stateDir, folder } = editor();
    await workbench.viewContainer('modelthat').click();
    const { url, owner } = await trackerOf(stateDir);
    const client = new DaemonClient({ url, token: owner });
    const commit = async (...lines: string[]) => {
      writeFileSync(path.join(folder, 'train.py'), lines.join('\n'));
      await execa('git', ['add', '--all'], { cwd: folder });
      const who = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
      await execa('git', [...who, 'commit', '--quiet', '-m', 'next'], { cwd: folder });
    };
    const run = async () => {
      const file = path.join(folder, 'modelthat.yaml');
      const { id } = await client.call(startExecution, { body: { file } });
      await ended({ client }, id);
    };
    await execa('git', ['init', '--quiet'], { cwd: folder });
    await commit('rate = 0.1', 'print(rate)');
    await run();
    await commit('rate = 0.2', 'print(rate)');
    await run();
    const tree = workbench.treeItem('Experiment tiny');
    await tree.hover();
    await tree.getByRole('button', { name: 'Show Run Table' }).click();
    await selectAndCompare(page, 2);
  });

  it('names the commits, the files that differ, and opens them in the diff view', async () => {
    await page().getByRole('tab', { name: 'Code and data' }).click();
    await page()
      .getByRole('row', { name: /^Commit [0-9a-f]{10} [0-9a-f]{10}/ })
      .waitFor();
    await page()
      .getByText(/Not recorded of these 2 runs: the packages of 2/)
      .waitFor();
    await page()
      .getByRole('button', { name: /Compare the code of tiny #1 with that of the baseline/ })
      .click();
    await page().getByRole('button', { name: 'train.py' }).click();
    const { workbench } = editor();
    await workbench.page.locator('.tab', { hasText: 'train.py (tiny #2 ↔ tiny #1)' }).waitFor();
    const diff = workbench.page.locator('.monaco-diff-editor');
    await diff.locator('.original').getByText('0.2').waitFor();
    await diff.locator('.modified').getByText('0.1').waitFor();
  });
});

/** A picture that would change the page's title if it were more than a picture. */
const picture = (height: number) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80" onload="top.document.title = 1"><rect width="80" height="${height}"/></svg>`;

/** Selects the first rows of the table of runs that is shown, and compares them. */
async function selectAndCompare(page: () => FrameLocator, rows: number): Promise<void> {
  const cell = (place: number) =>
    page()
      .locator(`[role=row][aria-rowindex="${place + 1}"]`)
      .getByRole('gridcell')
      .nth(1);
  await cell(1).click();
  await cell(rows).click({ modifiers: ['Shift'] });
  await page().locator('modelthat-button', { hasText: 'Compare' }).click();
  await page()
    .getByRole('heading', { name: `${rows} runs compared` })
    .waitFor();
}

/** Three runs that differ in their seed, one that has half their loss and still runs, and two others. @returns the one that runs */
async function logRuns(tracker: Tracker): Promise<string> {
  const curve = (last: number) => [3, 2, 1, 0].map(step => last + step);
  for (const seed of [1, 2, 3]) {
    const params = { depth: '3', seed: String(seed), epochs: '4' };
    const runId = await tracker.startRun('sweep', `shallow-${seed}`, params);
    await tracker.logMetric(runId, 'loss', curve(0.8 + seed / 10));
    await tracker.endRun(runId);
  }
  const running = await tracker.startRun('sweep', 'deep', { depth: '9', seed: '1', epochs: '4' });
  await tracker.logMetric(running, 'loss', curve(0.5));
  for (const [name, loss] of [
    ['wide', 0.7],
    [HOSTILE, 0.6],
  ] as const) {
    const runId = await tracker.startRun('sweep', name, { depth: name, seed: '1', epochs: '4' });
    await tracker.logMetric(runId, 'loss', curve(loss));
    await tracker.endRun(runId);
  }
  return running;
}
