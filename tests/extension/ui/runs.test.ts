import assert from 'node:assert/strict';
import path from 'node:path';
import { type Editor, useEditor } from '../../support/editor.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');

describe('runs in the editor', () => {
  const editor = useEditor({ fixture });
  let violations: readonly string[];
  let tracker: Tracker;
  let runId: string;

  before(async () => {
    const { workbench, stateDir } = editor();
    violations = workbench.policyViolations();
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
  });

  it('appear in the tree while they are logged', async () => {
    const { workbench } = editor();
    runId = await tracker.startRun('forecast', 'first-try', { lr: '0.1' });
    await tracker.logMetric(runId, 'loss', [0.9, 0.5, 0.4]);
    await workbench.treeItem('Experiment forecast').click();
    await workbench.treeItem('Run first-try, running, loss 0.4').waitFor();
    await tracker.logMetric(runId, 'loss', [0.25], 3);
    await workbench.treeItem('Run first-try, running, loss 0.25').waitFor();
  });

  it('have a page with a chart that grows', async () => {
    const { workbench } = editor();
    await workbench.treeItem('Run first-try').click();
    const page = workbench.webview();
    await page.getByRole('heading', { name: 'first-try' }).waitFor();
    await page
      .getByRole('img', { name: /loss over 4 points: last 0.25, lowest 0.25, highest 0.9/ })
      .waitFor();
    await tracker.logMetric(runId, 'loss', [0.2, 0.125], 4);
    await page.getByRole('img', { name: /loss over 6 points: last 0.125/ }).waitFor();
    assert.ok((await paintedPixels(editor())) > 100, 'the chart is empty');
  });

  it('are shown as ended when they end', async () => {
    const { workbench } = editor();
    await tracker.endRun(runId);
    await workbench.webview().locator('.pill', { hasText: 'finished' }).waitFor();
    await workbench.treeItem('Run first-try, finished').waitFor();
  });

  it('have a page that holds no token and breaks no rule of its content security policy', async () => {
    const html = await editor()
      .workbench.webview()
      .locator('html')
      .evaluate(root => root.outerHTML);
    assert.ok(html.includes("default-src 'none'"));
    assert.ok(!html.includes('unsafe-inline'));
    assert.ok(!html.includes(tracker.token));
    // The empty style of the controls' focus probe is the one thing the policy stops; it does nothing.
    assert.deepEqual(violations, []);
  });

  it('have a page whose controls are reached with Tab, each with a focus that is seen', async () => {
    const { workbench } = editor();
    const root = workbench.webview().locator('html');
    await workbench.webview().getByRole('heading', { name: 'first-try' }).click();
    const reached: string[] = [];
    for (let stop = 0; stop < 7; stop += 1) {
      await workbench.page.keyboard.press('Tab');
      reached.push(await root.evaluate(nameOfFocus));
    }
    assert.deepEqual(reached, [
      'Register model…',
      'Show lineage',
      'Copy ID',
      'Add a note',
      'Over',
      'Smoothing',
      'Log scale',
    ]);
  });

  it('have a page that loads nothing over the network', async () => {
    const page = editor().workbench.webview();
    const reached = await page.locator('html').evaluate(
      (_root, url) =>
        fetch(`${url}/health`).then(
          () => true,
          () => false,
        ),
      tracker.url,
    );
    assert.equal(reached, false);
  });
});

describe('a run page', () => {
  const editor = useEditor({ fixture });

  before(async () => {
    const { workbench, stateDir } = editor();
    await workbench.viewContainer('modelthat').click();
    const tracker = await trackerOf(stateDir);
    const runId = await tracker.startRun('forecast', 'kept');
    await tracker.logMetric(runId, 'loss', [0.9, 0.5]);
    await workbench.treeItem('Experiment forecast').click();
    await workbench.treeItem('Run kept').click();
    await workbench.webview().getByRole('heading', { name: 'kept' }).waitFor();
  });

  it('goes on by itself after the daemon has crashed', async () => {
    const { workbench, stateDir } = editor();
    const before = await trackerOf(stateDir);
    process.kill(before.pid, 'SIGKILL');
    const after = await trackerOf(stateDir, before.pid);
    const runId = await after.startRun('forecast', 'second');
    await after.endRun(runId);
    await workbench.treeItem('Run second, finished').waitFor();
    await workbench.treeItem('Run kept, running, loss 0.5').waitFor();
  });

  it('is there again after the window was reloaded', async () => {
    const { workbench } = editor();
    await workbench.runCommand('Developer: Reload Window');
    await workbench.webview().getByRole('heading', { name: 'kept' }).waitFor();
    await workbench
      .webview()
      .getByRole('img', { name: /loss over 2 points/ })
      .waitFor();
  });
});

/** What the focused element is called, or that its focus is not to be seen. Runs in the page. */
const nameOfFocus = `(() => {
  let focused = document.activeElement;
  const host = focused;
  while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  const { outlineStyle, boxShadow, borderColor } = getComputedStyle(focused);
  const seen = focused.matches(':focus-visible') && (outlineStyle !== 'none' || boxShadow !== 'none' || borderColor !== '');
  // Of a label, the words before its control.
  const name = (host.labels?.[0]?.firstChild ?? host).textContent.trim();
  return seen ? name : name + ' without a focus ring';
})()`;

function paintedPixels({ workbench }: Editor): Promise<number> {
  return workbench
    .webview()
    .locator('canvas')
    .first()
    .evaluate(element => {
      const canvas = element as unknown as { width: number; height: number; getContext(kind: '2d'): Context };
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, index) => index % 4 === 3 && value > 0).length;
    });
}

/** The part of a canvas that the test looks at; these tests are typed for Node. */
interface Context {
  getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
}
