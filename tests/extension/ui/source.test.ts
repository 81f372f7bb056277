/** What stands in Python code that logs: notes beside the lines, and what is above the training. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LOGGED_AT_HEADER } from '../../../daemon/contract/sources.ts';
import { useEditor } from '../../support/editor.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../source-workspace');

/** Logs a run as `python train.py` does that the Python package was there for. @returns its id */
async function ran(
  tracker: Tracker,
  source: string,
  metrics: Readonly<Record<string, readonly number[]>>,
): Promise<string> {
  const id = await tracker.startRun('sales', 'run');
  await tracker.call('POST', 'runs/set-tag', { run_id: id, key: 'mlflow.source.name', value: source });
  for (const [key, values] of Object.entries(metrics)) await tracker.logMetric(id, key, values);
  await tracker.endRun(id);
  return id;
}

/** Runs in the page: the texts that a style sheet puts behind parts of the line with a text. */
const readNote = (text: string) => `
  [...document.querySelectorAll('.view-line')]
    .find(line => line.textContent.replaceAll('\u00a0', ' ').includes(${JSON.stringify(text)}))
    ?.querySelectorAll('span').values()
    .map(span => getComputedStyle(span, '::after').content)
    .filter(content => content.startsWith('"'))
    .map(content => JSON.parse(content))
    .toArray().join('')`;

/** How long a note is waited for. */
const PATIENCE_MS = 15_000;

describe('Python code that logs', () => {
  const editor = useEditor({ fixture });
  let tracker: Tracker;

  const FIRST = { loss: [1, 0.5, 0.4, 0.2], rmspe: [0.1], mae: [0.6], lift: [2], rows: [10], zeros: [0] };
  const SECOND = {
    loss: [1, 0.6, 0.3, 0.1],
    rmspe: [0.095],
    mae: [0.5],
    lift: [3],
    rows: [10],
    zeros: [0],
    'fold_0/rmspe': [0.2],
    'fold_1/rmspe': [0.3],
    odd: [7],
  };

  /** The line of the editor with a text, with what stands behind it. */
  const line = (text: string) =>
    editor()
      .workbench.page.locator('.view-line', { hasText: new RegExp(text) })
      .first();
  /** Waits until this stands behind a line: the editor draws it by a style sheet, so that it is no text of the page. */
  const note = async (text: string, expected: string) => {
    const shown = () => editor().workbench.page.evaluate<string>(readNote(text));
    const giveUp = Date.now() + PATIENCE_MS;
    let found = await shown();
    while (found !== expected && Date.now() < giveUp) {
      await pause(100);
      found = await shown();
    }
    assert.equal(found, expected);
  };
  const lens = (text: string | RegExp) =>
    editor().workbench.page.locator('.codelens-decoration a', { hasText: text });
  const open = async (file: string) => {
    const { page } = editor().workbench;
    await page.keyboard.press('Control+P');
    await editor().workbench.page.locator('.quick-input-widget input').fill(file);
    await editor().workbench.quickPickItem(file).first().click();
  };

  before(async () => {
    const { workbench, stateDir, folder } = editor();
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
    await ran(tracker, 'train.py', FIRST);
    const second = await ran(tracker, 'train.py', SECOND);
    const place = {
      run: second,
      file: path.join(folder, 'train.py'),
      line: 7,
      text: 'mlflow.log_metric(name, value)',
      keys: ['odd'],
    };
    await fetch(`${tracker.url}/api/2.0/mlflow/runs/set-tag`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tracker.token}`,
        'content-type': 'application/json',
        [LOGGED_AT_HEADER]: JSON.stringify(place),
      },
      body: JSON.stringify({ run_id: second, key: 'a', value: 'b' }),
    });
    await open('train.py');
  });

  it('has the last value, the best and the difference beside each line that logs', async () => {
    await note('"rmspe"', '0.095 · the best so far · −5 % to the run before');
    await note('log_metrics', 'mae 0.5 (−17 %) · lift 3 (+50 %) · rows 10 (±0 %) · +1 more');
    await note('fold_', 'fold_0/rmspe 0.2 · fold_1/rmspe 0.3');
    await note('log_metric(name', 'odd 7');
  });

  it('tells above the training when it last ran, and how its metric stands', async () => {
    await lens(/last run just now · rmspe 0\.095 \(the best\)/).waitFor();
    await lens('Run').first().waitFor();
    await lens('Compare').waitFor();
  });

  it('follows new runs', async () => {
    await ran(tracker, 'train.py', { rmspe: [0.19] });
    await note('"rmspe"', '0.19 · best 0.095 · +100 % to the run before');
    await lens(/rmspe 0\.19 \(best 0\.095\)/).waitFor();
  });

  it('has the values beside each other and a chart where the mouse rests on them', async () => {
    const { page } = editor().workbench;
    await line('"loss"').getByText('log_metric').hover();
    const hover = page.locator('.monaco-hover:visible', { hasText: 'Run before' });
    await hover.waitFor();
    await hover.locator('img[src^="data:image/svg"]').waitFor();
    assert.match((await hover.textContent()) ?? '', /loss\s+0\.1\s+0\.2, −50 %\s+this run/);
    await hover.getByText('Open run').click();
    await editor().workbench.webview().getByRole('heading', { name: 'run', exact: true }).waitFor();
  });

  it('has beside parameters what the best run used, where that is another value', async () => {
    await open('params.yaml');
    const id = await tracker.startRun('sales', 'best', { lr: '0.05', 'tree.depth': '6' });
    await tracker.logMetric(id, 'rmspe', [0.01]);
    await tracker.endRun(id);
    await note('lr: 0.1', 'best: 0.05');
    await note('depth: 6', '');
  });

  it('has them in the cells of a notebook', async () => {
    await ran(tracker, path.join(editor().folder, 'train.ipynb'), { rmspe: [0.4] });
    await open('train.ipynb');
    await note('KEY, 0', '0.4');
    await lens(/last run just now · rmspe 0\.4/).waitFor();
  });
});
