import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';

describe('the command line', () => {
  let scratch: string;
  before(async () => {
    scratch = mkdtempSync(path.join(os.tmpdir(), 'modelthat-terminal-'));
    await vscode.extensions.getExtension('modelthat.modelthat')?.activate();
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it('is on the PATH of terminals, and runs without a Node of the user’s own', async function () {
    if (process.platform === 'win32') {
      console.log('      skipped: it speaks to a POSIX shell');
      this.skip();
    }
    const output = path.join(scratch, 'version');
    const terminal = vscode.window.createTerminal({ name: 'test', shellPath: '/bin/sh', env: { ENV: null } });
    const closed = new Promise<void>(resolve => {
      const listener = vscode.window.onDidCloseTerminal(each => {
        if (each !== terminal) return;
        listener.dispose();
        resolve();
      });
    });
    // Without a PATH of its own it can run no Node but the editor's.
    terminal.sendText(
      `tool=$(command -v modelthat); PATH=/nowhere "$tool" --version > '${output}' 2>&1; exit`,
    );
    await closed;
    assert.ok(existsSync(output));
    const manifest = vscode.extensions.getExtension('modelthat.modelthat')?.packageJSON as {
      version: string;
    };
    assert.equal(readFileSync(output, 'utf8').trim(), manifest.version);
  });
});
