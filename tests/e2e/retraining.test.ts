/** The example's retraining, small, through the built command line: by hand, by a change of its data, and by its schedule. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Automation } from '../../daemon/contract/automations.ts';
import type { RegisteredModel } from '../../daemon/contract/models.ts';
import { EXIT, type Execution } from '../../daemon/contract/pipelines.ts';
import { ExampleProject, stepOf } from '../support/example.ts';

/** The first runs make two Python environments, that of Great Expectations among them. */
const FIRST_RUN_MS = 900_000;
const RUN_MS = 240_000;
const POLL_MS = 200;

const STEPS = ['validate_raw', 'features', 'train', 'evaluate', 'approve', 'release', 'inference_test'];

describe('the retraining of the example project', () => {
  let example: ExampleProject;

  before(() => {
    example = new ExampleProject();
    // What nobody is there to override when a schedule or a trigger starts it.
    edit('params.yaml', [
      [/stores: \d+/, 'stores: 20'],
      [/rounds: null/, 'rounds: 60'],
      [/rmspe: [\d.]+/, 'rmspe: 0.12'],
    ]);
  });
  after(() => example.dispose());

  function edit(name: string, changes: readonly (readonly [RegExp, string])[]): void {
    const file = example.at(name);
    const before = fs.readFileSync(file, 'utf8');
    const after = changes.reduce((now, [from, to]) => now.replace(from, to), before);
    assert.notEqual(after, before, `${name} is changed`);
    fs.writeFileSync(file, after);
  }

  /** As a late correction would: a shop that was open sold for one more than was said. */
  function correctOneSale(): void {
    const file = example.at('data/raw/train.csv');
    const [titles = '', ...rows] = fs.readFileSync(file, 'utf8').split('\n');
    const [sales, open] = ['Sales', 'Open'].map(title => titles.split(',').indexOf(title));
    const at = rows.findIndex(row => row.split(',')[open ?? -1] === '1');
    const changed = rows[at]
      ?.split(',')
      .map((cell, column) => (column === sales ? `${Number(cell) + 1}` : cell));
    fs.writeFileSync(file, [titles, ...rows.with(at, changed?.join(',') ?? '')].join('\n'));
  }

  const executions = () => example.answer<Execution[]>('executions', 'ls');
  const stages = async () => {
    const [model] = await example.answer<RegisteredModel[]>('models', 'ls');
    return model?.versions.map(({ version, stage }) => [version, stage]);
  };

  /** The newest execution, once there is one that nobody knows yet and that has come so far. */
  async function next(known: readonly Execution[], reached: (execution: Execution) => boolean) {
    for (;;) {
      const [newest] = await executions();
      if (newest && !known.some(({ id }) => id === newest.id)) {
        if (reached(newest)) return newest;
        assert.equal(newest.exitCode, null, newest.message);
      }
      await pause(POLL_MS);
    }
  }

  const waits = ({ status }: Execution) => status === 'waiting';
  const hasEnded = ({ exitCode }: Execution) => exitCode !== null;

  /** Approves, and waits for the end. */
  async function approve({ id }: Execution): Promise<Execution> {
    await example.answer('approve', id, 'approve', '--reason', 'as good as before');
    for (;;) {
      const execution = await example.answer<Execution>('executions', 'show', id);
      if (hasEnded(execution)) return execution;
      await pause(POLL_MS);
    }
  }

  it('goes to Staging, waits for a person, and answers from Production once one has approved', async function () {
    this.timeout(FIRST_RUN_MS);
    await example.answer('run', '--only', 'generate');
    const known = await executions();
    const running = example.start('run', 'retraining');
    const printed = text(running.stdout);
    const waiting = await next(known, waits);
    assert.match(stepOf(waiting, 'validate_raw').message, /^14 checks passed/);
    assert.deepEqual(await stages(), [[1, 'Staging']]);
    await approve(waiting);
    const execution = JSON.parse(await printed) as Execution;
    assert.deepEqual(
      execution.steps.map(({ name, status }) => [name, status]),
      STEPS.map(name => [name, 'succeeded']),
    );
    assert.deepEqual(await stages(), [[1, 'Production']]);
  });

  it('is started by a change of the data, and trains anew', async function () {
    this.timeout(RUN_MS);
    const on = await example.answer<Automation[]>('schedules', 'on', 'retraining');
    assert.deepEqual(
      on.map(({ kind, on: isOn, problem }) => [kind, isOn, problem]),
      [
        ['schedule', true, null],
        ['triggers', true, null],
      ],
    );
    assert.equal(new Date(on[0]?.next ?? 0).getUTCDay(), 1, 'the schedule is due on a Monday');
    const known = await executions();
    correctOneSale();
    const waiting = await next(known, waits);
    assert.equal(waiting.startedBy.kind, 'trigger');
    assert.match(waiting.startedBy.detail, /train\.csv/);
    assert.deepEqual(await stages(), [
      [2, 'Staging'],
      [1, 'Production'],
    ]);
    const { exitCode } = await approve(waiting);
    assert.equal(exitCode, 0);
    assert.deepEqual(await stages(), [
      [2, 'Production'],
      [1, 'Archived'],
    ]);
  });

  it('ends where Great Expectations finds the data wrong, and trains nothing', async function () {
    this.timeout(RUN_MS);
    const known = await executions();
    const stores = fs.readFileSync(example.at('data/raw/store.csv'), 'utf8');
    edit('data/raw/store.csv', [[/^1,[abcd],/m, '1,z,']]);
    const execution = await next(known, hasEnded);
    assert.equal(execution.exitCode, EXIT.failed);
    assert.match(stepOf(execution, 'validate_raw').message, /StoreType/);
    assert.equal(stepOf(execution, 'train').status, 'skipped');
    await example.answer('schedules', 'off', 'retraining', '--triggers');
    fs.writeFileSync(example.at('data/raw/store.csv'), stores);
  });

  it('is started by its schedule', async function () {
    this.timeout(RUN_MS);
    const known = await executions();
    edit('retraining/modelthat.yaml', [[/cron: "[^"]+"/, 'cron: "* * * * * *"']]);
    const execution = await next(known, () => true);
    assert.equal(execution.startedBy.kind, 'schedule');
    await example.answer('schedules', 'off', 'retraining');
  });
});
