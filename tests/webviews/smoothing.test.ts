import assert from 'node:assert/strict';
import { smooth } from '../../webviews/ui/smoothing.ts';

describe('smoothing', () => {
  it('leaves a curve as it is at weight 0', () => {
    assert.deepEqual(smooth([3, 1, 2], 0), [3, 1, 2]);
  });

  it('starts at the first value and keeps a constant constant', () => {
    for (const value of smooth([5, 5, 5, 5], 0.9)) assert.ok(Math.abs(value - 5) < 1e-9);
  });

  it('draws noise together', () => {
    const noisy = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 0 : 1));
    const late = smooth(noisy, 0.9).slice(50);
    assert.ok(Math.max(...late) - Math.min(...late) < 0.1);
  });

  it('keeps gaps, and is not thrown off by them', () => {
    const [first, gap, last] = smooth([2, Number.NaN, 2], 0.5);
    assert.equal(first, 2);
    assert.ok(Number.isNaN(gap));
    assert.equal(last, 2);
  });
});
