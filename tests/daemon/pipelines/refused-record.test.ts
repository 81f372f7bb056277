import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactService } from '../../../daemon/artifacts/service.ts';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { EXECUTION_TAG, getRun } from '../../../daemon/contract/runs.ts';
import type { Database } from '../../../daemon/database/database.ts';
import { EventBus } from '../../../daemon/events/bus.ts';
import type { Engine } from '../../../daemon/pipelines/engine.ts';
import { ExecutionService } from '../../../daemon/pipelines/executions.ts';
import { ExecutionFiles } from '../../../daemon/pipelines/files.ts';
import { PipelineService } from '../../../daemon/pipelines/service.ts';
import { StepRuns } from '../../../daemon/pipelines/step-runs.ts';
import { TrackingService } from '../../../daemon/tracking/service.ts';
import { startDaemon, testPlace } from '../../support/daemon.ts';
import { openTracking } from '../../support/database.ts';
import { write } from '../../support/pipelines.ts';

/** A database that has no room for the record of an execution, and at first none for anything that ends a run. */
function fullFor(database: Database): Database {
  let refusals = 1;
  return {
    ...database,
    write: (name, input, transfer) => {
      const full = name === 'pipelines.createExecution' || (name === 'tracking.endRunTree' && refusals-- > 0);
      return full
        ? Promise.reject(new ApiError('INSUFFICIENT_STORAGE', 'the disk is full'))
        : database.write(name, input, transfer);
    },
  };
}

describe('an execution that cannot be recorded', () => {
  it('leaves no run RUNNING', async () => {
    const place = testPlace();
    const { database: whole, close } = await openTracking();
    const database = fullFor(whole);
    const events = new EventBus();
    const tracking = new TrackingService(database, events);
    const ended = new Promise<string>(resolve => {
      events.subscribe(({ topic, kind, id }) => {
        if (topic === 'run' && kind === 'updated') resolve(id);
      });
    });
    const engine = {
      runs: new StepRuns(tracking, {} as ArtifactService, database),
      files: new ExecutionFiles(place.store, place.state),
      hindrance: async () => undefined,
    } as Pick<Engine, 'runs' | 'files' | 'hindrance'> as Engine;
    const pipelines = new PipelineService(engine, place.workspace);
    const executions = new ExecutionService({
      ...{ database, events, engine, pipelines },
      reproducing: engine,
      draining: () => false,
    });
    const file = write({ place }, 'modelthat.yaml', 'name: sales', 'steps:', '  a: { run: echo }');
    await assert.rejects(executions.start({ file, set: {}, force: false }), { code: 'INSUFFICIENT_STORAGE' });
    assert.equal((await tracking.getRun(await ended)).status, 'FAILED');
    assert.deepEqual((await executions.list({ limit: 10 })).items, []);
    await close();
    place.remove();
  });

  it('has its run ended by the next daemon when this one dies just then', async () => {
    const place = testPlace();
    const first = await startDaemon({ place });
    const response = await first.client.fetch('/api/2.0/mlflow/runs/create', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_id: '0', tags: [{ key: EXECUTION_TAG, value: '0123456789ab' }] }),
    });
    const { run } = (await response.json()) as { run: { info: { run_id: string } } };
    const runId = run.info.run_id;
    await first.kill();
    const next = await startDaemon({ place });
    try {
      const status = async () => (await next.client.call(getRun, { params: { runId } })).status;
      while ((await status()) === 'RUNNING') await sleep(20);
      assert.equal(await status(), 'FAILED');
    } finally {
      await next.stop();
      place.remove();
    }
  });
});
