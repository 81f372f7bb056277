// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  cancelExecution,
  decideStep,
  type Execution,
  listPipelines,
  planExecution,
  resumeExecution,
} from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { ended, run, start, statuses, step, until, write } from '../../support/pipelines.ts';

describe('running a part of a pipeline', () => {
  let daemon: TestDaemon;
  const place = (name: string) => path.join(daemon.place.workspace, name);

  beforeEach(async () => {
    daemon = await startDaemon();
    write(daemon, 'ran', '');
    // Notes that it ran, and fails as long as there is a file of that name.
    write(
      daemon,
      'note.sh',
      'echo "$1" >> ran; [ ! -e "$1.fails" ] || exit 1; [ -z "$2" ] || echo "$1" > "$2"',
    );
  });
  afterEach(() => daemon.dispose());

  /** What ran since it was asked last. */
  function ran(): string[] {
    const names = readFileSync(place('ran'), 'utf8').trim().split('\n').filter(Boolean);
    write(daemon, 'ran', '');
    return names.toSorted();
  }

  async function resume({ id }: Execution): Promise<Execution> {
    const resumed = await daemon.client.call(resumeExecution, { params: { executionId: id }, body: {} });
    return ended(daemon, resumed.id);
  }

  const planOf = (more: { only?: string[]; from?: string[] } = {}) =>
    daemon.client.call(planExecution, { body: { file: place('modelthat.yaml'), ...more } });

  const CHAIN = [
    'params: { rate: 1 }',
    'steps:',
    '  a: { run: sh note.sh a a.txt, outs: [a.txt] }',
    '  tell: { run: "sh note.sh tell", after: [a], params: [] }',
    "  b: { run: 'sh note.sh b b.txt ${rate}', deps: [a.txt], outs: [b.txt] }",
    '  c: { run: sh note.sh c, after: [b, tell] }',
  ];

  it('runs what is left of one that failed, with its parameters, and nothing of it that succeeded', async () => {
    write(daemon, 'b.fails', '');
    const failed = await run(daemon, CHAIN, { set: { rate: '2' } });
    assert.deepEqual([failed.status, ran()], ['failed', ['a', 'b', 'tell']]);
    rmSync(place('b.fails'));
    const resumed = await resume(failed);
    assert.deepEqual(
      [resumed.status, resumed.set, resumed.resumes, ran()],
      ['succeeded', { rate: '2' }, failed.id, ['b', 'c']],
    );
    const tell = step(resumed, 'tell');
    assert.deepEqual(
      [tell.reused, tell.message],
      ['unchanged', `done in ${path.basename(daemon.place.workspace)} #1`],
    );
    await assert.rejects(resume(resumed), /Nothing is left of .* #2: it succeeded/);
  });

  it('runs again what succeeded when what it depends on has changed, and what came after it', async () => {
    write(daemon, 'c.fails', '');
    const failed = await run(daemon, CHAIN);
    assert.deepEqual(ran(), ['a', 'b', 'c', 'tell']);
    write(daemon, 'note.sh', readFileSync(place('note.sh'), 'utf8'), '# edited');
    rmSync(place('c.fails'));
    await resume(failed);
    assert.deepEqual(ran(), ['a', 'b', 'c', 'tell']);
  });

  it('runs what was forced and did not succeed, even if an earlier result would do', async () => {
    await run(daemon, CHAIN);
    ran();
    write(daemon, 'b.fails', '');
    const failed = await run(daemon, CHAIN, { force: true });
    assert.deepEqual(ran(), ['a', 'b', 'tell']);
    rmSync(place('b.fails'));
    await resume(failed);
    assert.deepEqual(ran(), ['b', 'c']);
  });

  it('resumes the steps that were asked for, and no others', async () => {
    write(daemon, 'a.fails', '');
    const failed = await run(daemon, CHAIN, { only: ['a'] });
    rmSync(place('a.fails'));
    assert.deepEqual(statuses(await resume(failed)), {
      a: 'succeeded',
      tell: 'skipped',
      b: 'skipped',
      c: 'skipped',
    });
  });

  it('asks again for no approval that was given, unless something ran before it', async () => {
    const lines = [
      'steps:',
      '  a: { run: sh note.sh a a.txt, outs: [a.txt] }',
      '  ask: { approval: Production, after: [a] }',
      '  b: { run: sh note.sh b, after: [ask] }',
    ];
    const approve = async ({ id }: Execution) => {
      await until(daemon, id, ({ status }) => status === 'waiting');
      const params = { executionId: id, step: 'ask' };
      await daemon.client.call(decideStep, { params, body: { decision: 'approve', reason: 'fine' } });
    };
    write(daemon, 'b.fails', '');
    const failed = await start(daemon, lines);
    await approve(failed);
    await ended(daemon, failed.id);
    rmSync(place('b.fails'));
    const resumed = await resume(failed);
    assert.equal(resumed.status, 'succeeded');
    assert.match(step(resumed, 'ask').message, /^approved by .* #1, and nothing has changed since: fine$/);

    write(daemon, 'b.fails', '');
    const again = await run(daemon, lines);
    assert.equal(again.status, 'failed');
    write(daemon, 'note.sh', 'echo changed > "$2"');
    const params = { executionId: again.id };
    const { id } = await daemon.client.call(resumeExecution, { params, body: {} });
    const waiting = await until(daemon, id, ({ status }) => status === 'waiting');
    assert.equal(step(waiting, 'ask').status, 'waiting');
    await daemon.client.call(cancelExecution, { params: { executionId: id }, body: {} });
    await ended(daemon, id);
  });

  it('resumes nothing that still goes on', async () => {
    const { id } = await start(daemon, ['steps: { ask: { approval: Production } }']);
    await until(daemon, id, ({ status }) => status === 'waiting');
    await assert.rejects(daemon.client.call(resumeExecution, { params: { executionId: id }, body: {} }), {
      code: 'RESOURCE_CONFLICT',
      message: /has not ended: it is waiting/,
    });
    await daemon.client.call(cancelExecution, { params: { executionId: id }, body: {} });
  });

  it('runs a step and all that need it, and those that are named beside', async () => {
    await run(daemon, CHAIN);
    ran();
    const from = await run(daemon, CHAIN, { from: ['b'] });
    assert.deepEqual(statuses(from), { a: 'skipped', tell: 'skipped', b: 'succeeded', c: 'succeeded' });
    assert.deepEqual(ran(), ['c'], 'b is unchanged');
    await run(daemon, CHAIN, { from: ['b'], only: ['tell'], force: true });
    assert.deepEqual(ran(), ['b', 'c', 'tell']);
    await assert.rejects(run(daemon, CHAIN, { from: ['bb'] }), /no step “bb”.*“b”/);
  });

  it('says which steps cannot run, and why, and runs the others', async () => {
    const lines = [
      'steps:',
      '  raw: { run: "sh note.sh raw raw.txt", outs: [raw.txt] }',
      '  clean: { run: echo, deps: [raw.txt, missing.csv] }',
      '  train: { run: echo, after: [clean] }',
      '  tidy: { run: echo, after: [clean], always: true }',
    ];
    const execution = await run(daemon, lines);
    assert.deepEqual(statuses(execution), {
      raw: 'succeeded',
      clean: 'failed',
      train: 'skipped',
      tidy: 'succeeded',
    });
    const { steps } = await planOf();
    const actions = Object.fromEntries(
      steps.map(({ name, action, reason }) => [name, `${action}: ${reason}`]),
    );
    assert.equal(actions.clean, 'blocked: missing.csv does not exist, and no step makes it');
    assert.equal(actions.train, 'blocked: it needs “clean”, which is blocked');
    assert.match(String(actions.tidy), /^run/);
    const { items } = await daemon.client.call(listPipelines, {});
    assert.deepEqual(items[0]?.blocked, {
      clean: 'missing.csv does not exist, and no step makes it',
      train: 'it needs “clean”, which is blocked',
    });
    rmSync(place('raw.txt'));
    write(daemon, 'missing.csv', '');
    const [, clean] = (await planOf({ only: ['clean'] })).steps;
    assert.deepEqual(
      [clean?.action, clean?.reason],
      ['blocked', 'raw.txt does not exist, and “raw”, which makes it, is not asked for'],
    );
    const [, after] = (await planOf()).steps;
    assert.equal(after?.action, 'run', 'once it is made, or restored');
  });
});
