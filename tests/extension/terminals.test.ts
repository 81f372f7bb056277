import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';

describe('terminals', () => {
  let scratch: string;
  before(() => {
    scratch = mkdtempSync(path.join(os.tmpdir(), 'modelthat-terminal-'));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it('are pointed at the daemon, with a token that it takes for tracking and for nothing else', async function () {
    if (process.platform === 'win32') {
      console.log('      skipped: it speaks to a POSIX shell');
      this.skip();
    }
    await vscode.commands.executeCommand('modelthat.daemon.start');
    const variables = await variablesOfTerminal(path.join(scratch, 'env'));
    const url = variables.get('MLFLOW_TRACKING_URI');
    assert.match(variables.get('PYTHONPATH') ?? '', /dist\/daemon\/python$/);
    const user = variables.get('MLFLOW_TRACKING_USERNAME');
    const password = variables.get('MLFLOW_TRACKING_PASSWORD');
    assert.match(url ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);

    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const experiment = `${url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default`;
    assert.equal((await fetch(experiment, { headers: { authorization } })).status, 200);
    const stop = await fetch(`${url}/api/v1/daemon/stop`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: '{}',
    });
    assert.equal(stop.status, 403);
  });
});

/** The environment of a new terminal. */
async function variablesOfTerminal(file: string): Promise<Map<string, string>> {
  const terminal = vscode.window.createTerminal({ name: 'test', shellPath: '/bin/sh' });
  const closed = new Promise<void>(resolve => {
    const listener = vscode.window.onDidCloseTerminal(each => {
      if (each !== terminal) return;
      listener.dispose();
      resolve();
    });
  });
  terminal.sendText(`env > '${file}'; exit`);
  await closed;
  const lines = readFileSync(file, 'utf8').split('\n');
  return new Map(lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
