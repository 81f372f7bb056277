/** The page of a run: its curves, its files, what is known of it and what can be done with it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');
const STEPS = 1000;

describe('the page of a run', () => {
  const editor = useEditor({ fixture });
  const violations: string[] = [];
  let tracker: Tracker;
  let runId: string;

  const page = () => editor().workbench.webview();
  const chart = (key: string) => page().locator(`.chart-card[data-key="${key}"] canvas`);
  const button = (name: string | RegExp) => page().locator('modelthat-button', { hasText: name });

  before(async () => {
    const { workbench, stateDir } = editor();
    workbench.page.on('console', message => {
      if (/Content Security Policy/.test(message.text())) violations.push(message.text());
    });
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
    runId = await tracker.startRun('forecast', 'long', { lr: '0.1' });
    const values = Array.from({ length: STEPS }, (_, step) => 1 / (step + 1));
    for (const key of ['train/loss', 'val/loss', 'val/mae', 'system/cpu_utilization_percentage'])
      await tracker.logMetric(runId, key, values);
    await workbench.treeItem('Experiment forecast').click();
    await workbench.treeItem('Run long').click();
    await page().getByRole('heading', { name: 'long' }).waitFor();
  });

  describe('its charts', () => {
    it('are grouped by prefix, what was measured of the machine last and folded', async () => {
      await chart('val/loss').waitFor();
      await page().getByRole('button', { name: 'val 2', expanded: true }).waitFor();
      await page()
        .getByRole('button', { name: /System metrics/ })
        .waitFor();
      assert.equal(await chart('system/cpu_utilization_percentage').count(), 0);
    });

    it('zoom together into the steps that are dragged over, and out again', async () => {
      await page()
        .getByText(/Sampled: \d+ of 1,000 points/)
        .first()
        .waitFor();
      const box = await chart('val/loss').boundingBox();
      assert.ok(box);
      const { mouse } = editor().workbench.page;
      const y = box.y + box.height / 2;
      await mouse.move(box.x + box.width * 0.5, y);
      await mouse.down();
      await mouse.move(box.x + box.width * 0.6, y, { steps: 4 });
      await mouse.up();
      const zoomed = /over \d\d\d? points/;
      await page()
        .getByRole('img', { name: new RegExp(`val/loss ${zoomed.source}`) })
        .waitFor();
      await page()
        .getByRole('img', { name: new RegExp(`val/mae ${zoomed.source}`) })
        .waitFor();
      await button('Show all steps').click();
      await page().getByRole('img', { name: 'val/mae over 1000 points' }).waitFor();
    });

    it('fill the page, with the steps to choose and the points as a table', async () => {
      await page().getByRole('button', { name: 'Enlarge the chart of val/loss' }).click();
      const large = page().getByRole('dialog', { name: 'val/loss' });
      await large.getByLabel('Steps').fill('10');
      await large.getByLabel('to', { exact: true }).fill('19');
      await large.getByLabel('to', { exact: true }).press('Enter');
      await large.getByRole('img', { name: /over 10 points/ }).waitFor();
      await large.getByText('As a table').click();
      await large.getByRole('row', { name: /^19 .* 0\.05/ }).waitFor();
      await large.getByText('Show all steps').click();
      await editor().workbench.page.keyboard.press('Escape');
      await large.waitFor({ state: 'hidden' });
    });
  });

  it('breaks no rule of its content security policy', () => {
    assert.deepEqual(violations, []);
  });
});
