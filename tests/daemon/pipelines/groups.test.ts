// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { checkPipeline, planExecution } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { log, run, statuses, step, write } from '../../support/pipelines.ts';

describe('groups of steps', () => {
  let daemon: TestDaemon;

  beforeEach(async () => {
    daemon = await startDaemon();
  });
  afterEach(() => daemon.dispose());

  const problemsOf = async (lines: readonly string[]) => {
    const file = write(daemon, 'modelthat.yaml', ...lines);
    const { problems } = await daemon.client.call(checkPipeline, { body: { file } });
    return problems.map(({ line, column, message, remedy }) => `${line}:${column} ${message} ${remedy}`);
  };

  it('have a member for each value, and are named as a whole by `after` and on the command line', async () => {
    const lines = [
      'params: { models: { cnn: { depth: 3 }, rnn: { depth: 5 } } }',
      'steps:',
      '  train:',
      '    foreach: ${models}',
      '    run: sh -c \'echo "$1 $2" > "$1.txt"\' sh ${key} ${item.depth}',
      '    outs: ["${key}.txt"]',
      '  evaluate: { run: cat cnn.txt rnn.txt, after: train }',
      '  one: { run: cat rnn.txt, deps: [rnn.txt] }',
    ];
    const execution = await run(daemon, lines);
    assert.deepEqual(statuses(execution), {
      'train@cnn': 'succeeded',
      'train@rnn': 'succeeded',
      evaluate: 'succeeded',
      one: 'succeeded',
    });
    assert.equal(await log(daemon, execution.id, 'evaluate'), 'cnn 3\nrnn 5\n');
    const { steps } = await daemon.client.call(planExecution, {
      body: { file: path.join(daemon.place.workspace, 'modelthat.yaml') },
    });
    assert.deepEqual(
      steps.map(({ name, group, line, needs, action }) => [name, group, line, needs, action]),
      [
        ['train@cnn', 'train', 3, [], 'skip'],
        ['train@rnn', 'train', 3, [], 'skip'],
        ['evaluate', undefined, 7, ['train@cnn', 'train@rnn'], 'run'],
        ['one', undefined, 8, ['train@rnn'], 'run'],
      ],
    );
    assert.deepEqual(statuses(await run(daemon, lines, { only: ['train'], force: true })), {
      'train@cnn': 'succeeded',
      'train@rnn': 'succeeded',
      evaluate: 'skipped',
      one: 'skipped',
    });
    assert.deepEqual(statuses(await run(daemon, lines, { from: ['train@cnn'] })), {
      'train@cnn': 'succeeded',
      'train@rnn': 'skipped',
      evaluate: 'succeeded',
      one: 'skipped',
    });
  });

  it('of a matrix have a member for each combination', async () => {
    const execution = await run(daemon, [
      'steps:',
      '  train:',
      '    matrix: { model: [cnn, rnn], rate: [0.1, 1] }',
      '    run: echo ${item.model} ${item.rate}',
      '  collect: { run: echo, after: ["train@cnn-0.1"] }',
    ]);
    assert.deepEqual(Object.keys(statuses(execution)), [
      'train@cnn-0.1',
      'train@cnn-1',
      'train@rnn-0.1',
      'train@rnn-1',
      'collect',
    ]);
    assert.equal(await log(daemon, execution.id, 'train@rnn-0.1'), 'rnn 0.1\n');
  });

  it('have members named after anything, whose files stay where they belong', async () => {
    const names = ['../../up', 'a/b', 'a b%', 'ä', 'CON', 'x'.repeat(180), '.', 'a\\-c*?'];
    const execution = await run(daemon, [
      'steps:',
      `  each: { foreach: ${JSON.stringify(names)}, run: 'echo \${item}', secrets: [] }`,
    ]);
    assert.deepEqual([...new Set(Object.values(statuses(execution)))], ['succeeded']);
    for (const name of names) assert.equal(await log(daemon, execution.id, `each@${name}`), `${name}\n`);
    assert.ok(!existsSync(path.join(daemon.place.store, 'up.log')));
    assert.equal(step(execution, 'each@a/b').status, 'succeeded');
  });

  it('say what is wrong with them, once', async () => {
    write(daemon, 'params.yaml', 'rate: 0.1', 'rates: [1]');
    for (const [lines, problem] of [
      ['a: { foreach: "${rate}", run: echo }', /^2:17 “foreach” needs a list or a mapping/],
      ['a: { foreach: "${rats}", run: echo }', /^2:17 there is no parameter “rats”.*“rate”/],
      ['a: { foreach: [1], matrix: { b: [1] }, run: echo }', /^2:22 a step has either “foreach” or “matrix”/],
      ['a: { matrix: { b: "${rate}" }, run: echo }', /^2:16 “b” is no list/],
      ['a: { foreach: ["two\\nlines"], run: echo }', /^2:17 “two\nlines” cannot be a part of a step’s name/],
      ['a: { foreach: [1, 2, 3], run: "echo ${itme}" }', /^2:33 there is no parameter “itme”/],
      ['a: { foreach: [1, 2], run: echo, outs: [x] }', /“a@1” and “a@2” both write “x”/],
      ['a: { foreach: [1], run: echo, after: [a] }', /need each other in a circle: a@1 → a@1/],
      ['a: { foreach: [1], run: echo, after: [b] }', /there is no step “b”/],
    ] as const) {
      const found = await problemsOf(['steps:', `  ${lines}`]);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', problem);
    }
    assert.deepEqual(
      await problemsOf(['steps:', '  a: { foreach: [], run: echo }', '  b: { run: echo, after: a }']),
      [],
    );
  });
});
