import assert from 'node:assert/strict';
import { cancelExecution } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { ended, run, start, statuses, until } from '../../support/pipelines.ts';

describe('a step that always runs', () => {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  it('runs after steps that failed or were skipped, and leaves the outcome to them', async () => {
    const execution = await run(daemon, [
      'steps:',
      '  bad: { run: sh -c "exit 5" }',
      '  next: { run: echo, after: [bad] }',
      '  clean: { run: echo, after: [bad, next], always: true }',
      '  last: { run: echo, after: [clean] }',
    ]);
    assert.deepEqual(statuses(execution), {
      bad: 'failed',
      next: 'skipped',
      clean: 'succeeded',
      last: 'succeeded',
    });
    assert.deepEqual([execution.exitCode, execution.message], [1, '“bad” failed: exit code 5']);
  });

  it('makes the execution fail when it fails itself', async () => {
    const execution = await run(daemon, [
      'steps:',
      '  good: { run: echo }',
      '  clean: { run: sh -c "exit 3", after: [good], always: true }',
    ]);
    assert.deepEqual([execution.exitCode, execution.message], [1, '“clean” failed: exit code 3']);
  });

  for (const [force, clean] of [
    [false, 'succeeded'],
    [true, 'cancelled'],
  ] as const) {
    it(`has ${clean} after a cancel ${force ? 'by force' : 'that asked'}`, async () => {
      const { id } = await start(daemon, [
        'steps:',
        '  slow: { run: sleep 1000 }',
        '  clean: { run: echo, after: [slow], always: true }',
      ]);
      await until(daemon, id, ({ steps }) => steps[0]?.status === 'running');
      await daemon.client.call(cancelExecution, { params: { executionId: id }, body: { force } });
      const execution = await ended(daemon, id);
      assert.deepEqual([execution.status, execution.exitCode], ['cancelled', 130]);
      assert.deepEqual(statuses(execution), { slow: 'cancelled', clean });
    });
  }
});
