import assert from 'node:assert/strict';
import { getStepLog, searchStepLog } from '../../../daemon/contract/pipelines.ts';
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

  it('is searched whole, from the part that one has to either side', async () => {
    const odd = ['é \u001b[31mEr\u001b[0mror\rno\n', '50\rThe \u001b[31mEr\u001b[0mror, error\n'];
    write(
      daemon,
      'many.py',
      'import sys',
      `odd = ${JSON.stringify(odd)}`,
      String.raw`sys.stdout.write("x\n" * 200_000 + "".join(odd) + "y\n" * 9_999 + "error")`,
    );
    const { id } = await run(daemon, ['steps:', '  many: { run: python3 many.py }']);
    const search = (text: string, part: { before?: number; after?: number }) =>
      daemon.client.call(searchStepLog, {
        params: { executionId: id, step: 'many' },
        query: { text, ...part },
      });
    const [before = 0, after = 0] = odd.map(text => Buffer.byteLength(text));
    const line = 400_000 + before;
    const last = line + after + 2 * 9_999;
    const all = await search('ERROR', {});
    assert.deepEqual(all.before, { count: 0, nearest: null });
    assert.deepEqual([all.after.count, all.after.nearest?.line], [3, line]);
    const around = await search('error', { before: line + 2_000, after: last - 10 });
    assert.deepEqual([around.before.count, around.before.nearest?.line], [2, line]);
    assert.deepEqual([around.after.count, around.after.nearest?.line], [1, last]);
    const from = around.before.nearest?.from ?? 0;
    const { text } = await daemon.client.call(getStepLog, {
      params: { executionId: id, step: 'many' },
      query: { offset: from, limit: line - from },
    });
    assert.match(text, /^(x\n)+é/);
    assert.deepEqual(await search('nowhere', { before: 1e6 }), {
      before: { count: 0, nearest: null },
      after: { count: 0, nearest: null },
    });
  });

  it('is read from its end, in whole characters', async () => {
    const end = await read({ tail: 4 });
    assert.deepEqual([end.text, end.offset, end.nextOffset, end.complete], ['é\n', 33, 36, true]);
    assert.equal((await read({ tail: 100 })).text.length, 30);
  });
});
