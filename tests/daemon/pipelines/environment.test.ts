import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { cancelExecution, ENVIRONMENT_LOG } from '../../../daemon/contract/pipelines.ts';
import { getRun, listArtifacts } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon, testPlace } from '../../support/daemon.ts';
import { ended, log, run, start, statuses, step, until, write } from '../../support/pipelines.ts';

describe('pipelines with a Python environment', () => {
  let daemon: TestDaemon | undefined;
  const lines = [
    'env: { python: requirements.txt }',
    'steps:',
    '  a: { run: python where.py }',
    '  b: { run: echo, after: [a] }',
  ];

  afterEach(async () => {
    await daemon?.dispose();
    daemon = undefined;
  });

  it('run in it, and record its lock', async () => {
    daemon = await startDaemon();
    write(daemon, 'requirements.txt', '# nothing but Python');
    write(daemon, 'where.py', 'import os, sys', 'print(sys.prefix == os.environ["VIRTUAL_ENV"])');
    const execution = await run(daemon, lines);
    assert.equal(execution.exitCode, 0, JSON.stringify(execution));
    assert.equal(await log(daemon, execution.id, 'a'), 'True\n');
    const { runId } = execution;
    const found = await daemon.client.call(getRun, { params: { runId } });
    assert.match(found.tags['modelthat.environment'] ?? '', /^[0-9a-f]{20}$/);
    const { files } = await daemon.client.call(listArtifacts, {
      params: { runId },
      query: { path: 'environment' },
    });
    assert.deepEqual(
      files.map(file => file.path),
      ['environment/requirements.lock.txt'],
    );
  }).timeout(60_000);

  it('fail with the remedy when it cannot be made', async () => {
    daemon = await startDaemon({ env: { MODELTHAT_PYTHON: '/no/such/python' } });
    write(daemon, 'requirements.txt', '');
    const execution = await run(daemon, lines);
    assert.deepEqual([execution.status, execution.exitCode], ['failed', 1]);
    assert.match(execution.message, /\/no\/such\/python cannot be run.*MODELTHAT_PYTHON/);
    assert.deepEqual(statuses(execution), { a: 'skipped', b: 'skipped' });
    assert.match(step(execution, 'a').message, /environment could not be made/);
  });

  it('can be cancelled while it is made, and tell what the installer printed', async () => {
    const place = testPlace();
    const told = JSON.stringify({
      executable: `${place.workspace}/python`,
      version: [3, 11, 0],
      platform: 'test',
      implementation: 'CPython',
      canMakeEnvironments: true,
    });
    const script = [
      '#!/bin/sh',
      `if [ "$1" = -I ]; then echo '${told}'; exit 0; fi`,
      'echo installing',
      'sleep 100',
    ];
    const python = write({ place }, 'python', ...script);
    chmodSync(python, 0o755);
    daemon = await startDaemon({ place, env: { MODELTHAT_PYTHON: python, PATH: '/usr/bin:/bin' } });
    write(daemon, 'requirements.txt', '');
    const { id } = await start(daemon, lines);
    const preparing = await until(daemon, id, ({ message }) => message.includes('installing'));
    assert.equal(preparing.status, 'preparing');
    assert.equal(await log(daemon, id, ENVIRONMENT_LOG), 'installing\n');
    await daemon.client.call(cancelExecution, { params: { executionId: id }, body: {} });
    const execution = await ended(daemon, id);
    assert.deepEqual([execution.exitCode, statuses(execution).a], [130, 'cancelled']);
    await daemon.stop();
    place.remove();
  });
});
