/** What a person does in the editor between a version's registration and its way back out of Production. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { RESULT_FILE, TAGS } from '../../../daemon/evaluation/model.ts';
import { useEditor } from '../../support/editor.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../registry-workspace');
const SIGNATURE = `signature:
  inputs: '[{"type": "long", "name": "store", "required": true}]'
  outputs: '[{"type": "double", "name": "sales", "required": true}]'
`;

/** What `modelthat evaluate` finds. */
const COMPARISON = {
  ...{ champion: 0.12, difference: -0.02, verdict: 'better' },
  interval: { low: -0.03, high: -0.01, resamples: 2000 },
};
const RESIDUALS = {
  columns: ['predicted', 'residual'],
  rows: [
    [10, 0.5],
    [20, -0.5],
  ],
};

const LINK = 'vscode://modelthat.modelthat/model?name=sales&version=2';

describe('the models of a project with rules', () => {
  const editor = useEditor({ fixture });
  let violations: readonly string[];
  let tracker: Tracker;

  const page = () => editor().workbench.webview();
  const dialog = (text: string) => editor().workbench.page.locator('.monaco-dialog-box', { hasText: text });
  const stage = (name: string) => editor().workbench.treeItem(`Stage ${name} of sales`);
  const lens = (text: string | RegExp) =>
    editor().workbench.page.locator('.codelens-decoration a', { hasText: text });
  /** A notification, also one whose toast is gone already. */
  const told = async (text: RegExp) => {
    await editor().workbench.runCommand('Notifications: Show Notifications');
    return editor().workbench.page.locator('.notifications-center .notification-list-item', {
      hasText: text,
    });
  };
  /** Of the page's header, or the evidence's. */
  const button = (name: string) => page().locator('modelthat-button', { hasText: name });

  async function register(rmspe: number): Promise<void> {
    const runId = await tracker.startRun('forecast', `trainer-${rmspe}`);
    await tracker.logMetric(runId, 'rmspe', [rmspe]);
    await tracker.logMetric(runId, 'mae', [rmspe * 40]);
    await tracker.logArtifact(runId, 'model/MLmodel', SIGNATURE);
    await tracker.endRun(runId);
    await tracker.call('POST', 'model-versions/create', {
      ...{ name: 'sales', source: `runs:/${runId}/model`, run_id: runId },
    });
  }

  /** Keeps what `modelthat evaluate` found of a version on a holdout. */
  async function evaluated(
    version: number,
    rmspe: Record<string, number | string>,
    more: Record<string, unknown> = {},
  ): Promise<void> {
    const runId = await tracker.startRun('forecast', `evaluate-${version}`);
    const tags = {
      [TAGS.model]: 'sales',
      [TAGS.version]: String(version),
      [TAGS.data]: '/data/holdout.csv',
      [TAGS.champion]: '1',
    };
    for (const [key, value] of Object.entries(tags))
      await tracker.call('POST', 'runs/set-tag', { run_id: runId, key, value });
    const slices = Object.entries(rmspe).map(([value, found]) => ({
      ...{ column: 'region', value, rows: 20, metrics: { rmspe: found } },
    }));
    const found = {
      task: 'regression',
      metric: 'rmspe',
      rows: 40,
      metrics: {},
      comparison: null,
      tables: {},
    };
    await tracker.logArtifact(runId, RESULT_FILE, JSON.stringify({ ...found, slices, ...more }));
    await tracker.endRun(runId);
  }

  async function promote(version: number, to: string): Promise<void> {
    const { workbench } = editor();
    const row = workbench.treeItem(`Version ${version} of sales`);
    await workbench.pressInRow(row, 'Promote Version', `Promote sales version ${version}`);
    await workbench.quickPickItem(to).click();
    await workbench.answer('The reason is kept', 'better on the holdout');
  }

  before(async () => {
    const { workbench, stateDir } = editor();
    violations = workbench.policyViolations();
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
    await tracker.call('POST', 'registered-models/create', { name: 'sales' });
    for (const rmspe of [0.12, 0.1, 0.3]) await register(rmspe);
  });

  it('stand below their stages, with the metric that the pipeline judges by', async () => {
    const { workbench } = editor();
    await workbench.treeItem('Version 3 of sales, rmspe 0.3').waitFor();
    await stage('Production').waitFor();
  });

  it('are kept out of a stage by a gate, with what it asks', async () => {
    await promote(3, 'Staging');
    await (await told(/cannot come to Staging: .*rmspe < 0\.2/)).waitFor();
    await editor().workbench.runCommand('Notifications: Clear All Notifications');
  });

  it('are promoted by dragging a version to a stage', async () => {
    const { workbench } = editor();
    await workbench.treeItem('Version 1 of sales').dragTo(stage('Staging'));
    await workbench.answer('The reason is kept', 'the first one');
    await workbench.treeItem('Version 1 of sales, Staging').waitFor();
  });

  it('ask for approval on the way to Production, and are marked meanwhile', async () => {
    const { workbench } = editor();
    await promote(1, 'Production');
    await dialog('into Production').getByRole('button', { name: 'Ask for Approval' }).click();
    await workbench
      .treeItem('Version 1 of sales, Staging, rmspe 0.12, waits for approval to Production')
      .waitFor();
    await (await told(/asks for approval of sales version 1 for Production/)).waitFor();
  });

  it('are approved from the tree', async () => {
    const { workbench } = editor();
    await workbench.runCommand('Notifications: Clear All Notifications');
    const row = workbench.treeItem('Version 1 of sales');
    await row.hover();
    await row.getByRole('button', { name: 'Approve Version' }).click();
    await dialog('Approve sales version 1').getByRole('button', { name: 'Approve' }).click();
    await workbench.answer('The reason is kept with the request', 'fine');
    await workbench.treeItem('Model sales, Production v1').waitFor();
  });

  it('have a page with the versions, the history, the signature and the run', async () => {
    await editor().workbench.treeItem('Version 2 of sales').click();
    await page().getByRole('heading', { name: 'sales', exact: true }).waitFor();
    await page()
      .getByRole('img', { name: /rmspe of 3 versions/ })
      .waitFor();
    await page().getByRole('button', { name: 'Version v2', pressed: true }).waitFor();
    await page()
      .getByRole('row', { name: /Version v2 .*0\.1 .*−17 % better/ })
      .first()
      .waitFor();
    await page().getByText('store').first().waitFor();
    await page().getByRole('button', { name: 'Run trainer-0.1' }).waitFor();
    await page()
      .getByText(/by .* · fine|better on the holdout/)
      .first()
      .waitFor();
  });

  it('show the evidence where an approval waits, and want a reason for a rejection', async () => {
    const { workbench } = editor();
    await evaluated(1, { north: 0.1, south: 0.2 });
    await evaluated(
      2,
      { north: 0.15, south: 0.1 },
      { comparison: COMPARISON, tables: { residuals: RESIDUALS } },
    );
    await evaluated(2, { 'cannot be read': 'no number' });
    await promote(2, 'Production');
    await dialog('into Production').getByRole('button', { name: 'Ask for Approval' }).click();
    await page().getByRole('heading', { name: 'Version 2 waits for approval to Production' }).waitFor();
    await page().getByText('Production v1').first().waitFor();
    await page().getByRole('heading', { name: 'rmspe by slices of holdout.csv' }).waitFor();
    await page()
      .getByRole('row', { name: /region = north 20 0\.15 0\.1 \+50 % worse/ })
      .waitFor();
    await button('Reject').click();
    await page().getByText('Say what speaks against it.').waitFor();
    await page().getByLabel('Reason').fill('slower on small stores');
    await button('Reject').click();
    await page()
      .getByText(/slower on small stores/)
      .waitFor();
    await workbench.treeItem('Version 2 of sales, rmspe 0.1, waits').waitFor({ state: 'detached' });
  });

  it('show what a data set found of a version, with pictures, and lead to another evaluation', async () => {
    const { workbench } = editor();
    await page().getByRole('heading', { name: 'Evaluations of version 2' }).waitFor();
    await page()
      .getByText(/better\s+beside version 1: its rmspe is 0\.12, the difference −?-?0\.02/)
      .waitFor();
    await page().getByText('95 % interval').waitFor();
    await page().getByRole('img', { name: 'residuals: residual over predicted, 2 points' }).waitFor();
    await page().getByRole('row', { name: 'region = south 20 0.1' }).first().waitFor();
    await editor().picture('model-evaluation');
    await button('Evaluate…').click();
    await workbench.quickPickItem('Choose a file…').waitFor();
    await workbench.quickPickItem('holdout.csv').click();
    await workbench.answer('The metric to compare', 'rmspe');
    await workbench.answer('Columns whose values', '');
    const asked = workbench.page.locator('.quick-input-widget', { hasText: 'Columns whose values' });
    await asked.waitFor({ state: 'hidden' });
    await (await told(/There is no data set \/data\/holdout\.csv/)).waitFor();
    await workbench.runCommand('Notifications: Clear All Notifications');
  });

  it('have a card whose purpose and limits are written on their page', async () => {
    await page().getByRole('button', { name: 'Edit purpose and limits' }).click();
    await page().getByLabel('Purpose').fill('Orders for the next week.');
    await page().getByLabel('Limits').fill('Not for new stores.');
    await button('Save').click();
    await page().getByText('Not for new stores.').waitFor();
    await editor().picture('model-card');
    await page().getByRole('button', { name: 'Show the whole card' }).click();
    await editor()
      .workbench.page.getByRole('tab', { name: /sales version 2/ })
      .waitFor();
    await editor().workbench.runCommand('View: Revert and Close Editor');
    await page().getByText('Orders for the next week.').waitFor();
  });

  it('are asked for again after a rejection, and approved on their page by a click', async () => {
    const { workbench } = editor();
    await workbench.runCommand('Notifications: Clear All Notifications');
    await promote(2, 'Production');
    await dialog('into Production').getByRole('button', { name: 'Ask for Approval' }).click();
    const refused = await told(/was rejected for Production/);
    await refused.hover();
    await refused.getByRole('button', { name: 'Ask Again' }).click();
    await page().getByLabel('Reason').fill('agreed after another look');
    await button('Approve').click();
    await workbench.treeItem('Model sales, Production v2').waitFor();
    await page().locator('.pill', { hasText: 'v2' }).waitFor();
  });

  it('come back from the page by one action', async () => {
    await button('Roll back…').click();
    await editor().workbench.answer('comes back', 'worse in the evening');
    await editor().workbench.treeItem('Model sales, Production v1').waitFor();
    await page()
      .getByText(/worse in the evening/)
      .first()
      .waitFor();
  });

  it('stand with their newest version above the places that register them', async () => {
    const { workbench } = editor();
    await workbench.runCommand('modelthat: Open Pipeline File');
    await lens('sales v3 · rmspe 0.3 (+150 % vs Production v1)').waitFor();
    await workbench.page.locator('.editor-actions [aria-label^="Promote Version"]').waitFor();
    await lens('Promote').last().click();
    await workbench.quickPickItem('No longer used').click();
    await workbench.answer('The reason is kept', 'a bad seed');
    await lens('sales v3 Archived').waitFor();
  });

  it('are led to by links', async () => {
    const { workbench } = editor();
    await workbench.runCommand('Developer: Open URL');
    await workbench.page.locator('.quick-input-widget input.input').fill(LINK);
    await workbench.page.keyboard.press('Enter');
    await dialog('open this URI').getByRole('button', { name: 'Open' }).click();
    await page().getByRole('button', { name: 'Version v2', pressed: true }).waitFor();
  });

  it('have pages that come back after a reload of the window, under a strict policy', async () => {
    const { workbench } = editor();
    await workbench.treeItem('Version 1 of sales').click();
    await page().getByRole('button', { name: 'Version v1', pressed: true }).waitFor();
    await workbench.runCommand('Developer: Reload Window');
    await page().getByRole('heading', { name: 'sales', exact: true }).waitFor();
    await page().getByRole('button', { name: 'Version v1', pressed: true }).waitFor();
    assert.deepEqual(violations, []);
  });
});
