import assert from 'node:assert/strict';
import { getStepLog } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { run, write } from '../../support/pipelines.ts';

describe('the log of a step', () => {
  let daemon: TestDaemon;
  let executionId: string;

  before(async () => {
    daemon = await startDaemon();
    write(daemon, 'say.py', 'for at in range(3):', '    print(f"line {at} éé")');
    ({ id: executionId } = await run(daemon, ['steps:', '  say: { run: python3 say.py }']));
  });
  after(() => daemon.dispose());

  const read = (query: { offset?: number; limit?: number; tail?: number }) =>
    daemon.client.call(getStepLog, { params: { executionId, step: 'say' }, query });

  it('is read in parts that fit together', async () => {
    const whole = await read({});
    assert.equal(whole.text, 'line 0 éé\nline 1 éé\nline 2 éé\n');
    assert.deepEqual([whole.offset, whole.nextOffset, whole.size, whole.complete], [0, 36, 36, true]);
    const part = await read({ offset: 12, limit: 8 });
    assert.deepEqual([part.text, part.offset, part.nextOffset, part.complete], ['line 1 ', 12, 19, false]);
  });

  it('is read from its end, in whole characters', async () => {
    const end = await read({ tail: 4 });
    assert.deepEqual([end.text, end.offset, end.nextOffset, end.complete], ['é\n', 33, 36, true]);
    assert.equal((await read({ tail: 100 })).text.length, 30);
  });
});
