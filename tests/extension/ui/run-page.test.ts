/** The page of a run: its curves, its files, what is known of it and what can be done with it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';
import { linearModel } from '../../support/onnx.ts';
import { SMALL_PARQUET } from '../../support/parquet.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');
const STEPS = 1000;

describe('the page of a run', () => {
  const editor = useEditor({ fixture });
  let violations: readonly string[];
  let tracker: Tracker;
  let runId: string;

  const page = () => editor().workbench.webview();
  const chart = (key: string) => page().locator(`.chart-card[data-key="${key}"] canvas`);
  const button = (name: string | RegExp) => page().locator('modelthat-button', { hasText: name });

  before(async () => {
    const { workbench, stateDir } = editor();
    violations = workbench.policyViolations();
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

  describe('its note', () => {
    it('is written in Markdown, of which no HTML and no other address than those of the web becomes markup', async () => {
      await page().getByRole('button', { name: 'Add a note' }).click();
      const note =
        '# Better\n\n- [x] **seen** <img src=x onerror=alert(1)> [bad](javascript:alert(1)) [good](https://example.org)';
      await page().getByLabel('Note').fill(note);
      await button('Save').click();
      await page().getByRole('heading', { name: 'Better' }).waitFor();
      await page().locator('.markdown li strong', { hasText: 'seen' }).waitFor();
      await page().locator('.markdown', { hasText: '<img src=x onerror=alert(1)>' }).waitFor();
      await page().locator('.markdown', { hasText: '[bad](javascript:alert(1))' }).waitFor();
      assert.deepEqual(
        await page()
          .locator('.markdown a')
          .evaluateAll(links => links.map(link => link.getAttribute('href'))),
        ['https://example.org'],
      );
      const { run } = await tracker.call('GET', 'runs/get', { run_id: runId });
      const { tags } = (run as { data: { tags: { key: string; value: string }[] } }).data;
      assert.equal(tags.find(({ key }) => key === 'mlflow.note.content')?.value, note);
    });
  });

  describe('its artifacts', () => {
    const look = (file: string) => page().getByRole('treeitem', { name: file }).click();

    before(async () => {
      const files: Record<string, string | Uint8Array<ArrayBuffer>> = {
        'table.parquet': new Uint8Array(SMALL_PARQUET),
        'model.onnx': new Uint8Array(linearModel([1, 2])),
        'report.md': '## Errors\n\n| store | error |\n| --- | --- |\n| 7 | 0.3 |\n',
        'params.json': '{"lr":0.1}',
      };
      for (const [file, content] of Object.entries(files)) await tracker.logArtifact(runId, file, content);
      await tracker.endRun(runId);
    });

    it('are looked into: Parquet, ONNX, Markdown', async () => {
      await look('table.parquet');
      await page().getByRole('columnheader', { name: 'promo' }).waitFor();
      await look('model.onnx');
      await page().getByText('1: MatMul').waitFor();
      await look('report.md');
      await page().getByRole('heading', { name: 'Errors' }).waitFor();
      await page().getByRole('cell', { name: '0.3' }).waitFor();
    });

    it('open in an editor of their kind, which cannot change them', async () => {
      const { workbench } = editor();
      await look('params.json');
      await page().getByRole('button', { name: 'Open params.json in an editor' }).click();
      await workbench.page.locator('.view-line', { hasText: '{"lr":0.1}' }).click();
      await workbench.page.keyboard.type('x');
      await workbench.page.getByText('Editor is read-only').first().waitFor();
      await workbench.page.getByRole('tab', { name: 'long' }).click();
      await page().getByRole('heading', { name: 'long' }).waitFor();
    });
  });

  // In a block of its own, since tests that stand beside blocks run before them.
  describe('its content security policy', () => {
    it('is broken by none of that', () => {
      assert.deepEqual(violations, []);
    });
  });
});
