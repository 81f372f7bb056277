/** What differs between what led to one version and what led to another. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { getApproval } from '../../../daemon/contract/approvals.ts';

import { promoteVersion } from '../../../daemon/contract/models.ts';
import { getDifferences } from '../../../daemon/contract/origins.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { pipeline, writeProject } from '../../support/lineage.ts';
import { run, write } from '../../support/pipelines.ts';

describe('differences between what led to two versions', () => {
  let daemon: TestDaemon;
  const RULES = 'registry: { Production: { approval: true } }';

  before(async () => {
    daemon = await startDaemon();
    const { workspace } = daemon.place;
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', workspace, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
    writeProject(workspace, 'sales', ['1', '2', '3']);
    write(daemon, '.gitignore', '.modelthat', 'data');
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'first');
    assert.equal((await run(daemon, pipeline('sales'))).exitCode, 0);
    await daemon.client.call(promoteVersion, {
      params: { name: 'sales', version: 1 },
      body: { stage: 'Production' },
    });
    writeProject(workspace, 'sales', ['4', '5']);
    write(daemon, 'helper.py', 'answer = 42', 'more = 43');
    const lines = [...pipeline('sales').map(line => line.replace('rate: 0.5', 'rate: 0.7')), RULES];
    // What is not committed is part of the code that ran.
    assert.equal((await run(daemon, lines)).exitCode, 0);
  });
  after(() => daemon.dispose());

  const differences = (version: number, against: number) =>
    daemon.trackingClient.call(getDifferences, { query: { model: 'sales', version, against } });

  it('are the data, parameters and code that are not the same, inputs before what steps made', async () => {
    const found = await differences(2, 1);
    assert.deepEqual(
      found.data.map(({ path, made, before, now }) => [path, made, before !== null && now !== null]),
      [
        ['data/raw/sales.csv', false, true],
        ['data/features.csv', true, true],
      ],
    );
    assert.ok(found.data.every(({ before, now }) => before !== now));
    assert.deepEqual(found.params, [{ name: 'rate', before: '0.5', now: '0.7' }]);
    assert.deepEqual(found.code, [
      { path: 'helper.py', change: 'added' },
      { path: 'modelthat.yaml', change: 'changed' },
    ]);
    assert.deepEqual(found.remarks, []);
  });

  it('are none of a version and itself', async () => {
    const found = await differences(1, 1);
    assert.deepEqual([found.data, found.params, found.code], [[], [], []]);
  });

  it('are among the evidence for an approval, in the terminal, too', async () => {
    const { request } = await daemon.client.call(promoteVersion, {
      params: { name: 'sales', version: 2 },
      body: { stage: 'Production' },
    });
    const evidence = await daemon.client.call(getApproval, { params: { id: request ?? 0 } });
    assert.deepEqual(evidence.differences, await differences(2, 1));
    const { stdout } = await modelthat(daemon.place, 'models', 'requests', String(request));
    assert.match(stdout, /What led to it, beside version 1/);
    assert.match(stdout, /^data +data\/raw\/sales\.csv +[0-9a-f]{8} +[0-9a-f]{8}$/m);
    assert.match(stdout, /^parameter +rate +0\.5 +0\.7$/m);
    assert.match(stdout, /^helper\.py +added$/m);
  });

  it('say that code cannot be compared that no commit has, and take no option for one', async () => {
    const register = async (commit: string) => {
      const { run: made } = (await daemon.trackingClient
        .fetch('/api/2.0/mlflow/runs/create', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ tags: [{ key: 'mlflow.source.git.commit', value: commit }] }),
        })
        .then(answer => answer.json())) as { run: { info: { run_id: string; artifact_uri: string } } };
      const version = await daemon.trackingClient.fetch('/api/2.0/mlflow/model-versions/create', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          name: 'sales',
          source: made.info.artifact_uri,
          run_id: made.info.run_id,
        }),
      });
      const { model_version } = (await version.json()) as { model_version: { version: string } };
      return Number(model_version.version);
    };
    for (const commit of ['0123456789012345678901234567890123456789', '--output=stolen.txt']) {
      const { remarks } = await differences(await register(commit), 1);
      assert.match(remarks.join(), /cannot be compared/);
    }
  });
});
