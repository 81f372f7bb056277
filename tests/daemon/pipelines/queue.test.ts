import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import {
  type Concurrency,
  cancelExecution,
  type Execution,
  listExecutions,
  startExecution,
} from '../../../daemon/contract/pipelines.ts';
import { getRun } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { ended, get, run, statuses, step, until, write } from '../../support/pipelines.ts';

describe('executions that would use the same files', () => {
  let place: TestPlace;
  let daemon: TestDaemon;

  beforeEach(async () => {
    place = testPlace();
    daemon = await startDaemon({ place });
    write(daemon, 'hold.sh', 'until [ -e "$1" ]; do sleep 0.02; done; echo "$1" >> ../order');
    define('one', 'steps: { a: { run: sh ../hold.sh go } }');
  });
  afterEach(async () => {
    await daemon.stop();
    place.remove();
  });

  /** Writes a pipeline in a folder of its name. */
  function define(name: string, ...lines: string[]): void {
    write(daemon, `${name}/modelthat.yaml`, `name: ${name}`, ...lines);
  }

  function start(name: string, concurrency?: Concurrency): Promise<Execution> {
    const file = path.join(place.workspace, name, 'modelthat.yaml');
    return daemon.client.call(startExecution, { body: { file, ...(concurrency && { concurrency }) } });
  }

  const cancel = ({ id }: Execution) =>
    daemon.client.call(cancelExecution, { params: { executionId: id }, body: {} });
  const runOf = ({ runId }: Execution) => daemon.client.call(getRun, { params: { runId } });

  it('are refused with a word on what can be done, or queued in the order in which they came', async () => {
    const first = await start('one');
    await assert.rejects(start('one'), { code: 'RESOURCE_CONFLICT', message: /already running.*--queue/s });
    const second = await start('one', 'queue');
    const third = await start('one', 'queue');
    assert.deepEqual(
      [second, third].map(({ status, message, number }) => [status, message, number]),
      [
        ['queued', 'waits for one #1 to end', 2],
        ['queued', 'waits for one #1 to end', 3],
      ],
    );
    assert.equal((await runOf(second)).status, 'SCHEDULED');
    const listed = await daemon.client.call(listExecutions, { query: {} });
    assert.deepEqual(
      listed.items.map(({ id }) => id),
      [third.id, second.id, first.id],
    );
    write(daemon, 'one/go', '');
    const executions = await Promise.all([first, second, third].map(({ id }) => ended(daemon, id)));
    assert.deepEqual(
      executions.map(({ status, message }) => [status, message]),
      Array(3).fill(['succeeded', '']),
    );
    const times = executions.flatMap(({ startTime, endTime }) => [startTime, Number(endTime)]);
    assert.deepEqual(times, times.toSorted(), 'none began before the one before it had ended');
    assert.equal((await runOf(second)).status, 'FINISHED');
  });

  it('wait on while the daemon is down, and can be cancelled', async () => {
    const first = await start('one');
    const second = await start('one', 'queue');
    const third = await start('one', 'queue');
    await until(daemon, first.id, ({ steps }) => steps[0]?.status === 'running');
    await daemon.kill();
    daemon = await startDaemon({ place });
    assert.equal((await get(daemon, second.id)).status, 'queued');
    await cancel(second);
    const cancelled = await ended(daemon, second.id);
    assert.deepEqual([cancelled.exitCode, statuses(cancelled)], [130, { a: 'cancelled' }]);
    assert.equal((await runOf(second)).status, 'KILLED');
    write(daemon, 'one/go', '');
    assert.equal((await ended(daemon, first.id)).status, 'succeeded');
    assert.equal((await ended(daemon, third.id)).status, 'succeeded');
  });

  it('never run when they are cancelled in the queue, not even what always runs', async () => {
    define('two', 'steps: { a: { run: sh ../hold.sh go }, clean: { run: touch cleaned, always: true } }');
    const first = await start('two');
    const second = await start('two', 'queue');
    await cancel(second);
    assert.deepEqual(statuses(await ended(daemon, second.id)), { a: 'cancelled', clean: 'cancelled' });
    write(daemon, 'two/go', '');
    await ended(daemon, first.id);
  });

  it('replace what runs and what waits, and say so', async () => {
    const first = await start('one');
    await until(daemon, first.id, ({ steps }) => steps[0]?.status === 'running');
    const second = await start('one', 'queue');
    const third = await start('one', 'replace');
    for (const { id } of [first, second]) {
      const { status, message } = await ended(daemon, id);
      assert.deepEqual([status, message], ['cancelled', 'cancelled: replaced by one #3']);
    }
    write(daemon, 'one/go', '');
    assert.equal((await ended(daemon, third.id)).status, 'succeeded');
  });

  it('are queued also when they are of different pipelines, unless nothing that they use is written', async () => {
    const data = write(daemon, 'data/raw.csv', '1');
    define(
      'writer',
      'steps: { a: { run: [sh ../hold.sh go, touch ../shared/x.csv], outs: [../shared/x.csv] } }',
    );
    define('other', 'steps: { b: { run: touch ../shared/x.csv, outs: [../shared/x.csv] } }');
    define('reader', 'steps: { c: { run: echo, deps: [../shared] } }');
    define('apart', `steps: { d: { run: echo, deps: [${data}] } }`);
    write(daemon, 'shared/notes', '');
    const first = await start('writer');
    const other = await start('other');
    const reader = await start('reader');
    assert.deepEqual(
      [other, reader].map(({ status, message }) => [status, message]),
      [
        ['queued', 'waits for writer #1, which writes ../shared/x.csv'],
        ['queued', 'waits for writer #1, which writes ../shared/x.csv'],
      ],
    );
    assert.equal((await ended(daemon, (await start('apart')).id)).status, 'succeeded');
    write(daemon, 'writer/go', '');
    await ended(daemon, first.id);
    const [last, lastReader] = [await ended(daemon, other.id), await ended(daemon, reader.id)];
    assert.deepEqual([last.status, lastReader.status], ['succeeded', 'succeeded']);
    assert.ok(
      lastReader.startTime >= Number(last.endTime),
      'the reader waited for the one before it in the queue',
    );
  });

  it('do not wait for one that waits for a person', async () => {
    define('two', 'steps: { ask: { approval: Production }, a: { run: echo, after: [ask] } }');
    const first = await start('two');
    await until(daemon, first.id, ({ status }) => status === 'waiting');
    const second = await start('two');
    assert.notEqual(second.status, 'queued');
    await Promise.all([cancel(first), cancel(second)]);
  });

  it('leave none behind that was asked for at the same moment', async () => {
    write(daemon, 'one/go', '');
    const executions = await Promise.all(Array.from({ length: 8 }, () => start('one', 'queue')));
    assert.deepEqual(
      executions.map(({ number }) => number),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    for (const { id } of executions) assert.equal((await ended(daemon, id)).status, 'succeeded');
  });

  it('say in the file what becomes of them', async () => {
    rmSync(path.join(place.workspace, 'one'), { recursive: true });
    await assert.rejects(
      run(daemon, ['concurrency: sometimes', 'steps: { a: { run: echo } }']),
      /queue, skip, replace/,
    );
    const execution = await run(daemon, ['concurrency: replace', 'steps: { a: { run: echo } }']);
    assert.equal(step(execution, 'a').status, 'succeeded');
  });
});
