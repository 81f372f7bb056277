import assert from 'node:assert/strict';
import path from 'node:path';
import { deleteRun } from '../../daemon/contract/runs.ts';
import {
  getSourceResults,
  LOGGED_AT_HEADER,
  SOURCE_TAG,
  type SourceMetric,
} from '../../daemon/contract/sources.ts';
import { encodeDouble } from '../../daemon/contract/values.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { run, write } from '../support/pipelines.ts';

describe('the runs of a source file', () => {
  let daemon: TestDaemon;
  let client: MlflowWire;
  let experiment: string;
  let clock = 1_000;
  before(async () => {
    daemon = await startDaemon();
    client = new MlflowWire(daemon);
    experiment = (await client.post<{ experiment_id: string }>('experiments/create', { name: 'sources' }))
      .experiment_id;
  });
  after(() => daemon.dispose());

  const inWorkspace = (name: string) => path.join(daemon.place.workspace, name);
  const results = (name: string) =>
    daemon.trackingClient.call(getSourceResults, { query: { file: inWorkspace(name) } });

  /** A run that ended, with the tags and the last values of its metrics. @returns its id */
  async function ran(
    tags: Record<string, string>,
    metrics: Record<string, number>,
    status = 'FINISHED',
  ): Promise<string> {
    const made = await client.post<{ run: { info: { run_id: string } } }>('runs/create', {
      experiment_id: experiment,
      start_time: clock++,
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    });
    const { run_id } = made.run.info;
    for (const [key, value] of Object.entries(metrics))
      await client.post('runs/log-metric', {
        run_id,
        key,
        value: encodeDouble(value),
        timestamp: 1,
        step: 0,
      });
    await client.post('runs/update', { run_id, status, end_time: clock++ });
    return run_id;
  }

  const only = (metrics: readonly SourceMetric[], key: string): SourceMetric => {
    const found = metrics.find(metric => metric.key === key);
    assert.ok(found, `${key} is not among ${metrics.map(metric => metric.key).join(', ')}`);
    return found;
  };

  it('are told with the last value of each metric, the one before, and the extremes', async () => {
    const named = { 'mlflow.source.name': 'train.py' };
    const lowest = await ran(named, { rmse: 1, extra: 5 });
    const highest = await ran(named, { rmse: 3 });
    const last = await ran(named, { rmse: 2, odd: Number.NaN });
    const found = await results('train.py');
    assert.equal(found.last?.id, last);
    assert.deepEqual([found.runs, found.more], [3, false]);
    assert.deepEqual(only(found.metrics, 'rmse'), {
      key: 'rmse',
      last: { runId: last, value: 2 },
      before: { runId: highest, value: 3 },
      recent: [
        { runId: lowest, value: 1 },
        { runId: highest, value: 3 },
        { runId: last, value: 2 },
      ],
      lowest: { runId: lowest, value: 1 },
      highest: { runId: highest, value: 3 },
      production: null,
      places: [],
    });
    assert.equal(only(found.metrics, 'extra').before, null);
    assert.deepEqual(only(found.metrics, 'odd').lowest, null);
  });

  it('are known by the name from any folder above it, and not by that of another file', async () => {
    await ran({ 'mlflow.source.name': 'jobs/fit.py' }, { a: 1 });
    await ran({ 'mlflow.source.name': inWorkspace('deep/jobs/fit.py') }, { b: 1 });
    await ran({ 'mlflow.source.name': 'refit.py' }, { c: 1 });
    assert.deepEqual(
      (await results('deep/jobs/fit.py')).metrics.map(({ key }) => key),
      ['b', 'a'],
    );
  });

  it('are those of the path that the Python package told, whatever their name says', async () => {
    const tags = { 'mlflow.source.name': 'same.py', [SOURCE_TAG]: inWorkspace('one/same.py') };
    const id = await ran(tags, { a: 1 });
    assert.equal((await results('one/same.py')).last?.id, id);
    assert.equal((await results('two/same.py')).last, null);
  });

  it('leave out what is in the bin, and failed runs where the best is asked for', async () => {
    const named = { 'mlflow.source.name': 'faulty.py' };
    const good = await ran(named, { rmse: 2 });
    const failed = await ran(named, { rmse: 0 }, 'FAILED');
    const deleted = await ran(named, { rmse: 1 });
    await daemon.client.call(deleteRun, { params: { runId: deleted } });
    const { last, metrics } = await results('faulty.py');
    assert.equal(last?.id, failed);
    assert.equal(only(metrics, 'rmse').lowest?.runId, good);
  });

  it('are told with the lines that logged, which requests name', async () => {
    const id = await ran({}, {});
    const place = {
      run: id,
      file: inWorkspace('helper.py'),
      line: 7,
      text: 'mlflow.log_metric(k, v)',
      keys: ['dynamic'],
    };
    const metric = { run_id: id, key: 'dynamic', value: 1, timestamp: 1, step: 0 };
    const log = (header: string) =>
      client.send('POST', '/api/2.0/mlflow/runs/log-metric', JSON.stringify(metric), {
        'content-type': 'application/json',
        [LOGGED_AT_HEADER]: header,
      });
    for (const header of [
      JSON.stringify(place),
      'no JSON',
      '{"run": 1}',
      JSON.stringify({ ...place, run: 'gone' }),
    ])
      assert.equal((await log(header)).status, 200);
    const { metrics } = await results('helper.py');
    assert.deepEqual(only(metrics, 'dynamic').places, [{ line: 7, text: place.text }]);
  });

  it('are those of steps that ran or imported the file, beside the version in Production', async () => {
    write(daemon, 'lib/__init__.py');
    write(daemon, 'lib/score.py', 'VALUE = 4');
    write(
      daemon,
      'lib/fit.py',
      'import json',
      'from lib.score import VALUE',
      'json.dump({"mae": VALUE}, open("metrics.json", "w"))',
    );
    const execution = await run(daemon, [
      'name: by-steps',
      'steps:',
      '  fit: { run: python3 -m lib.fit, metrics: [metrics.json] }',
    ]);
    assert.equal(execution.exitCode, 0, JSON.stringify(execution));
    for (const file of ['lib/fit.py', 'lib/score.py']) {
      const { last, metrics } = await results(file);
      assert.equal(last?.id, execution.steps[0]?.runId, file);
      assert.equal(only(metrics, 'mae').last.value, 4);
    }
    await client.post('registered-models/create', { name: 'sourced' });
    const runId = execution.steps[0]?.runId ?? '';
    await client.post('model-versions/create', {
      name: 'sourced',
      source: `runs:/${runId}/m`,
      run_id: runId,
    });
    await client.post('model-versions/transition-stage', {
      name: 'sourced',
      version: '1',
      stage: 'Production',
      archive_existing_versions: false,
    });
    assert.deepEqual(only((await results('lib/fit.py')).metrics, 'mae').production, {
      model: 'sourced',
      version: 1,
      runId,
      value: 4,
    });
  });
});
