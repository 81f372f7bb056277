import assert from 'node:assert/strict';
import { searchRuns } from '../../daemon/contract/runs.ts';
import { startDaemon, testPlace } from '../support/daemon.ts';

const RUNNING_CLIENTS = 4;
const WRITES_BEFORE_THE_CUT = 40;

describe('a power cut of the daemon', () => {
  it('loses no write that was acknowledged', async () => {
    const place = testPlace();
    const daemon = await startDaemon({ place });
    const acknowledged: string[] = [];
    let cut: Promise<void> | undefined;
    const client = async () => {
      for (;;) {
        const runId = await createRun(daemon.trackingClient);
        acknowledged.push(runId);
        if (acknowledged.length === WRITES_BEFORE_THE_CUT) cut = daemon.kill();
      }
    };
    await Promise.all(Array.from({ length: RUNNING_CLIENTS }, () => assert.rejects(client())));
    await cut;

    const next = await startDaemon({ place });
    const { items } = await next.client.call(searchRuns, { body: { limit: 1000 } });
    const kept = new Set(items.map(run => run.id));
    assert.deepEqual(
      acknowledged.filter(runId => !kept.has(runId)),
      [],
    );
    await next.stop();
    place.remove();
  });
});

async function createRun(client: {
  fetch(path: string, init: RequestInit): Promise<Response>;
}): Promise<string> {
  const response = await client.fetch('/api/2.0/mlflow/runs/create', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ experiment_id: '0', start_time: Date.now() }),
  });
  const { run } = (await response.json()) as { run: { info: { run_id: string } } };
  return run.info.run_id;
}
