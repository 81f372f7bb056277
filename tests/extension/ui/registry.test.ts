/** What a person does with runs after they have ended: register their models, throw them away, take them back. */
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';
import { type Tracker, trackerOf } from '../../support/tracker.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');

describe('ended runs in the editor', () => {
  const editor = useEditor({ fixture });
  let tracker: Tracker;

  before(async () => {
    const { workbench, stateDir } = editor();
    await workbench.viewContainer('modelthat').click();
    tracker = await trackerOf(stateDir);
    const runId = await tracker.startRun('forecast', 'trainer');
    await tracker.logArtifact(runId, 'model/MLmodel', 'flavors: {}');
    await tracker.endRun(runId);
    await workbench.treeItem('Experiment forecast').click();
    await workbench.treeItem('Run trainer, finished').waitFor();
  });

  it('have their model registered from their page', async () => {
    const { workbench } = editor();
    await workbench.treeItem('Run trainer, finished').click();
    await workbench.webview().getByRole('button', { name: 'Register model' }).click();
    await workbench.answer('Name of the new model', 'sales');
    await workbench.treeItem('Version 1 of sales').waitFor();
    await workbench.webview().getByRole('button', { name: 'Promote' }).waitFor();
  });

  it('are thrown away, and taken back where that is said', async () => {
    const { workbench } = editor();
    await workbench.runCommand('modelthat: Delete Run');
    await workbench.quickPickItem('trainer').click();
    await workbench.treeItem('Run trainer').waitFor({ state: 'detached' });
    await workbench.runCommand('Notifications: Show Notifications');
    const said = workbench.page.locator('.notification-list-item', {
      hasText: 'Run trainer was moved to the bin',
    });
    await said.getByRole('button', { name: 'Restore' }).click();
    await workbench.treeItem('Run trainer').waitFor();
  });

  it('are taken back from the bin later', async () => {
    const { workbench } = editor();
    await workbench.runCommand('modelthat: Delete Run');
    await workbench.quickPickItem('trainer').click();
    await workbench.treeItem('Run trainer').waitFor({ state: 'detached' });
    await workbench.runCommand('modelthat: Restore Deleted Run…');
    await workbench.quickPickItem('trainer').click();
    await workbench.treeItem('Run trainer').waitFor();
  });

  it('are closed by a person when their script is gone', async () => {
    const { workbench } = editor();
    await tracker.startRun('forecast', 'abandoned');
    await workbench.treeItem('Run abandoned, running').waitFor();
    await workbench.runCommand('modelthat: Close Silent Run…');
    await workbench.quickPickItem('abandoned').click();
    await workbench.quickPickItem('Failed').click();
    await workbench.treeItem('Run abandoned, failed').waitFor();
  });

  it('are loaded a page at a time when there are many', async () => {
    const { workbench } = editor();
    for (let number = 1; number <= 60; number += 1) {
      await tracker.endRun(await tracker.startRun('many', `of-many-${number}`));
    }
    await workbench.treeItem('Experiment many').click();
    await workbench.treeItem('Run of-many-60').waitFor();
    const goToEnd = async () => {
      await workbench.runCommand('modelthat: Focus on Experiments View');
      await workbench.page.keyboard.press('End');
    };
    await goToEnd();
    await workbench.treeItem('Load more').click();
    await workbench.treeItem('Load more').waitFor({ state: 'detached' });
    await goToEnd();
    await workbench.treeItem('Run of-many-1,').waitFor();
  });
});
