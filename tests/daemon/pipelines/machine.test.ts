// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { planExecution } from '../../../daemon/contract/pipelines.ts';
import type { Resources } from '../../../daemon/pipelines/definition/resources.ts';
import { Machine } from '../../../daemon/pipelines/machine.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { ended, log, run, start, step, until, write } from '../../support/pipelines.ts';

describe('sharing a machine', () => {
  /** What began, in order; each goes on until it is ended by its name. */
  class Work {
    readonly machine = new Machine(2, 1_000, async () => ['0', '1']);
    readonly begun: string[] = [];
    readonly said: string[] = [];
    readonly #ends = new Map<string, () => void>();

    ask(name: string, wanted: Partial<Resources> = {}, stop = new AbortController().signal): Promise<void> {
      const turn = {
        owner: name.charAt(0),
        wanted: { cpu: 1, memory: 0, gpu: 0, ...wanted },
        stop,
        waiting: (what: string) => this.said.push(`${name}: ${what}`),
      };
      return this.machine.use(turn, gpus => {
        this.begun.push([name, ...gpus].join(' '));
        return new Promise(resolve => this.#ends.set(name, resolve));
      });
    }

    /** Ends some, and gives others the time to begin. @returns all that began so far */
    async end(...names: string[]): Promise<string> {
      await setImmediate();
      for (const name of names) {
        this.#ends.get(name)?.();
        await setImmediate();
      }
      return this.begun.join(', ');
    }
  }

  it('gives each execution its turn, however many steps another one has', async () => {
    const work = new Work();
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2']) void work.ask(name);
    assert.equal(await work.end(), 'a1, a2');
    assert.equal(await work.end('a1'), 'a1, a2, b1');
    assert.equal(await work.end('a2'), 'a1, a2, b1, a3');
    assert.equal(await work.end('b1', 'a3'), 'a1, a2, b1, a3, b2, a4');
  });

  it('keeps what comes free for a large step, so that small ones do not keep it out', async () => {
    const work = new Work();
    void work.ask('a1');
    void work.ask('a2');
    void work.ask('b1', { cpu: 2 });
    void work.ask('c1');
    assert.equal(await work.end('a1'), 'a1, a2');
    assert.equal(await work.end('a2'), 'a1, a2, b1');
    assert.equal(await work.end('b1'), 'a1, a2, b1, c1');
    assert.deepEqual(work.said, ['b1: 2 cores', 'c1: a core']);
  });

  it('lets others pass who need nothing of what the first in line lacks', async () => {
    const work = new Work();
    void work.ask('a1', { cpu: 0.5, gpu: 2 });
    void work.ask('a2', { cpu: 0.5, gpu: 1 });
    void work.ask('a3', { cpu: 0.5 });
    void work.ask('a4', { cpu: 0.5, memory: 900 });
    void work.ask('b1', { cpu: 0.5, memory: 200 });
    assert.equal(await work.end(), 'a3, a4, a1 0 1');
    assert.deepEqual(work.said.toSorted(), ['a2: a GPU', 'b1: 200 B of memory']);
    assert.equal(await work.end('a1'), 'a3, a4, a1 0 1, a2 0');
    assert.equal(await work.end('a4'), 'a3, a4, a1 0 1, a2 0, b1');
  });

  it('forgets who is not to begin any more', async () => {
    const work = new Work();
    const stop = new AbortController();
    void work.ask('a1');
    void work.ask('b1', { cpu: 2 }, stop.signal);
    void work.ask('c1');
    assert.equal(await work.end(), 'a1');
    stop.abort();
    assert.equal(await work.end(), 'a1, c1');
  });
});

describe('steps with resources', () => {
  let place: TestPlace;
  let daemon: TestDaemon;
  const startHere = () => startDaemon({ place, env: { CUDA_VISIBLE_DEVICES: '3,5' } });

  before(async () => {
    place = testPlace();
    daemon = await startHere();
  });
  after(async () => {
    await daemon.stop();
    place.remove();
  });

  it('wait until there is enough for them, also over a restart, and see their own GPUs only', async () => {
    write(daemon, 'hold.sh', 'echo "$CUDA_VISIBLE_DEVICES"; until [ -e go ]; do sleep 0.02; done');
    const { id } = await start(daemon, [
      'steps:',
      '  a: { run: sh hold.sh, resources: { cpu: 0.1, gpu: 1 } }',
      '  b: { run: sh hold.sh, resources: { cpu: 0.1, gpu: 1 } }',
      '  c: { run: sh hold.sh, resources: { cpu: 0.1, gpu: 2 } }',
      '  none: { run: sh hold.sh, resources: { cpu: 0.1 } }',
    ]);
    const busy = () =>
      until(
        daemon,
        id,
        ({ steps }) =>
          steps.filter(({ status }) => status === 'running').length === 3 &&
          steps.some(({ message }) => message === 'waits for 2 GPUs'),
      );
    assert.equal(step(await busy(), 'c').status, 'pending');
    await daemon.kill();
    daemon = await startHere();
    assert.equal(step(await busy(), 'c').status, 'pending');
    write(daemon, 'go', '');
    assert.equal((await ended(daemon, id)).status, 'succeeded');
    const seen = await Promise.all(['a', 'b', 'c', 'none'].map(name => log(daemon, id, name)));
    assert.deepEqual([...seen.slice(0, 2).toSorted(), seen[2]], ['3\n', '5\n', '3,5\n']);
    assert.equal(seen[3], '3,5\n', 'a step that asks for none sees what there is');
  });

  it('that can never run are refused before anything does, with what there is', async () => {
    const lines = ['steps:', '  a: { run: touch ran }', '  b: { run: echo, resources: { gpu: 3 } }'];
    await assert.rejects(run(daemon, lines), /“b” cannot run: it needs 3 GPUs, and this machine has 2/);
    const file = write(daemon, 'modelthat.yaml', ...lines);
    const { steps } = await daemon.client.call(planExecution, { body: { file } });
    assert.deepEqual(
      steps.map(({ action, reason }) => [action, reason]),
      [
        ['run', 'it makes nothing that could be kept: it runs every time'],
        ['blocked', 'it needs 3 GPUs, and this machine has 2'],
      ],
    );
    assert.equal((await run(daemon, lines, { only: ['a'] })).status, 'succeeded');
    await assert.rejects(
      run(daemon, ['steps: { a: { run: echo, resources: { memory: 900 TB } } }']),
      /it needs 900.* of memory, and this machine has/,
    );
    await assert.rejects(
      run(daemon, ['steps: { a: { run: echo, resources: { cpu: 9999 } } }']),
      /9999 cores/,
    );
  });

  it('are written as people write them', async () => {
    for (const [resources, problem] of [
      ['{ cpu: 0 }', /“0” is not a number of cores/],
      ['{ memory: plenty }', /“plenty” is not an amount of memory.*8GiB/],
      ['{ gpu: 1.5 }', /“1.5” is not a number of GPUs/],
      ['{ cores: 1 }', /unknown key “cores”/],
    ] as const)
      await assert.rejects(run(daemon, [`steps: { a: { run: echo, resources: ${resources} } }`]), problem);
    write(daemon, 'params.yaml', 'size: 1KiB');
    const lines = ["steps: { a: { run: echo, resources: { memory: '${size}' } } }"];
    assert.equal((await run(daemon, lines)).status, 'succeeded');
  });
});
