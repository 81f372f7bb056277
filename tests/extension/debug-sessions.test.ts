import assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import { processLauncher } from '../../extension/daemon/launcher.ts';
import { Stores } from '../../extension/daemon/stores.ts';
import { DebugSessions } from '../../extension/integrations/debug-sessions.ts';

describe('debug sessions of Python', () => {
  let stores: Stores;
  let log: vscode.LogOutputChannel;
  let sessions: DebugSessions;
  before(async () => {
    await vscode.commands.executeCommand('modelthat.daemon.start');
    log = vscode.window.createOutputChannel('test', { log: true });
    const { extensionPath } = vscode.extensions.getExtension('modelthat.modelthat') ?? { extensionPath: '' };
    const program = path.join(extensionPath, 'dist/daemon/main.mjs');
    stores = new Stores(
      processLauncher(program, () => ''),
      log,
    );
    sessions = new DebugSessions(stores, '/python');
  });
  after(() => {
    stores.dispose();
    log.dispose();
  });

  const resolved = async (more: object) => {
    const configuration = { type: 'debugpy', request: 'launch', name: 'test', ...more };
    const { env } = await sessions.resolveDebugConfigurationWithSubstitutedVariables(
      vscode.workspace.workspaceFolders?.[0],
      configuration,
    );
    return env as Record<string, string> | undefined;
  };

  it('are pointed at the daemon, with what they set themselves kept', async () => {
    const env = await resolved({ console: 'internalConsole', env: { OWN: '1' } });
    assert.match(env?.MLFLOW_TRACKING_URI ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual([env?.PYTHONPATH, env?.OWN], ['/python', '1']);
  });

  it('are left alone with a tracking server of their own, and where the terminal has the variables', async () => {
    const own = { MLFLOW_TRACKING_URI: 'https://example.com' };
    assert.deepEqual(await resolved({ console: 'internalConsole', env: own }), own);
    assert.equal(await resolved({ console: 'integratedTerminal' }), undefined);
  });
});
