import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cancelExecution, startExecution } from '../../../daemon/contract/pipelines.ts';
import { getRun } from '../../../daemon/contract/runs.ts';
import { identify } from '../../../daemon/processes/table.ts';
import { GRACE_MS } from '../../../daemon/processes/tree.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { ended, start, statuses, step, until, write } from '../../support/pipelines.ts';

describe('cancelling', () => {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startDaemon();
    write(
      daemon,
      'stubborn.py',
      'import os, signal, sys, time',
      'signal.signal(signal.SIGTERM, signal.SIG_IGN)',
      'def note(): open("pids", "a").write(f"{os.getpid()}\\n")',
      'note()',
      'if os.fork() == 0:', // a child
      '    note()',
      '    if os.fork() == 0:', // a grandchild in a session of its own
      '        os.setsid(); note()',
      '        if os.fork() == 0:', // a daemon: its parent is gone
      '            note(); time.sleep(120); sys.exit()',
      '        os._exit(0)',
      '    time.sleep(120)',
      'while sum(1 for _ in open("pids")) < 4: time.sleep(0.01)',
      'print("all there", flush=True)',
      'time.sleep(120)',
    );
  });
  beforeEach(() => write(daemon, 'pids', ''));
  after(() => daemon.dispose());

  const cancel = (executionId: string, force: boolean) =>
    daemon.client.call(cancelExecution, { params: { executionId }, body: { force } });

  function pids(): number[] {
    return readFileSync(path.join(daemon.place.workspace, 'pids'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(Number);
  }

  async function allThere(executionId: string): Promise<number[]> {
    await until(daemon, executionId, () => pids().length >= 4);
    return pids();
  }

  async function alive(candidates: readonly number[]): Promise<number[]> {
    const found = await Promise.all(candidates.map(pid => identify(pid)));
    return candidates.filter((_, index) => found[index] !== undefined);
  }

  it('asks first, and ends by force what ignores it, wherever it went', async () => {
    const { id } = await start(daemon, [
      'steps:',
      '  a: { run: [python3 stubborn.py, echo never] }',
      '  b: { run: echo never, after: [a] }',
    ]);
    const there = await allThere(id);
    const began = Date.now();
    const cancelling = await cancel(id, false);
    assert.equal(cancelling.status, 'cancelling');
    const execution = await ended(daemon, id);
    assert.deepEqual([execution.status, execution.exitCode], ['cancelled', 130]);
    assert.deepEqual(statuses(execution), { a: 'cancelled', b: 'cancelled' });
    assert.match(step(execution, 'a').message, /SIGKILL.*10 s after SIGTERM/);
    assert.ok(Date.now() - began >= GRACE_MS, 'the grace was given');
    assert.deepEqual(await alive(there), []);
    const run = await daemon.client.call(getRun, { params: { runId: execution.runId } });
    assert.equal(run.status, 'KILLED');
  }).timeout(30_000);

  it('ends everything at once when forced', async () => {
    const { id } = await start(daemon, ['steps: { a: { run: python3 stubborn.py } }']);
    const there = await allThere(id);
    await cancel(id, false);
    await cancel(id, true);
    const execution = await ended(daemon, id);
    assert.match(step(execution, 'a').message, /by force \(SIGKILL\) at once/);
    assert.deepEqual(await alive(there), []);
  }).timeout(9_000);

  it('lets a step that listens clean up, and starts no further command', async () => {
    write(
      daemon,
      'polite.sh',
      'trap "echo cleaned > cleaned; exit 0" TERM',
      'echo $$ > pids',
      'while :; do sleep 0.05; done',
    );
    const { id } = await start(daemon, ['steps: { a: { run: [sh polite.sh, touch second] } }']);
    await until(daemon, id, () => pids().length > 0);
    await cancel(id, false);
    const execution = await ended(daemon, id);
    assert.equal(step(execution, 'a').message, 'cancelled: ended after SIGTERM');
    assert.equal(readFileSync(path.join(daemon.place.workspace, 'cleaned'), 'utf8'), 'cleaned\n');
    assert.throws(() => readFileSync(path.join(daemon.place.workspace, 'second')));
  });

  it('leaves the processes of other executions alone', async () => {
    const other = write(
      daemon,
      'other/modelthat.yaml',
      'steps: { a: { run: "sh -c \'until [ -e ../go ]; do sleep 0.02; done\'" } }',
    );
    const running = await daemon.client.call(startExecution, { body: { file: other } });
    const { id } = await start(daemon, ['steps: { a: { run: python3 stubborn.py } }']);
    await allThere(id);
    await cancel(id, true);
    await ended(daemon, id);
    write(daemon, 'go', '');
    assert.equal((await ended(daemon, running.id)).exitCode, 0);
  });

  it('does nothing to an execution that has ended', async () => {
    const { id } = await start(daemon, ['steps: { a: { run: echo } }']);
    await ended(daemon, id);
    assert.equal((await cancel(id, true)).status, 'succeeded');
  });
});
