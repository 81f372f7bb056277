import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { attach } from '../../daemon/client/start.ts';
import { openPlace } from '../../daemon/client/store.ts';
import { searchRuns } from '../../daemon/contract/runs.ts';

const RUN = 'fedcba9876543210fedcba9876543210';

describe('importing MLflow runs', () => {
  let workspace: string;
  let store: string;
  before(async () => {
    await vscode.extensions.getExtension('modelthat.modelthat')?.activate();
    workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    store = path.join(workspace, 'old', 'mlruns');
    fs.mkdirSync(path.join(store, '1', RUN, 'metrics'), { recursive: true });
    fs.writeFileSync(path.join(store, '1', 'meta.yaml'), "experiment_id: '1'\nname: old\n");
    fs.writeFileSync(
      path.join(store, '1', RUN, 'meta.yaml'),
      `run_id: ${RUN}\nrun_name: kept\nexperiment_id: '1'\nstatus: 3\nstart_time: 1\nend_time: 2\n`,
    );
    fs.writeFileSync(path.join(store, '1', RUN, 'metrics', 'loss'), '1 0.5 0\n');
  });
  after(() => fs.rmSync(path.join(workspace, 'old'), { recursive: true }));

  it('brings them into the project’s store, and from it into an archive and back', async () => {
    await vscode.commands.executeCommand('modelthat.runs.import', vscode.Uri.file(store));
    const daemon = await attach(openPlace(path.join(workspace, '.modelthat')), () => {});
    const found = await daemon?.client.call(searchRuns, { body: { filter: `attributes.run_id = '${RUN}'` } });
    assert.deepEqual(
      found?.items.map(run => [run.name, run.metrics.loss?.last]),
      [['kept', 0.5]],
    );

    const archive = vscode.Uri.file(path.join(workspace, 'old', 'kept.zip'));
    const [run] = found?.items ?? [];
    const connection = { connect: async () => daemon?.client };
    await vscode.commands.executeCommand(
      'modelthat.runs.export',
      { subject: { type: 'run', connection, run } },
      archive,
    );
    assert.ok(fs.existsSync(archive.fsPath));
    await vscode.commands.executeCommand('modelthat.archives.import', archive);
    const imports = await daemon?.client.call(searchRuns, {
      body: { filter: `attributes.run_id = '${RUN}'` },
    });
    assert.equal(imports?.items.length, 1);
  });
});
