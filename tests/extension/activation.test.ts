import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMANDS } from '../../extension/contributes/commands.ts';

describe('activation', () => {
  const extension = () => {
    const found = vscode.extensions.getExtension('modelthat.modelthat');
    assert.ok(found, 'the extension is not installed');
    return found;
  };

  it('happens by itself in a folder with a pipeline', async () => {
    await extension().activate();
    assert.ok(extension().isActive);
  });

  it('registers every command that the manifest names', async () => {
    await extension().activate();
    const registered = new Set(await vscode.commands.getCommands());
    const missing = Object.keys(COMMANDS).filter(id => !registered.has(id));
    assert.deepEqual(missing, []);
  });

  it('runs where the workspace is', () => {
    assert.equal(extension().extensionKind, vscode.ExtensionKind.Workspace);
  });
});
