import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { cancelExecution, startExecution } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { ended, run, start, statuses, step, until, write } from '../../support/pipelines.ts';

describe('steps that exclude each other', () => {
  let place: TestPlace;
  let daemon: TestDaemon;

  before(async () => {
    place = testPlace();
    daemon = await startDaemon({ place });
    // Fails when another of its kind runs, and ends once there is a file `go`.
    write(
      daemon,
      'hold.sh',
      'cd "$(dirname "$0")"; mkdir held || exit 9',
      'until [ -e go ]; do sleep 0.02; done',
      'rmdir held',
    );
  });
  beforeEach(() => rmSync(path.join(place.workspace, 'go'), { force: true }));
  after(async () => {
    await daemon.stop();
    place.remove();
  });

  const startOther = () => {
    const file = write(daemon, 'other/modelthat.yaml', `steps: { b: { run: sh ../hold.sh, mutex: gpu } }`);
    return daemon.client.call(startExecution, { body: { file } });
  };
  const waits = (id: string) =>
    until(daemon, id, ({ steps }) => steps[0]?.message === 'waits for the mutex “gpu”');

  it('run one after the other, over executions and daemons', async () => {
    const first = await start(daemon, [`steps: { a: { run: sh hold.sh, mutex: gpu } }`]);
    await until(daemon, first.id, ({ steps }) => steps[0]?.status === 'running');
    const second = await startOther();
    assert.equal(step(await waits(second.id), 'b').status, 'pending');
    await daemon.kill();
    daemon = await startDaemon({ place });
    assert.equal(step(await waits(second.id), 'b').status, 'pending');
    write(daemon, 'go', '');
    assert.deepEqual(statuses(await ended(daemon, first.id)), { a: 'succeeded' });
    const last = await ended(daemon, second.id);
    assert.deepEqual([step(last, 'b').status, step(last, 'b').message], ['succeeded', '']);
  });

  it('never wait for each other, in whatever order they name what they hold', async () => {
    write(daemon, 'go', '');
    const lists = [
      '[gpu, disk]',
      '[disk, gpu]',
      '[gpu, port, disk]',
      '[port, disk, gpu]',
      '[disk, gpu, port]',
    ];
    const execution = await run(daemon, [
      'steps:',
      ...lists.map((list, index) => `  s${index}: { run: sh hold.sh, mutex: ${list} }`),
    ]);
    assert.deepEqual([...new Set(Object.values(statuses(execution)))], ['succeeded']);
  });

  it('can be cancelled while they wait', async () => {
    const first = await start(daemon, [`steps: { a: { run: sh hold.sh, mutex: "gpu" } }`]);
    await until(daemon, first.id, ({ steps }) => steps[0]?.status === 'running');
    const second = await startOther();
    await waits(second.id);
    await daemon.client.call(cancelExecution, { params: { executionId: second.id }, body: {} });
    assert.equal((await ended(daemon, second.id)).status, 'cancelled');
    write(daemon, 'go', '');
    assert.equal((await ended(daemon, first.id)).status, 'succeeded');
  });
});
