// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { planExecution } from '../../../daemon/contract/pipelines.ts';
import { ValueError } from '../../../daemon/pipelines/definition/attempts.ts';
import { holds } from '../../../daemon/pipelines/definition/condition.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { run, statuses, step, write } from '../../support/pipelines.ts';

describe('conditions', () => {
  const params: Record<string, unknown> = {
    '${on}': true,
    '${stores}': 150,
    '${mode}': 'full',
    '${list}': [1],
  };
  const lookUp = (reference: string) => params[reference];

  for (const [text, expected] of [
    ['${on}', true],
    ['not ${on}', false],
    ['${stores} > 100', true],
    ['${stores} <= -1e3', false],
    ["${mode} == 'full' and ${stores} != 150", false],
    ["${mode} == 'full' or ${stores} != 150", true],
    ['not (${on} and false) and true', true],
    ['true or true and false', true],
    ['${mode} == "or"', false],
  ] as const) {
    it(`reads ${text}`, () => assert.equal(holds(text, lookUp), expected));
  }

  for (const [text, message] of [
    ['${stores}', /neither true nor false/],
    ['${mode} > 3', /only numbers can be larger/],
    ['${mode} == full', /“full” is no value/],
    ['${list} == 1', /list or a group/],
    ['${on} and', /a value is missing at the end/],
    ['(${on}', /closing parenthesis/],
    ['${on} ${on}', /not expected there/],
    ['process.exit()', /not understood|no value/],
    ['true or 1 > "a"', /only numbers can be larger/],
  ] as const) {
    it(`refuses ${text}`, () =>
      assert.throws(
        () => holds(text, lookUp),
        error => error instanceof ValueError && message.test(error.message),
      ));
  }
});

describe('a step whose condition does not hold', () => {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  it('is left out with what needs its data; what merely comes after it runs', async () => {
    const lines = [
      'params: { tune: { enabled: false } }',
      'steps:',
      '  tune: { run: touch best, outs: [best], when: "${tune.enabled}" }',
      '  train: { run: cp best model, deps: [best], outs: [model] }',
      '  tell: { run: echo, after: [train] }',
    ];
    const off = await run(daemon, lines);
    assert.deepEqual(statuses(off), { tune: 'skipped', train: 'skipped', tell: 'succeeded' });
    assert.equal(step(off, 'tune').message, 'its condition does not hold: ${tune.enabled}');
    assert.equal(step(off, 'train').message, 'it needs the data of “tune”, which is left out');
    assert.equal(off.exitCode, 0);
    const file = write(daemon, 'modelthat.yaml', ...lines);
    const planned = await daemon.client.call(planExecution, { body: { file } });
    assert.deepEqual(
      planned.steps.map(({ name, action }) => [name, action]),
      [
        ['tune', 'skip'],
        ['train', 'skip'],
        ['tell', 'run'],
      ],
    );
    const on = await run(daemon, lines, { set: { 'tune.enabled': 'true' } });
    assert.deepEqual(statuses(on), { tune: 'succeeded', train: 'succeeded', tell: 'succeeded' });
  });
});
