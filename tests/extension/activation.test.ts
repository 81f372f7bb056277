import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('activation', () => {
  it('registers the commands', async () => {
    await vscode.extensions.getExtension('modelthat.probe')?.activate();
    assert.ok((await vscode.commands.getCommands()).includes('probe.page'));
  });

  it('opens the workspace', async () => {
    assert.equal((await vscode.workspace.findFiles('params.yaml')).length, 1);
  });
});
