import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { DaemonClient } from '../../daemon/client/client.ts';
import { type Execution, listExecutions, startExecution } from '../../daemon/contract/pipelines.ts';
import { openForWriting } from '../../daemon/database/open.ts';
import { type Repeatable, writeOnce } from '../../daemon/database/repeatable.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/database.ts';
import { assertError, MlflowWire, succeeded } from '../support/mlflow.ts';
import { ended, write } from '../support/pipelines.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('requests with an Idempotency-Key', () => {
  let daemon: TestDaemon;
  let mlflow: MlflowWire;
  before(async () => {
    daemon = await startDaemon();
    mlflow = new MlflowWire(daemon);
  });
  after(() => daemon.dispose());

  const post = (route: string, key: string, body: object, wire = mlflow) =>
    wire.send('POST', `/api/2.0/mlflow/${route}`, JSON.stringify(body), {
      ...JSON_TYPE,
      'idempotency-key': key,
    });

  const creations: readonly { route: string; body: () => object | Promise<object> }[] = [
    { route: 'experiments/create', body: () => ({ name: 'once' }) },
    { route: 'runs/create', body: () => ({ experiment_id: '0', start_time: 1 }) },
    { route: 'registered-models/create', body: () => ({ name: 'once' }) },
    { route: 'model-versions/create', body: () => ({ name: 'once', source: 's3://bucket/model' }) },
    { route: 'logged-models', body: () => ({ experiment_id: '0', name: 'once' }) },
    {
      route: 'runs/log-batch',
      body: async () => ({ run_id: (await mlflow.startRun()).runId, tags: [{ key: 'k', value: 'v' }] }),
    },
  ];
  for (const { route, body } of creations)
    it(`${route}: the same request gets the same answer, another is refused`, async () => {
      const sent = await body();
      const first = succeeded(await post(route, route, sent));
      assert.deepEqual(succeeded(await post(route, route, sent)), first);
      const other = await post(route, route, { ...sent, user_id: 'another' });
      assertError(other, 400, 'INVALID_PARAMETER_VALUE', 'was sent with another request before');
    });

  it('have their effect once', async () => {
    const { runId } = await mlflow.startRun();
    await mlflow.post('registered-models/create', { name: 'effects' });
    const body = { name: 'effects', source: 's3://bucket/model', run_id: runId };
    const versions = await Promise.all(
      Array.from({ length: 5 }, () => post('model-versions/create', 'effects', body)),
    );
    for (const version of versions) assert.deepEqual(version.json(), versions[0]?.json());
    const { model_versions } = await mlflow.read<{ model_versions: unknown[] }>('model-versions/search', {
      filter: "name = 'effects'",
    });
    assert.equal(model_versions.length, 1);
  });

  it('are told apart by their sender', async () => {
    const body = { experiment_id: '0' };
    const owner = new MlflowWire(daemon, daemon.secrets.owner);
    const runOf = async (wire: MlflowWire) =>
      succeeded<{ run: { info: { run_id: string } } }>(await post('runs/create', 'shared', body, wire)).run
        .info.run_id;
    assert.notEqual(await runOf(mlflow), await runOf(owner));
  });

  it('are tried anew when they were refused', async () => {
    const body = { name: 'unknown yet', source: 's3://bucket/model' };
    const refused = await post('model-versions/create', 'refused', body);
    assertError(refused, 404, 'RESOURCE_DOES_NOT_EXIST', 'not found');
    await mlflow.post('registered-models/create', { name: 'unknown yet' });
    succeeded(await post('model-versions/create', 'refused', body));
  });

  it('are refused when the key is none', async () => {
    for (const key of ['', 'two words', 'k'.repeat(256)])
      assertError(await post('runs/create', key, {}), 400, 'INVALID_PARAMETER_VALUE', 'Idempotency-Key');
  });

  it('are remembered by a daemon that was killed', async () => {
    const first = await startDaemon();
    try {
      const body = { name: 'kept' };
      const made = succeeded(await post('experiments/create', 'kept', body, new MlflowWire(first)));
      await first.kill();
      const second = await startDaemon({ place: first.place });
      try {
        const again = await post('experiments/create', 'kept', body, new MlflowWire(second));
        assert.deepEqual(succeeded(again), made);
      } finally {
        await second.stop();
      }
    } finally {
      first.place.remove();
    }
  });

  it('start a pipeline once', async () => {
    const file = write(daemon, 'modelthat.yaml', 'name: once', 'steps:', '  a: { run: echo a }');
    const ask = (set: object) =>
      daemon.client.fetch(startExecution.path, {
        method: 'POST',
        body: JSON.stringify({ file, set }),
        headers: { ...JSON_TYPE, 'idempotency-key': 'pipeline' },
      });
    const first = (await (await ask({})).json()) as Execution;
    await ended(daemon, first.id);
    const again = (await (await ask({})).json()) as Execution;
    assert.deepEqual([again.id, again.status], [first.id, 'succeeded']);
    await assert.rejects(ask({ a: '1' }), { code: 'INVALID_PARAMETER_VALUE' });
    assert.equal((await daemon.client.call(listExecutions, { query: { file } })).items.length, 1);
  });

  it('start a pipeline once also when they come at the same moment', async () => {
    const file = write(daemon, 'twice/modelthat.yaml', 'name: twice', 'steps:', '  a: { run: echo a }');
    const ask = async () => {
      const response = await daemon.client.fetch(startExecution.path, {
        method: 'POST',
        body: JSON.stringify({ file, set: {} }),
        headers: { ...JSON_TYPE, 'idempotency-key': 'moment' },
      });
      return ((await response.json()) as Execution).id;
    };
    const [id = '', ...others] = await Promise.all(Array.from({ length: 5 }, ask));
    assert.deepEqual(new Set(others), new Set([id]));
    await ended(daemon, id);
    assert.equal((await daemon.client.call(listExecutions, { query: { file } })).items.length, 1);
  });

  it('are sent again by our own client when their answer is lost', async () => {
    const file = write(daemon, 'lost/modelthat.yaml', 'name: lost', 'steps:', '  a: { run: echo a }');
    const keys: unknown[] = [];
    const proxy = http.createServer((request, response) => {
      keys.push(request.headers['idempotency-key']);
      const headers = { ...request.headers, host: new URL(daemon.url).host };
      const onward = http.request(daemon.url + request.url, { method: 'POST', headers }, answer => {
        if (keys.length === 1) request.socket.destroy();
        else answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
      });
      request.pipe(onward);
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const client = new DaemonClient({ url, token: daemon.secrets.owner });
      const { id } = await client.call(startExecution, { body: { file } });
      await ended(daemon, id);
      const { items } = await daemon.client.call(listExecutions, { query: { file } });
      assert.deepEqual(
        items.map(each => each.id),
        [id],
      );
      assert.equal(keys.length, 2);
      assert.equal(keys[0], keys[1]);
    } finally {
      proxy.close();
      proxy.closeAllConnections();
    }
  });
});

describe('what repeatable writes came to', () => {
  it('is forgotten after a day', () => {
    const folder = temporaryFolder();
    const connection = openForWriting(path.join(folder.path, 'modelthat.db'));
    try {
      const now = Date.now();
      const request: Repeatable = { principal: 'tracking', key: 'k', request: 'digest' };
      let writes = 0;
      const write = (at: number) => writeOnce(connection, request, () => ++writes, at);
      assert.equal(write(now), 1);
      assert.equal(write(now + 23 * 3600_000), 1);
      assert.equal(write(now + 25 * 3600_000), 2);
    } finally {
      connection.close();
      folder.remove();
    }
  });
});
