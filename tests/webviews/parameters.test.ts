import assert from 'node:assert/strict';
import { parse } from 'yaml';
import {
  flattenParameters,
  overrideText,
  runCommandLine,
  valueProblem,
  writtenText,
} from '../../daemon/contract/parameters.ts';

describe('parameters', () => {
  it('are listed by their dotted paths, with their types, lists as one value', () => {
    const params = { lr: 0.1, model: { name: 'lightgbm', lags: [7, 14], gpu: false, seed: null } };
    assert.deepEqual(flattenParameters(params), [
      { path: 'lr', type: 'number', value: '0.1' },
      { path: 'model.name', type: 'text', value: 'lightgbm' },
      { path: 'model.lags', type: 'list', value: '[7,14]' },
      { path: 'model.gpu', type: 'boolean', value: 'false' },
      { path: 'model.seed', type: 'nothing', value: 'null' },
    ]);
    assert.deepEqual(flattenParameters(undefined), []);
  });

  it('take values of their types only', () => {
    for (const number of ['0.1', '-3', '1e-3', '.5', ' 2. ', '.inf'])
      assert.equal(valueProblem('number', number), '');
    for (const other of ['', 'a', '0,1', '1e', '0x']) assert.notEqual(valueProblem('number', other), '');
    assert.notEqual(valueProblem('list', '7, 14'), '');
    assert.equal(valueProblem('text', 'anything: at all'), '');
  });

  it('of text stay text, whatever it looks like', () => {
    for (const text of [
      '0.1',
      'true',
      '',
      '- a',
      'a: b',
      '"quoted"',
      'lightgbm',
      'data/raw',
      'null',
      '# no',
    ]) {
      const override = overrideText('text', text);
      assert.equal(parse(override), text);
      assert.equal(writtenText('text', override), text);
    }
    assert.equal(overrideText('text', 'lightgbm'), 'lightgbm');
    assert.equal(overrideText('number', ' 0.05 '), '0.05');
  });

  it('are written as a command line that a shell reads as it was meant', () => {
    assert.equal(runCommandLine('', { lr: '0.05' }), 'modelthat run --set lr=0.05');
    assert.equal(
      runCommandLine('my project/modelthat.yaml', { lags: '[7, 14]', name: `"it's"` }),
      `modelthat run 'my project/modelthat.yaml' --set 'lags=[7, 14]' --set 'name="it'\\''s"'`,
    );
  });
});
