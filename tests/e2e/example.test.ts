/** The example project, small, through the built command line: from raw data to a served model. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Affected, LineageGraph } from '../../daemon/contract/lineage.ts';
import type { RegisteredModel } from '../../daemon/contract/models.ts';
import { EXIT, type Execution, type PlannedStep } from '../../daemon/contract/pipelines.ts';
import type { Run } from '../../daemon/contract/runs.ts';

const root = path.resolve(import.meta.dirname, '../..');
const MODEL = 'store-sales-ensemble';
const PREDICTED_ROWS = JSON.parse(
  fs.readFileSync(path.join(root, 'examples/store-sales/rows.json'), 'utf8'),
) as { dataframe_records: unknown[] };

/** Few stores and rounds; a gate to match, well below what the naive baseline reaches. */
const SMALL = { 'data.stores': '20', 'train.rounds': '60', 'gates.rmspe': '0.12' };

/** The first run makes the Python environment. */
const FIRST_RUN_MS = 600_000;
const RUN_MS = 180_000;
const POLL_MS = 100;

describe('the example project', () => {
  let folder: string;

  before(() => {
    folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-example-')), 'store-sales');
    fs.cpSync(path.join(root, 'examples/store-sales'), folder, {
      recursive: true,
      filter: source => !/[\\/](\.modelthat|data|reports|__pycache__)$/.test(source),
    });
  });
  after(async () => {
    await modelthat('stop');
    fs.rmSync(path.dirname(folder), { recursive: true, force: true, maxRetries: 5 });
  });

  function start(...args: string[]) {
    return spawn(process.execPath, [path.join(root, 'dist/cli.mjs'), '--json', ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async function modelthat(...args: string[]): Promise<{ code: number; out: string; said: string }> {
    const child = start(...args);
    const [[code], out, said] = await Promise.all([
      once(child, 'exit'),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code: code as number, out, said };
  }

  /** The JSON that a command prints; it must have succeeded. */
  async function answer<Value>(...args: string[]): Promise<Value> {
    const { code, out, said } = await modelthat(...args);
    assert.equal(code, 0, said);
    return JSON.parse(out) as Value;
  }

  const overrides = (values: Record<string, string>) =>
    Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

  const metricsOf = async (runId: string) => (await answer<Run>('runs', 'show', runId)).metrics;
  const stepOf = (execution: Execution, name: string) => {
    const step = execution.steps.find(one => one.name === name);
    assert.ok(step, `the execution has a step ${name}`);
    return step;
  };

  it('trains, registers, passes the gate and puts version 1 in Staging', async function () {
    this.timeout(FIRST_RUN_MS);
    const execution = await answer<Execution>('run', ...overrides(SMALL));
    assert.deepEqual(
      execution.steps.map(({ name, status }) => [name, status]),
      ['generate', 'validate_raw', 'features', 'train', 'evaluate', 'smoke_test'].map(name => [
        name,
        'succeeded',
      ]),
    );
    assert.deepEqual(execution.versions, [{ name: MODEL, version: 1, stage: 'Staging' }]);

    const evaluated = stepOf(execution, 'evaluate');
    assert.deepEqual(
      evaluated.gates.map(({ gate, passed }) => [gate, passed]),
      [['rmspe < 0.12', true]],
    );
    const scores = await metricsOf(evaluated.runId ?? '');
    assert.ok(
      Number(scores.rmspe?.last) < Number(scores.naive_rmspe?.last),
      'the ensemble beats the baseline',
    );

    const trained = await metricsOf(stepOf(execution, 'train').runId ?? '');
    for (const booster of ['lightgbm', 'xgboost', 'catboost']) {
      assert.equal(trained[`${booster}/rmspe`]?.count, 60, `a point for each round of ${booster}`);
    }
  });

  it('lists the version with its stage and its score', async () => {
    const [model] = await answer<RegisteredModel[]>('models', 'ls');
    const [version] = model?.versions ?? [];
    assert.deepEqual([model?.name, version?.version, version?.stage], [MODEL, 1, 'Staging']);
    assert.ok(Number(version?.metrics.rmspe) < 0.12);
  });

  it('serves the version in Staging', async function () {
    this.timeout(RUN_MS);
    const { predictions } = await answer<{ predictions: number[] }>(
      ...['predict', MODEL, '--stage', 'Staging', '--input', 'rows.json'],
    );
    assert.equal(predictions.length, PREDICTED_ROWS.dataframe_records.length);
    assert.ok(
      predictions.every(sales => Number.isFinite(sales) && sales >= 0),
      String(predictions),
    );
  });

  it('tells what the version came from, and what depends on the raw data', async () => {
    const { nodes } = await answer<LineageGraph>('lineage', `${MODEL}/1`, '--upstream');
    const data = nodes.filter(node => node.kind === 'data');
    const features = data.find(({ path: place }) => place === 'data/features.parquet');
    assert.ok(Number(features?.rows) > 0 && Number(features?.schema?.length) > 5, JSON.stringify(features));
    assert.ok(data.some(({ path: place }) => place === 'data/raw'));
    const { versions, deployments } = await answer<Affected>('affected', 'data/raw/train.csv');
    assert.deepEqual(
      [versions.map(({ version, by }) => [version, by]), deployments.map(({ stage }) => stage)],
      [[[1, 'made from it']], ['Staging']],
    );
  });

  it('runs nothing again that did not change, and judges anew by a changed gate', async function () {
    this.timeout(RUN_MS);
    const { code, out } = await modelthat('run', ...overrides({ ...SMALL, 'gates.rmspe': '0.01' }));
    assert.equal(code, EXIT.gateFailed);
    const execution = JSON.parse(out) as Execution;
    assert.deepEqual(
      execution.steps.map(({ name, status, reused }) => [name, reused ?? status]),
      [
        ...['generate', 'validate_raw', 'features', 'train'].map(name => [name, 'unchanged']),
        ['evaluate', 'unchanged'],
        ['smoke_test', 'skipped'],
      ],
    );
    assert.equal(stepOf(execution, 'evaluate').status, 'failed');
  });

  it('keeps a version that misses its gate out of Staging, and says so by the exit code', async function () {
    this.timeout(RUN_MS);
    const changed = { ...SMALL, 'train.rounds': '50', 'gates.rmspe': '0.01' };
    const plan = await answer<{ steps: PlannedStep[] }>('plan', ...overrides(changed));
    assert.deepEqual(
      plan.steps.map(({ name, action }) => [name, action]),
      [
        ...['generate', 'validate_raw', 'features'].map(name => [name, 'skip']),
        ...['train', 'evaluate', 'smoke_test'].map(name => [name, 'run']),
      ],
    );
    assert.match(plan.steps[3]?.reason ?? '', /^parameter train\.rounds: 60 → 50/);
    const { code, out } = await modelthat('run', ...overrides(changed));
    assert.equal(code, EXIT.gateFailed);
    const execution = JSON.parse(out) as Execution;
    assert.equal(stepOf(execution, 'evaluate').status, 'failed');
    assert.equal(stepOf(execution, 'smoke_test').status, 'skipped');
    const [model] = await answer<RegisteredModel[]>('models', 'ls');
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
    const running = start('run', ...overrides({ ...SMALL, 'train.rounds': '400' }));
    const finished = text(running.stdout);
    const trained = await untilTraining();
    const before = await metricsOf(trained);
    const { pid } = await answer<{ pid: number }>('status');
    process.kill(pid, 'SIGKILL');

    const after = await metricsOf(trained);
    for (const [key, { count }] of Object.entries(before)) {
      assert.ok(
        (after[key]?.count ?? 0) >= count,
        `${key} lost points: ${count} before, ${after[key]?.count} after`,
      );
    }
    const execution = JSON.parse(await finished) as Execution;
    assert.equal(execution.status, 'succeeded', execution.message);
    assert.equal((await metricsOf(trained))['lightgbm/rmspe']?.count, 400, 'no round is missing');
  });

  /** Id of the run of the step `train`, as soon as it has logged. */
  async function untilTraining(): Promise<string> {
    for (;;) {
      const [execution] = await answer<Execution[]>('executions', 'ls');
      const runId =
        execution?.endTime === null ? execution.steps.find(step => step.name === 'train')?.runId : undefined;
      if (runId && Object.keys(await metricsOf(runId)).length > 0) return runId;
      await pause(POLL_MS);
    }
  }
});
