import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import type { DaemonClient } from '../../../daemon/client/client.ts';
import { getStatus } from '../../../daemon/contract/about.ts';
import { promoteVersion } from '../../../daemon/contract/models.ts';
import { listEndpoints } from '../../../daemon/contract/serving.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { registerLinearModel } from '../../support/onnx-registration.ts';
import { CLI_MAIN } from '../../support/programs.ts';

const ROWS = [
  { a: 1, b: 2 },
  { a: 3, b: 4 },
];

describe('serving a registered model', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
    await registerLinearModel(daemon.client, 'linear', [10, 1]);
  });
  after(() => daemon.dispose());

  function promote(version: number, stage: 'Staging' | 'Production'): Promise<unknown> {
    return daemon.client.call(promoteVersion, {
      params: { name: 'linear', version: version as never },
      body: { stage },
    });
  }

  async function predict(query: string, model = 'linear'): Promise<unknown> {
    const response = await daemon.trackingClient.fetch(`/serve/${model}/invocations${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dataframe_records: ROWS }),
    });
    return response.json();
  }

  function cli(args: readonly string[], input = ''): Promise<{ stdout: string }> {
    return execa(process.execPath, [CLI_MAIN, ...args], {
      cwd: daemon.place.workspace,
      env: daemon.place.env,
      input,
    });
  }

  it('names the versions there are when the one that is asked for is missing', async () => {
    await assert.rejects(predict(''), {
      code: 'RESOURCE_DOES_NOT_EXIST',
      message: /linear has no version in Production; its versions: 1 \(None\)/,
    });
    await assert.rejects(predict('?version=7'), /linear has no version 7; its versions: 1 \(None\)/);
    await assert.rejects(predict('?version=1', 'unknown'), { code: 'RESOURCE_DOES_NOT_EXIST' });
    await assert.rejects(predict('?stage=Live'), /stage is "Live"; it must be one of None, Staging/);
    await assert.rejects(predict('?version=1.5'), /it must be a positive whole number/);
    await assert.rejects(predict('?version=1&stage=Staging'), /name one of the two/);
    const ping = daemon.client.fetch('/serve/linear/ping?stage=Staging');
    await assert.rejects(ping, { code: 'RESOURCE_DOES_NOT_EXIST' });
  });

  it('serves a version from the moment it is promoted', async () => {
    await promote(1, 'Production');
    assert.deepEqual(await predict(''), { predictions: [{ prediction: 12 }, { prediction: 34 }] });
    await registerLinearModel(daemon.client, 'linear', [0, 1]);
    await promote(2, 'Staging');
    assert.deepEqual(await predict('?stage=Staging'), {
      predictions: [{ prediction: 2 }, { prediction: 4 }],
    });
    assert.deepEqual(await predict(''), { predictions: [{ prediction: 12 }, { prediction: 34 }] });
    await promote(2, 'Production');
    assert.deepEqual(await predict(''), { predictions: [{ prediction: 2 }, { prediction: 4 }] });
    assert.equal(await (await daemon.client.fetch('/serve/linear/ping')).text(), '\n');
  });

  it('lists its processes, which keep the daemon up', async () => {
    await predict('?version=2');
    const { items } = await daemon.client.call(listEndpoints, {});
    const processes = items.find(endpoint => endpoint.name === 'linear')?.processes ?? [];
    const second = processes.find(process => process.version === 2);
    assert.equal(second?.stage, 'Production');
    assert.equal(second?.state, 'ready');
    assert.equal(second?.runtime, 'onnx');
    const status = await daemon.client.call(getStatus, {});
    assert.equal(status.servingProcesses, processes.length);
    assert.equal(status.idleStopAt, null);
  });

  it('lists its endpoints also after a version with a process was deleted', async () => {
    await predict('?version=1');
    await daemon.client.fetch('/api/2.0/mlflow/model-versions/delete', {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'linear', version: '1' }),
    });
    const { items } = await daemon.client.call(listEndpoints, {});
    assert.ok(items.every(endpoint => endpoint.processes.every(process => process.version !== 1)));
    await assert.rejects(predict('?version=1'), { code: 'RESOURCE_DOES_NOT_EXIST' });
  });

  it('answers a body that is too large, or of no known type, with an error', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' };
    await assert.rejects(daemon.client.fetch('/serve/linear/invocations?version=2', init), /text\/plain/);
    const large = { ...init, body: 'x'.repeat(40 * 1024 * 1024) };
    await assert.rejects(daemon.client.fetch('/serve/linear/invocations?version=2', large));
    assert.equal((await daemon.client.fetch('/health')).status, 200);
  });

  it('predicts on the command line, from records and from CSV', async () => {
    const json = await cli(
      ['predict', 'linear', '--version', '2', '--input', '-', '--json'],
      JSON.stringify(ROWS),
    );
    assert.deepEqual(JSON.parse(json.stdout), { predictions: [{ prediction: 2 }, { prediction: 4 }] });
    const table = await cli(['predict', 'linear', '--stage', 'Production', '--input', '-'], 'a,b\n1,2\n');
    assert.equal(table.stdout, 'prediction\n2');
    const failed = cli(['predict', 'linear', '--stage', 'Staging', '--input', '-'], '[{"a": 1}]');
    await assert.rejects(failed, /linear has no version in Staging/);
  });

  it('starts a Python model for the tracking token only once released, and untouched since', async () => {
    const { place, folder } = await registerCode(daemon.trackingClient, 'code');
    const start = () => predict('?version=1', 'code');
    const move = (client: DaemonClient, stage: string) =>
      client.fetch('/api/2.0/mlflow/model-versions/transition-stage', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'code', version: '1', stage }),
      });
    const refused = { code: 'PERMISSION_DENIED', message: /code version 1 is Python code/ };
    // Started, it fails: there is no MLflow where this test runs, or no such module in the model.
    const started = { code: 'TEMPORARILY_UNAVAILABLE', message: /ModuleNotFoundError/ };

    await assert.rejects(start(), refused);
    await move(daemon.trackingClient, 'Staging');
    await assert.rejects(start(), refused);
    await move(daemon.client, 'None');
    await assert.rejects(start(), refused);
    await move(daemon.client, 'Staging');
    await assert.rejects(start(), started);
    const upload = daemon.trackingClient.fetch(`${place}/more.txt`, { method: 'PUT', body: 'new' });
    await assert.rejects(upload, {
      code: 'PERMISSION_DENIED',
      message: /version 1 of 'code', which is in Staging/,
    });
    fs.writeFileSync(path.join(daemon.place.store, 'artifacts', folder, 'more.txt'), 'behind the daemon');
    await assert.rejects(start(), { ...refused, message: /its files are not those/ });
  });

  it('leaves no model process behind when the daemon is killed', async () => {
    await predict('?version=2');
    const { items } = await daemon.client.call(listEndpoints, {});
    const pids = items.flatMap(endpoint => endpoint.processes.map(process => process.pid));
    assert.ok(pids.length > 0);
    await daemon.kill();
    while (pids.some(isAlive)) await pause(20);
  });
});

function isAlive(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Registers a Python model. @returns the path that its files are uploaded below, and their folder in the artifacts */
async function registerCode(client: DaemonClient, name: string): Promise<{ place: string; folder: string }> {
  const call = async (path: string, body: object) => {
    const response = await client.fetch(`/api/2.0/mlflow${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const created = await call('/runs/create', { experiment_id: '0', start_time: Date.now() });
  const { artifact_uri: root } = (created as { run: { info: { artifact_uri: string } } }).run.info;
  const folder = `${root.replace(/^mlflow-artifacts:\//, '')}/model`;
  const place = `/api/2.0/mlflow-artifacts/artifacts/${folder}`;
  const body = 'flavors: {python_function: {loader_module: no_such_module}}';
  await client.fetch(`${place}/MLmodel`, { method: 'PUT', body });
  await call('/registered-models/create', { name });
  await call('/model-versions/create', { name, source: `${root}/model` });
  return { place, folder };
}
