import assert from 'node:assert/strict';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');

describe('models in the editor', () => {
  const editor = useEditor({ fixture });
  let tracker: Tracker;

  before(async () => {
    const { workbench, stateDir } = editor();
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
    const runId = await tracker.startRun('forecast', 'trainer');
    await tracker.logMetric(runId, 'loss', [0.25]);
    await tracker.call('POST', 'registered-models/create', { name: 'sales' });
    await tracker.call('POST', 'model-versions/create', {
      name: 'sales',
      source: `runs:/${runId}/model`,
      run_id: runId,
    });
  });

  it('appear in the tree with the metric that the pipeline judges by', async () => {
    await editor().workbench.treeItem('Version 1 of sales, loss 0.25').waitFor();
  });

  it('move to another stage from the tree, with a reason', async () => {
    const { workbench } = editor();
    const row = workbench.treeItem('Version 1 of sales');
    await workbench.pressInRow(row, 'Promote Version', 'Promote sales version 1');
    await workbench.quickPickItem('Staging').click();
    await workbench.answer('The reason is kept', 'beats the baseline');
    await workbench.treeItem('Version 1 of sales, Staging').waitFor();
    await workbench.treeItem('Model sales, Staging v1').waitFor();
  });

  it('move to the stage that they are dragged to', async () => {
    const { workbench } = editor();
    const staging = workbench.treeItem('Stage Staging of sales');
    await workbench.treeItem('Version 1 of sales').dragTo(workbench.treeItem('Stage None of sales'));
    await workbench.answer('The reason is kept', 'not yet');
    await workbench.treeItem('Model sales, in no stage').waitFor();
    await workbench.treeItem('Version 1 of sales').dragTo(staging);
    await workbench.answer('The reason is kept', 'after all');
    await workbench.treeItem('Version 1 of sales, Staging').waitFor();
  });

  it('reach Production only after a confirmation', async () => {
    const { workbench } = editor();
    const row = workbench.treeItem('Version 1 of sales');
    await workbench.pressInRow(row, 'Promote Version', 'Promote sales version 1');
    await workbench.quickPickItem('Production').click();
    await workbench.answer('The reason is kept', '');
    const question = workbench.page.locator('.monaco-dialog-box', { hasText: 'into Production' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    const { model_version } = (await tracker.call('GET', 'model-versions/get', {
      name: 'sales',
      version: '1',
    })) as { model_version: { current_stage: string } };
    assert.equal(model_version.current_stage, 'Staging');
  });
});
