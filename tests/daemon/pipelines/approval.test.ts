import assert from 'node:assert/strict';
import { decideStep, type Execution, planExecution } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { ended, start, step, until, write } from '../../support/pipelines.ts';

describe('an approval', () => {
  let place: TestPlace;
  let daemon: TestDaemon;

  before(async () => {
    place = testPlace();
    daemon = await startDaemon({ place });
  });
  after(async () => {
    await daemon.stop();
    place.remove();
  });

  const lines = (name: string, text = 'one', more = '') => [
    `name: ${name}`,
    'steps:',
    `  make: { run: sh -c 'echo ${text} > ${name}.txt', outs: [${name}.txt]${more} }`,
    `  check: { run: cat ${name}.txt, deps: [${name}.txt] }`,
    '  ask: { approval: Production, after: [check] }',
    '  last: { run: echo done, after: [ask] }',
  ];
  const asked = (id: string) => until(daemon, id, ({ status }) => status === 'waiting');

  async function answer(id: string, decision: 'approve' | 'reject', reason = ''): Promise<Execution> {
    await asked(id);
    await daemon.client.call(decideStep, {
      params: { executionId: id, step: 'ask' },
      body: { decision, reason },
    });
    return ended(daemon, id);
  }
  async function planOf(definition: readonly string[]): Promise<string> {
    const file = write(daemon, 'modelthat.yaml', ...definition);
    const { steps } = await daemon.client.call(planExecution, { body: { file } });
    const { action, reason } = steps.find(({ name }) => name === 'ask') ?? {};
    return `${action}: ${reason}`;
  }
  const EARLIER =
    /approved by owner on \d{4}-\d\d-\d\d \d\d:\d\d, for (\S+ #\d+), and nothing has changed since/;

  it('holds for as long as nothing behind it changes, and says whose it is', async () => {
    const first = await start(daemon, lines('same'));
    await answer(first.id, 'approve', 'looks good');
    assert.match(await planOf(lines('same')), /^skip: approved by owner on .*: looks good$/);
    const second = await ended(daemon, (await start(daemon, lines('same'))).id);
    assert.equal(second.exitCode, 0);
    assert.equal(EARLIER.exec(step(second, 'ask').message)?.[1], 'same #1');
    assert.equal(step(second, 'last').status, 'succeeded');
  });

  it('is asked for again when an input, a rule, or what is asked changed', async () => {
    const first = await start(daemon, lines('other'));
    await answer(first.id, 'approve');
    write(daemon, 'found.json', '{"m": 1}');
    const changes = [
      lines('other', 'two'),
      lines('other', 'one', ', env: { A: b }'),
      lines('other').map(line => line.replace('cat other.txt', 'head other.txt')),
      lines('other').map(line => line.replace('approval: Production', 'approval: Everywhere')),
    ];
    for (const changed of changes) {
      assert.equal(await planOf(changed), 'run: waits for approval');
      const { id } = await start(daemon, changed);
      await answer(id, 'reject');
    }
    // Back to what was approved.
    assert.match(await planOf(lines('other')), /^skip: approved by owner/);
    assert.match(step(await ended(daemon, (await start(daemon, lines('other'))).id), 'ask').message, EARLIER);
  });

  it('is asked for again by an execution that runs its steps in any case, and a rejection takes it back', async () => {
    await answer((await start(daemon, lines('forced'))).id, 'approve');
    const forced = await start(daemon, lines('forced'), { force: true });
    const rejected = await answer(forced.id, 'reject', 'no');
    assert.equal(rejected.exitCode, 4);
    await asked((await start(daemon, lines('forced'))).id);
  });

  it('is asked for when a step before it is taken as done without being looked at', async () => {
    await answer((await start(daemon, lines('part'))).id, 'approve');
    const { id } = await start(daemon, lines('part'), { only: ['ask', 'last'] });
    await asked(id);
    await answer(id, 'approve');
  });

  it('is kept by the next daemon', async () => {
    await answer((await start(daemon, lines('kept'))).id, 'approve');
    await daemon.stop();
    daemon = await startDaemon({ place });
    const again = await ended(daemon, (await start(daemon, lines('kept'))).id);
    assert.match(step(again, 'ask').message, EARLIER);
  });
});
