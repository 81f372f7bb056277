import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SQLite from 'better-sqlite3';
import { cancelExecution, decideStep } from '../../../daemon/contract/pipelines.ts';
import { getRun, searchRuns } from '../../../daemon/contract/runs.ts';
import { identify, isAlive } from '../../../daemon/processes/table.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import {
  ended,
  get,
  log,
  PATIENCE_MS,
  start,
  statuses,
  step,
  until,
  write,
} from '../../support/pipelines.ts';

/** Waits for a file of the workspace. */
async function appears(place: TestPlace, name: string): Promise<string> {
  const file = path.join(place.workspace, name);
  const giveUp = Date.now() + PATIENCE_MS;
  while (!existsSync(file)) {
    if (!existsSync(place.workspace) || Date.now() > giveUp) throw new Error(`${name} never appeared`);
    await sleep(10);
  }
  return readFileSync(file, 'utf8');
}

describe('after the daemon was killed', () => {
  let place: TestPlace;
  let daemon: TestDaemon;

  beforeEach(async () => {
    place = testPlace();
    daemon = await startDaemon({ place });
  });
  afterEach(async () => {
    await daemon.stop();
    place.remove();
  });

  /** Ends the daemon as a crash does. */
  async function crash(): Promise<void> {
    await daemon.kill();
  }

  async function restart(): Promise<void> {
    daemon = await startDaemon({ place });
  }

  const waitFor = (name: string) => `until [ -e ${name} ]; do sleep 0.02; done`;

  it('a step that logs just when the next daemon starts is let in', async () => {
    const { id } = await start(daemon, [
      'steps:',
      "  log: { run: sh -c 'echo $MLFLOW_TRACKING_PASSWORD > token.new; mv token.new token; sleep 1000' }",
    ]);
    const token = (await appears(place, 'token')).trim();
    await until(daemon, id, ({ steps }) => steps[0]?.status === 'running');
    await crash();
    const answers = new Set<number>();
    let started = false;
    const knock = async () => {
      while (!started || answers.size === 0) {
        const headers = { authorization: `Bearer ${token}` };
        const asked = fetch(`${daemon.url}/api/2.0/mlflow/experiments/get?experiment_id=0`, { headers });
        const answer = await asked.catch(() => undefined);
        if (answer) answers.add(answer.status);
        await answer?.arrayBuffer();
      }
    };
    const knocking = knock();
    await restart();
    started = true;
    await knocking;
    assert.deepEqual([...answers], [200]);
    await daemon.client.call(cancelExecution, { params: { executionId: id }, body: { force: true } });
    await ended(daemon, id);
  });

  it('a step goes on, its output and exit code are kept, and the execution is finished by the next daemon', async () => {
    write(daemon, 'long.sh', 'echo before', 'touch "begun-$1"', waitFor('go'), 'echo after', 'exit "$1"');
    const { id, runId } = await start(daemon, [
      'steps:',
      '  good: { run: sh long.sh 0 }',
      '  bad: { run: sh long.sh 5 }',
      '  next: { run: echo next, after: [good] }',
      '  never: { run: echo never, after: [bad] }',
    ]);
    await Promise.all([appears(place, 'begun-0'), appears(place, 'begun-5')]);
    await until(daemon, id, ({ steps }) => steps.filter(each => each.status === 'running').length === 2);
    await crash();
    await restart();
    const taken = await get(daemon, id);
    assert.match(taken.message, /taken over by a new daemon with 2 steps under way/);
    write(daemon, 'go', '');
    const execution = await ended(daemon, id);
    assert.deepEqual(statuses(execution), {
      good: 'succeeded',
      bad: 'failed',
      next: 'succeeded',
      never: 'skipped',
    });
    assert.deepEqual([execution.exitCode, step(execution, 'bad').exitCode], [1, 5]);
    assert.equal(await log(daemon, id, 'good'), 'before\nafter\n');
    assert.match(step(execution, 'good').message, /ran on while the daemon was down/);
    const run = await daemon.client.call(getRun, { params: { runId } });
    assert.equal(run.status, 'FAILED');
  });

  it('a step that ended meanwhile is known by what it left', async () => {
    write(daemon, 'found.json', '{"rmspe": 0.2}');
    const wait = `sh -c 'touch begun; ${waitFor('go')}; cp found.json m.json; touch done; exit 0'`;
    const { id } = await start(daemon, [
      'steps:',
      `  a: { run: "${wait}", metrics: [m.json], gates: [rmspe < 0.1] }`,
    ]);
    await appears(place, 'begun');
    await crash();
    write(daemon, 'go', '');
    await appears(place, 'done');
    await restart();
    const execution = await ended(daemon, id);
    assert.deepEqual([execution.exitCode, step(execution, 'a').gates[0]?.observed], [3, 0.2]);
  });

  it('a step that was ended by force is failed, and its run with it', async () => {
    write(
      daemon,
      'victim.py',
      'import json, os, time, urllib.request',
      'def call(path, body):',
      '    request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + path, json.dumps(body).encode(),',
      '        {"content-type": "application/json", "authorization": "Bearer " + os.environ["MLFLOW_TRACKING_PASSWORD"]})',
      '    return json.load(urllib.request.urlopen(request))',
      'call("/api/2.0/mlflow/runs/create", {})',
      'call("/api/2.0/mlflow/runs/create", {})',
      'open("group", "w").write(str(os.getppid()))',
      'time.sleep(100)',
    );
    const { id } = await start(daemon, ['name: victims', 'steps: { a: { run: python3 victim.py } }']);
    await appears(place, 'group');
    const running = await until(daemon, id, ({ steps }) => steps[0]?.runId !== null);
    assert.equal(step(running, 'a').status, 'running');
    await crash();
    process.kill(-Number(await appears(place, 'group')), 'SIGKILL');
    await restart();
    const execution = await ended(daemon, id);
    assert.equal(execution.exitCode, 1);
    assert.match(step(execution, 'a').message, /without recording its exit code/);
    const left = await daemon.client.call(searchRuns, { body: { filter: "attributes.status = 'RUNNING'" } });
    assert.deepEqual(left.items, [], 'the step’s run and its child have ended');
  });

  it('the token of a step that goes on still opens the daemon', async () => {
    write(
      daemon,
      'ask.py',
      'import os, time, urllib.request',
      'open("begun", "w")',
      'while not os.path.exists("go"): time.sleep(0.02)',
      'request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/v1/about",',
      '    headers={"authorization": "Bearer " + os.environ["MLFLOW_TRACKING_PASSWORD"]})',
      'print(urllib.request.urlopen(request).status)',
    );
    const { id } = await start(daemon, ['steps: { a: { run: python3 ask.py } }']);
    await appears(place, 'begun');
    await crash();
    await restart();
    write(daemon, 'go', '');
    await ended(daemon, id);
    assert.equal(await log(daemon, id, 'a'), '200\n');
  });

  it('a step that was about to start is looked at as any other, and what it makes is kept', async () => {
    const lines = [
      'steps:',
      '  ask: { approval: Production }',
      '  make: { run: touch made.txt, outs: [made.txt], after: [ask] }',
    ];
    const { id } = await start(daemon, lines);
    await until(daemon, id, ({ status }) => status === 'waiting');
    await crash();
    // As a daemon leaves it that is killed right after it said that the step runs.
    const store = new SQLite(path.join(place.store, 'modelthat.db'));
    store.exec(`UPDATE step SET record = json_set(record, '$.status', 'succeeded') WHERE name = 'ask'`);
    store.exec(
      `UPDATE step SET record = json_set(record, '$.status', 'running', '$.startTime', 1) WHERE name = 'make'`,
    );
    store.close();
    await restart();
    assert.equal(step(await ended(daemon, id), 'make').status, 'succeeded');
    const again = await ended(daemon, (await start(daemon, lines, { only: ['make'] })).id);
    assert.equal(step(again, 'make').reused, 'unchanged');
  });

  it('an execution whose end the earlier daemon did not get to record has succeeded', async () => {
    const store = new SQLite(path.join(place.store, 'modelthat.db'));
    store.exec(`CREATE TRIGGER no_end BEFORE UPDATE ON execution WHEN NEW.status = 'succeeded'
      BEGIN SELECT raise(ABORT, 'the daemon goes down right before it writes this'); END`);
    const { id, runId } = await start(daemon, ['steps: { a: { run: echo } }']);
    await ended(daemon, id);
    await crash();
    store.exec('DROP TRIGGER no_end');
    store.close();
    await restart();
    const execution = await ended(daemon, id);
    assert.deepEqual([execution.status, execution.exitCode], ['succeeded', 0]);
    assert.equal((await daemon.client.call(getRun, { params: { runId } })).status, 'FINISHED');
  });

  it('what it kept of executions that have ended is gone', async () => {
    const { id } = await start(daemon, ['steps: { a: { run: echo } }']);
    await ended(daemon, id);
    await crash();
    const kept = path.join(place.state, 'executions', id);
    // As a daemon leaves it that is killed right after it recorded the end.
    mkdirSync(kept, { recursive: true });
    await restart();
    assert.equal(existsSync(kept), false);
  });

  it('cancelling ends what goes on', async () => {
    const { id } = await start(daemon, ['steps: { a: { run: sleep 100 } }']);
    await until(daemon, id, ({ steps }) => steps[0]?.status === 'running');
    await crash();
    await restart();
    await daemon.client.call(cancelExecution, { params: { executionId: id }, body: {} });
    const execution = await ended(daemon, id);
    assert.equal(execution.exitCode, 130);
  });

  it('a step that waits for a person goes on waiting', async () => {
    const lines = ['steps:', '  ask: { approval: Production }', '  b: { run: echo, after: [ask] }'];
    const { id } = await start(daemon, lines);
    await until(daemon, id, ({ status }) => status === 'waiting');
    await crash();
    await restart();
    const body = { decision: 'approve' as const, reason: 'looks good' };
    await daemon.client.call(decideStep, { params: { executionId: id, step: 'ask' }, body });
    const execution = await ended(daemon, id);
    assert.deepEqual(statuses(execution), { ask: 'succeeded', b: 'succeeded' });
  });

  it('a stop leaves steps to the next daemon', async () => {
    const { id } = await start(daemon, [`steps: { a: { run: "sh -c '${waitFor('go')}'" } }`]);
    await until(daemon, id, ({ steps }) => steps[0]?.status === 'running');
    await daemon.stop();
    await restart();
    write(daemon, 'go', '');
    assert.equal((await ended(daemon, id)).exitCode, 0);
  });

  it('nothing runs that a copied store, or a cloned repository, brings along', async () => {
    const { id, runId } = await start(daemon, [
      'steps:',
      '  ask: { approval: Production }',
      '  next: { run: touch ran, after: [ask] }',
    ]);
    await until(daemon, id, ({ status }) => status === 'waiting');
    await daemon.stop();
    const copy = testPlace();
    cpSync(place.store, copy.store, { recursive: true });
    // As whoever plants a store would have it: the command is the next thing to happen.
    const planted = new SQLite(path.join(copy.store, 'modelthat.db'));
    planted.exec(`UPDATE step SET record = json_set(record, '$.status', 'succeeded') WHERE name = 'ask'`);
    planted.close();
    const other = await startDaemon({ place: copy });
    try {
      const execution = await get(other, id);
      assert.deepEqual(statuses(execution), { ask: 'succeeded', next: 'cancelled' });
      assert.deepEqual([execution.status, execution.exitCode], ['cancelled', 130]);
      assert.match(execution.message, /begun by another user or in another folder/);
      assert.equal((await other.client.call(getRun, { params: { runId } })).status, 'KILLED');
      assert.ok(!existsSync(path.join(place.workspace, 'ran')));
    } finally {
      await other.stop();
      copy.remove();
    }
  });
});

describe('a process’s identity', () => {
  it('is not that of another process with its number', async () => {
    const mine = await identify(process.pid);
    assert.ok(mine);
    assert.equal(await isAlive(mine), true);
    assert.equal(await isAlive({ ...mine, startTime: '1' }), false);
    assert.equal(await isAlive({ ...mine, bootId: 'another boot' }), false);
  });
});
