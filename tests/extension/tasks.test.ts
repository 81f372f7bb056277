import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('pipelines as tasks', () => {
  const settings = vscode.workspace.getConfiguration('task');

  before(async () => {
    // The window of the tests asks no provider of tasks for its own sake.
    await settings.update('autoDetect', 'on', vscode.ConfigurationTarget.Global);
    await vscode.extensions.getExtension('modelthat.modelthat')?.activate();
  });

  after(() => settings.update('autoDetect', undefined, vscode.ConfigurationTarget.Global));

  const tasks = () => vscode.tasks.fetchTasks({ type: 'modelthat' });

  it('are listed, whole and by their steps, without a daemon', async () => {
    const names = (await tasks()).map(task => task.name);
    assert.deepEqual(names, [
      'run modelthat.yaml',
      'run modelthat.yaml (prepare)',
      'run modelthat.yaml (train)',
    ]);
  });

  it('run in a terminal, and end as the pipeline does', async () => {
    const [task] = await tasks();
    assert.ok(task);
    const ended = new Promise<number | undefined>(resolve => {
      const listener = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
        if (execution.task.name !== task.name) return;
        listener.dispose();
        resolve(exitCode);
      });
    });
    await vscode.tasks.executeTask(task);
    assert.equal(await ended, 0);
  });
});
