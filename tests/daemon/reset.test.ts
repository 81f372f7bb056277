import assert from 'node:assert/strict';
import type { DaemonClient } from '../../daemon/client/client.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';

const reset = (client: DaemonClient) =>
  client.fetch('/test/reset', {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });

describe('the route that empties a store', () => {
  describe('of a daemon under test', () => {
    let daemon: TestDaemon;
    before(async () => {
      daemon = await startDaemon({ args: ['--test-reset'] });
    });
    after(() => daemon.dispose());

    it('makes it as new', async () => {
      const wire = new MlflowWire(daemon);
      await wire.post('registered-models/create', { name: 'm', tags: [{ key: 'k', value: 'v' }] });
      await wire.post('model-versions/create', { name: 'm', source: 's3://bucket/m' });
      await wire.post('model-versions/transition-stage', { name: 'm', version: '1', stage: 'Staging' });
      const { runId, experimentId } = await wire.startRun('first');
      await wire.post('runs/log-metric', { run_id: runId, key: 'x', value: 1, timestamp: 1 });
      await wire.upload('folder/file.txt', 'text');

      await reset(daemon.client);

      const { experiments } = await wire.post<{ experiments: { name: string }[] }>('experiments/search', {});
      assert.deepEqual(
        experiments.map(({ name }) => name),
        ['Default'],
      );
      assert.deepEqual(await wire.read('registered-models/search'), {});
      assert.deepEqual((await wire.send('GET', '/api/2.0/mlflow-artifacts/artifacts')).json(), {});
      assert.equal((await wire.startRun('first')).experimentId, experimentId);
    });

    it('is for its owner alone', async () => {
      await assert.rejects(reset(daemon.trackingClient), { code: 'PERMISSION_DENIED' });
    });
  });

  it('does not exist in any other', async () => {
    const daemon = await startDaemon();
    try {
      await assert.rejects(reset(daemon.client), { code: 'ENDPOINT_NOT_FOUND' });
    } finally {
      await daemon.dispose();
    }
  });
});
