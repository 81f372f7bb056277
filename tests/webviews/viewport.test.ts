import assert from 'node:assert/strict';
import { begin, fitting, reveal, zoom } from '../../webviews/ui/graph/viewport.ts';

const WINDOW = { width: 800, height: 400 };

describe('the part of a graph that is in sight', () => {
  it('is all of it in the middle, never enlarged', () => {
    assert.deepEqual(fitting({ width: 400, height: 200 }, WINDOW), { k: 1, x: 200, y: 100 });
    assert.equal(fitting({ width: 1_600, height: 200 }, WINDOW).k, 0.5);
  });

  it('begins where something goes on when all of it could not be read', () => {
    const { k, x } = begin({ width: 8_000, height: 200 }, WINDOW, { x: 4_000, y: 100 });
    assert.ok(k > 0.5);
    assert.ok(Math.abs(x + k * 4_000 - WINDOW.width / 2) < 1);
    assert.equal(begin({ width: 8_000, height: 200 }, WINDOW, { x: 10, y: 100 }).x, 0);
  });

  it('keeps what is under the pointer where it is when it is enlarged', () => {
    const before = { x: 30, y: 10, k: 0.5 };
    const after = zoom(before, 2, { x: 100, y: 50 });
    assert.equal(after.k, 1);
    assert.equal((100 - after.x) / after.k, (100 - before.x) / before.k);
  });

  it('moves no further than it takes to see a step', () => {
    const view = { x: 0, y: 0, k: 1 };
    const box = { width: 100, height: 40 };
    assert.deepEqual(reveal(view, { x: 200, y: 200 }, box, WINDOW), view);
    assert.equal(reveal(view, { x: 900, y: 200 }, box, WINDOW).x, -(900 + 50 + 24 - 800));
  });
});
