import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getStepLog } from '../../../daemon/contract/pipelines.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { ended, PATIENCE_MS, run, start, statuses, step, write } from '../../support/pipelines.ts';

describe('steps that do what they should not', () => {
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

  it('fail when they make a folder where a file is read', async () => {
    const execution = await run(daemon, [
      'steps:',
      '  metrics: { run: mkdir m.json, metrics: [m.json] }',
      '  checks: { run: mkdir c.json, checks: c.json }',
    ]);
    assert.deepEqual(statuses(execution), { metrics: 'failed', checks: 'failed' });
    assert.match(
      step(execution, 'metrics').message,
      /m.json cannot be read: it is a folder, where a file is expected/,
    );
  });

  it('say what they left running, though they ended well', async () => {
    write(daemon, 'leaves.sh', 'sleep 300 &', 'echo $! > left.pid');
    // One that leaves its process group, too, is found after a step that took its time.
    write(daemon, 'detaches.sh', 'setsid sleep 300 &', 'echo $! > detached.pid', 'sleep 1.1');
    write(daemon, 'helped.sh', 'sleep 0.1 &');
    const names = ['leaves', 'detaches', 'helped'];
    const execution = await run(daemon, [
      'steps:',
      ...names.map(name => `  ${name}: { run: sh ${name}.sh }`),
    ]);
    const [left, detached] = ['left.pid', 'detached.pid'].map(file =>
      Number(readFileSync(path.join(place.workspace, file), 'utf8')),
    );
    for (const pid of [left, detached]) process.kill(Number(pid), 'SIGKILL');
    assert.deepEqual(Object.values(statuses(execution)), Array(3).fill('succeeded'));
    const says = (pid: number | undefined) => `1 process that it started runs on (pid ${pid})`;
    assert.deepEqual(
      names.map(name => step(execution, name).message),
      [says(left), says(detached), ''],
    );
  });

  it('may print 200 MB without a line break: every part that is shown is small', async () => {
    const size = 200_000_000;
    write(daemon, 'endless.sh', `head -c ${size} /dev/zero | tr '\\0' x; exit 3`);
    const execution = await run(daemon, ['steps: { a: { run: sh endless.sh } }']);
    assert.equal(step(execution, 'a').message, 'exit code 3');
    const params = { executionId: execution.id, step: 'a' };
    const read = (offset: number) => daemon.client.call(getStepLog, { params, query: { offset } });
    const first = await read(0);
    assert.deepEqual([first.text.length, first.nextOffset, first.complete], [262_144, 262_144, false]);
    const last = await read(size - 10);
    assert.deepEqual([last.text, last.complete], ['x'.repeat(10), true]);
    const shown = await modelthat(place, 'executions', 'show', execution.id);
    assert.ok(shown.stderr.length + shown.stdout.length < 200_000);
  }).timeout(60_000);

  it('end no earlier than they began, when the clock is set back', async () => {
    write(
      daemon,
      'wait.sh',
      'touch begun; until [ -e go ]; do sleep 0.02; done; echo made > out.txt; touch done',
    );
    const lines = ['steps: { a: { run: sh wait.sh, outs: [out.txt] } }'];
    const { id } = await start(daemon, lines);
    const begun = () => existsSync(path.join(place.workspace, 'begun'));
    for (const giveUp = Date.now() + PATIENCE_MS; !begun(); await sleep(10)) assert.ok(Date.now() < giveUp);
    await daemon.kill();
    write(daemon, 'go', '');
    const statusFile = () => globSync('executions/*/steps/a.status', { cwd: place.store })[0];
    for (const giveUp = Date.now() + PATIENCE_MS; !statusFile(); await sleep(10))
      assert.ok(Date.now() < giveUp);
    const yesterday = Date.now() / 1_000 - 86_400;
    utimesSync(path.join(place.store, String(statusFile())), yesterday, yesterday);
    daemon = await startDaemon({ place });
    const execution = await ended(daemon, id);
    const { startTime, endTime } = step(execution, 'a');
    assert.ok(Number(endTime) >= Number(startTime));
    assert.ok(Number(execution.endTime) >= execution.startTime);
    assert.equal(step(await run(daemon, lines), 'a').reused, 'unchanged');
    assert.ok(existsSync(path.join(place.workspace, 'done')));
  });
});
