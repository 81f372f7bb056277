import assert from 'node:assert/strict';
import { flattenParameters } from '../../../extension/commands/parameters.ts';

describe('the parameters of a pipeline', () => {
  it('are listed by their dotted paths, lists as one value', () => {
    const params = { model: { lr: 0.1, sizes: [64, 32] }, name: 'base', dry: false };
    assert.deepEqual(flattenParameters(params), [
      { path: 'model.lr', value: '0.1' },
      { path: 'model.sizes', value: '[64,32]' },
      { path: 'name', value: 'base' },
      { path: 'dry', value: 'false' },
    ]);
  });

  it('are none when there are none', () => {
    assert.deepEqual(flattenParameters(undefined), []);
    assert.deepEqual(flattenParameters({}), []);
  });
});
