import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cancelExecution } from '../../../daemon/contract/pipelines.ts';
import { getRun, searchRuns } from '../../../daemon/contract/runs.ts';
import { identify } from '../../../daemon/processes/table.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { ended, log, run, start, statuses, step, until, write } from '../../support/pipelines.ts';

/** Fails until it has been called as often as its argument says. */
const FAIL_UNTIL = ['echo x >> tries', 'echo try $(wc -l < tries)', '[ $(wc -l < tries) -ge "$1" ]'];

describe('attempts at a step', () => {
  let place: TestPlace;
  let daemon: TestDaemon;

  before(async () => {
    place = testPlace();
    daemon = await startDaemon({ place });
    write(daemon, 'flaky.sh', ...FAIL_UNTIL);
  });
  beforeEach(() => {
    for (const name of ['tries', 'child']) rmSync(path.join(place.workspace, name), { force: true });
  });
  after(async () => {
    await daemon.stop();
    place.remove();
  });

  const content = (name: string) => readFileSync(path.join(place.workspace, name), 'utf8');

  it('are ended with everything they started when they take too long', async () => {
    write(
      daemon,
      'slow.sh',
      'sleep 1000 &',
      'echo $! > child',
      'trap "exit 0" TERM',
      'while :; do sleep 0.02; done',
    );
    const execution = await run(daemon, [
      'steps:',
      '  a: { run: [sh slow.sh, touch second], timeout: 500ms }',
      '  b: { run: echo, after: [a] }',
      '  c: { run: echo, timeout: 1h }',
    ]);
    assert.deepEqual(statuses(execution), { a: 'failed', b: 'skipped', c: 'succeeded' });
    assert.match(step(execution, 'a').message, /longer than its timeout of 0.5s; ended after SIGTERM/);
    assert.equal(execution.exitCode, 1);
    assert.equal(await identify(Number(content('child'))), undefined);
    assert.throws(() => content('second'));
  });

  it('follow one another until one ends well, in one log', async () => {
    const execution = await run(daemon, [
      'steps:',
      '  a: { run: sh flaky.sh 3, retries: { times: 5, wait: 0 } }',
      '  b: { run: sh -c "exit 7", retries: { times: 1, wait: 10ms } }',
    ]);
    const [a, b] = [step(execution, 'a'), step(execution, 'b')];
    assert.deepEqual([a.status, a.attempt, a.exitCode], ['succeeded', 3, 0]);
    assert.deepEqual([b.status, b.attempt, b.exitCode], ['failed', 2, 7]);
    assert.equal(b.message, 'attempt 2 of 2; exit code 7');
    assert.deepEqual((await log(daemon, execution.id, 'a')).trim().split('\n'), [
      'try 1',
      '--- attempt 1 of 6 failed: exit code 1; the next one begins at once ---',
      'try 2',
      '--- attempt 2 of 6 failed: exit code 1; the next one begins at once ---',
      'try 3',
    ]);
  });

  it('do not follow one that a gate refused', async () => {
    write(daemon, 'found.json', '{"rmspe": 0.2}');
    const execution = await run(daemon, [
      'steps: { a: { run: cp found.json m.json, metrics: [m.json], gates: [rmspe < 0.1], retries: 3 } }',
    ]);
    assert.deepEqual([execution.exitCode, step(execution, 'a').attempt], [3, 1]);
  });

  it('have runs of their own, of which the last one is the step’s', async () => {
    write(
      daemon,
      'logs.py',
      'import json, os, sys, urllib.request',
      'def call(path, body):',
      '    request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/" + path,',
      '        json.dumps(body).encode(), {"content-type": "application/json",',
      '        "authorization": "Bearer " + os.environ["MLFLOW_TRACKING_PASSWORD"]})',
      '    return json.load(urllib.request.urlopen(request))',
      'run = call("runs/create", {})["run"]["info"]["run_id"]',
      'again = os.path.exists("tried")',
      'call("runs/log-metric", {"run_id": run, "key": "second" if again else "first", "value": 1, "timestamp": 1})',
      'open("tried", "w"); sys.exit(0 if again else 1)',
    );
    const execution = await run(daemon, [
      'steps: { a: { run: python3 logs.py, retries: { times: 1, wait: 0 } } }',
    ]);
    const runId = step(execution, 'a').runId ?? '';
    const last = await daemon.client.call(getRun, { params: { runId } });
    assert.deepEqual([last.status, Object.keys(last.metrics)], ['FINISHED', ['second']]);
    const { items } = await daemon.client.call(searchRuns, { body: { parentId: execution.runId } });
    assert.deepEqual(items.map(each => each.status).sort(), ['FAILED', 'FINISHED']);
  });

  it('find nothing running that a failed one left', async () => {
    write(daemon, 'leaves.sh', '[ -e child ] && exit 0', 'setsid sleep 1000 &', 'echo $! > child', 'exit 1');
    const execution = await run(daemon, [
      'steps: { a: { run: sh leaves.sh, retries: { times: 1, wait: 0 } } }',
    ]);
    assert.equal(step(execution, 'a').status, 'succeeded');
    assert.equal(await identify(Number(content('child'))), undefined);
  });

  it('are timed, and waited for, also by the next daemon', async () => {
    const { id } = await start(daemon, [
      'steps:',
      '  slow: { run: sleep 1000, timeout: 2s }',
      '  flaky: { run: sh flaky.sh 2, retries: { times: 1, wait: 2s } }',
    ]);
    await until(daemon, id, ({ steps }) => steps[0]?.status === 'running' && steps[1]?.attempt === 2);
    await daemon.kill();
    daemon = await startDaemon({ place });
    const execution = await ended(daemon, id);
    assert.match(step(execution, 'slow').message, /longer than its timeout of 2s/);
    assert.deepEqual([step(execution, 'flaky').status, step(execution, 'flaky').attempt], ['succeeded', 2]);
    assert.equal(content('tries'), 'x\nx\n');
  });

  it('are not begun after a cancel', async () => {
    const { id } = await start(daemon, [
      'steps: { a: { run: sh flaky.sh 2, retries: { times: 1, wait: 1h, max_wait: 1h } } }',
    ]);
    await until(daemon, id, ({ steps }) => steps[0]?.attempt === 2);
    await daemon.client.call(cancelExecution, { params: { executionId: id }, body: {} });
    const execution = await ended(daemon, id);
    assert.deepEqual(
      [execution.status, step(execution, 'a').message],
      ['cancelled', 'cancelled before attempt 2'],
    );
    assert.equal(content('tries'), 'x\n');
  });
});
