/** The example project, small, through the built command line: from raw data to a served model. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Affected, LineageGraph } from '../../daemon/contract/lineage.ts';
import type { RegisteredModel } from '../../daemon/contract/models.ts';
import { EXIT, type Execution, type PlannedStep } from '../../daemon/contract/pipelines.ts';
import { ExampleProject, MODEL, overrides, SMALL, stepOf } from '../support/example.ts';

/** The first run makes the Python environment. */
const FIRST_RUN_MS = 600_000;
const RUN_MS = 180_000;
const POLL_MS = 100;

describe('the example project', () => {
  let example: ExampleProject;

  before(() => {
    example = new ExampleProject();
  });
  after(() => example.dispose());

  it('trains, registers, passes the gate and puts version 1 in Staging', async function () {
    this.timeout(FIRST_RUN_MS);
    const execution = await example.answer<Execution>('run', ...overrides(SMALL));
    assert.deepEqual(
      execution.steps.map(({ name, status }) => [name, status]),
      ['generate', 'validate_raw', 'features', 'train', 'evaluate', 'smoke_test', 'release'].map(name => [
        name,
        'succeeded',
      ]),
    );
    assert.deepEqual(execution.versions, [{ name: MODEL, version: 1, stage: 'Staging' }]);

    assert.match(stepOf(execution, 'release').message, /waits for approval before it comes to Production/);

    const evaluated = stepOf(execution, 'evaluate');
    assert.deepEqual(
      evaluated.gates.map(({ gate, passed }) => [gate, passed]),
      [['rmspe < 0.12', true]],
    );
    const scores = await example.metricsOf(evaluated.runId ?? '');
    assert.ok(
      Number(scores.rmspe?.last) < Number(scores.naive_rmspe?.last),
      'the ensemble beats the baseline',
    );

    const trained = await example.metricsOf(stepOf(execution, 'train').runId ?? '');
    for (const booster of ['lightgbm', 'xgboost', 'catboost']) {
      assert.equal(trained[`${booster}/rmspe`]?.count, 60, `a point for each round of ${booster}`);
    }
  });

  it('lists the version with its stage and its score', async () => {
    const [model] = await example.answer<RegisteredModel[]>('models', 'ls');
    const [version] = model?.versions ?? [];
    assert.deepEqual([model?.name, version?.version, version?.stage], [MODEL, 1, 'Staging']);
    assert.ok(Number(version?.metrics.rmspe) < 0.12);
  });

  it('serves the version in Staging', async function () {
    this.timeout(RUN_MS);
    const { predictions } = await example.answer<{ predictions: number[] }>(
      ...['predict', MODEL, '--stage', 'Staging', '--input', 'rows.json'],
    );
    const rows = JSON.parse(fs.readFileSync(example.at('rows.json'), 'utf8')) as {
      dataframe_records: unknown[];
    };
    assert.equal(predictions.length, rows.dataframe_records.length);
    assert.ok(
      predictions.every(sales => Number.isFinite(sales) && sales >= 0),
      String(predictions),
    );
  });

  it('tells what the version came from, and what depends on the raw data', async () => {
    const { nodes } = await example.answer<LineageGraph>('lineage', `${MODEL}/1`, '--upstream');
    const data = nodes.filter(node => node.kind === 'data');
    const features = data.find(({ path: place }) => place === 'data/features.parquet');
    assert.ok(Number(features?.rows) > 0 && Number(features?.schema?.length) > 5, JSON.stringify(features));
    assert.ok(data.some(({ path: place }) => place === 'data/raw'));
    const { versions, deployments } = await example.answer<Affected>('affected', 'data/raw/train.csv');
    assert.deepEqual(
      [versions.map(({ version, by }) => [version, by]), deployments.map(({ stage }) => stage)],
      [[[1, 'made from it']], ['Staging']],
    );
  });

  it('runs nothing again that did not change, and judges anew by a changed gate', async function () {
    this.timeout(RUN_MS);
    const { code, out } = await example.modelthat('run', ...overrides({ ...SMALL, 'gates.rmspe': '0.01' }));
    assert.equal(code, EXIT.gateFailed);
    const execution = JSON.parse(out) as Execution;
    assert.deepEqual(
      execution.steps.map(({ name, status, reused }) => [name, reused ?? status]),
      [
        ...['generate', 'validate_raw', 'features', 'train'].map(name => [name, 'unchanged']),
        ['evaluate', 'unchanged'],
        ['smoke_test', 'skipped'],
        ['release', 'skipped'],
      ],
    );
    assert.equal(stepOf(execution, 'evaluate').status, 'failed');
  });

  it('keeps a version that misses its gate out of Staging, and says so by the exit code', async function () {
    this.timeout(RUN_MS);
    const changed = { ...SMALL, 'train.rounds': '50', 'gates.rmspe': '0.01' };
    const plan = await example.answer<{ steps: PlannedStep[] }>('plan', ...overrides(changed));
    assert.deepEqual(
      plan.steps.map(({ name, action }) => [name, action]),
      [
        ...['generate', 'validate_raw', 'features'].map(name => [name, 'skip']),
        ...['train', 'evaluate', 'smoke_test', 'release'].map(name => [name, 'run']),
      ],
    );
    assert.match(plan.steps[3]?.reason ?? '', /^parameter train\.rounds: 60 → 50/);
    const { code, out } = await example.modelthat('run', ...overrides(changed));
    assert.equal(code, EXIT.gateFailed);
    const execution = JSON.parse(out) as Execution;
    assert.equal(stepOf(execution, 'evaluate').status, 'failed');
    assert.equal(stepOf(execution, 'smoke_test').status, 'skipped');
    const [model] = await example.answer<RegisteredModel[]>('models', 'ls');
    assert.deepEqual(
      model?.versions.map(({ version, stage }) => [version, stage]),
      [
        [2, 'None'],
        [1, 'Staging'],
      ],
    );
  });

  it('goes on after the daemon was killed, with every point that was logged', async function () {
    this.timeout(RUN_MS);
    const running = example.start('run', ...overrides({ ...SMALL, 'train.rounds': '400' }));
    const finished = text(running.stdout);
    const trained = await untilTraining();
    const before = await example.metricsOf(trained);
    const { pid } = await example.answer<{ pid: number }>('status');
    process.kill(pid, 'SIGKILL');

    const after = await example.metricsOf(trained);
    for (const [key, { count }] of Object.entries(before)) {
      assert.ok(
        (after[key]?.count ?? 0) >= count,
        `${key} lost points: ${count} before, ${after[key]?.count} after`,
      );
    }
    const execution = JSON.parse(await finished) as Execution;
    assert.equal(execution.status, 'succeeded', execution.message);
    assert.equal((await example.metricsOf(trained))['lightgbm/rmspe']?.count, 400, 'no round is missing');
  });

  /** Id of the run of the step `train`, as soon as it has logged. */
  async function untilTraining(): Promise<string> {
    for (;;) {
      const [execution] = await example.answer<Execution[]>('executions', 'ls');
      const runId =
        execution?.endTime === null ? execution.steps.find(step => step.name === 'train')?.runId : undefined;
      if (runId && Object.keys(await example.metricsOf(runId)).length > 0) return runId;
      await pause(POLL_MS);
    }
  }
});
