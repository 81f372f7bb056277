import assert from 'node:assert/strict';
import { chmodSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import {
  cancelExecution,
  ENVIRONMENT_LOG,
  planExecution,
  startExecution,
} from '../../../daemon/contract/pipelines.ts';
import { getRun, listArtifacts } from '../../../daemon/contract/runs.ts';
import { modelthat } from '../../support/cli.ts';
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

  it('run in that of the Python that is named where they name none', async () => {
    const place = testPlace();
    daemon = await startDaemon({ place });
    const venv = path.join(place.workspace, 'venv');
    await execa('python3', ['-m', 'venv', '--without-pip', venv]);
    const python = path.join(venv, 'bin', 'python');
    write(
      daemon,
      'where.py',
      'import os, sys',
      'open("out", "w").write(sys.prefix + os.environ["VIRTUAL_ENV"])',
    );
    const unnamed = ['steps: { a: { run: python3 where.py, outs: [out] } }'];
    const body = { file: write(daemon, 'modelthat.yaml', ...unnamed), python };
    const { id } = await daemon.client.call(startExecution, { body });
    const execution = await ended(daemon, id);
    assert.deepEqual([execution.exitCode, execution.python], [0, python], JSON.stringify(execution));
    assert.equal(readFileSync(path.join(place.workspace, 'out'), 'utf8'), venv + venv);
    assert.match(String(execution.host?.python), /^CPython 3/);

    const reasonOf = async (request: typeof body | { file: string }) => {
      const { steps } = await (daemon as TestDaemon).client.call(planExecution, { body: request });
      return [steps[0]?.action, steps[0]?.reason];
    };
    assert.equal((await reasonOf(body))[0], 'skip');
    assert.deepEqual(await reasonOf({ file: body.file }), [
      'run',
      'the Python environment is not made yet, or none is named any more',
    ]);
    const active = { ...place, env: { ...place.env, VIRTUAL_ENV: venv } };
    assert.match((await modelthat(active, 'plan')).stdout, /^a +skip/m);
    const [packages = ''] = globSync('lib/python*/site-packages', { cwd: venv });
    write(daemon, path.join('venv', packages, 'new-1.0.dist-info/METADATA'), 'Name: new', 'Version: 1.0');
    assert.deepEqual(await reasonOf(body), ['run', 'the Python environment changed']);

    await daemon.stop();
    place.remove();
  }).timeout(60_000);

  it('keep the one that they name, and say what a named Python is not', async () => {
    daemon = await startDaemon();
    write(daemon, 'requirements.txt', '');
    const python = path.join(daemon.place.workspace, 'nothing');
    const own = write(
      daemon,
      'own/modelthat.yaml',
      'env: { python: ../requirements.txt }',
      'steps: { a: { run: echo } }',
    );
    const other = write(daemon, 'other/modelthat.yaml', 'steps: { a: { run: echo } }');
    const planned = (file: string) =>
      (daemon as TestDaemon).client.call(planExecution, { body: { file, python } });
    assert.equal((await planned(own)).steps[0]?.action, 'run');
    await assert.rejects(
      planned(other),
      /nothing” cannot be the Python of this pipeline: .*ENOENT.*--python/,
    );
  });
});
