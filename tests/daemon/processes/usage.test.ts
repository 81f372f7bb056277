import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { identify, type ProcessIdentity } from '../../../daemon/processes/table.ts';
import { usageOf } from '../../../daemon/processes/usage.ts';

describe('what processes take of the machine', () => {
  const children: ChildProcess[] = [];

  before(function () {
    if (process.platform === 'win32') {
      console.log('skipped: processes are not measured on Windows');
      this.skip();
    }
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  /** Starts a process that lives until its input is closed. */
  async function start(): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    children.push(child);
    await once(child, 'spawn');
    const identity = await identify(child.pid ?? 0);
    assert.ok(identity);
    return { child, identity };
  }

  it('is known of one that began right after others were looked at, and of none that has ended', async () => {
    const first = await start();
    assert.deepEqual((await usageOf(first.identity))?.pids, [first.identity.pid]);
    const second = await start();
    assert.deepEqual((await usageOf(second.identity))?.pids, [second.identity.pid]);
    const ended = once(second.child, 'exit');
    second.child.stdin?.end();
    await ended;
    assert.equal(await usageOf(second.identity), undefined);
  });
});
