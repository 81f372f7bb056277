import assert from 'node:assert/strict';
import { collect } from '../../../extension/trees/pages.ts';

/** A list of the numbers below `length`, in pages as the daemon gives them. */
function pagesOf(length: number) {
  return async ({ limit, pageToken = '0' }: { limit: number; pageToken?: string }) => {
    const start = Number(pageToken);
    const end = Math.min(start + limit, length);
    const items = Array.from({ length: end - start }, (_, index) => start + index);
    return end < length ? { items, nextPageToken: String(end) } : { items };
  };
}

describe('what a tree shows of a long list', () => {
  it('ends where it was asked to, over as many pages as that takes', async () => {
    const { items, more } = await collect(1_250, pagesOf(3_000));
    assert.deepEqual(
      items,
      Array.from({ length: 1_250 }, (_, index) => index),
    );
    assert.equal(more, true);
  });

  it('ends with the list', async () => {
    const { items, more } = await collect(1_000, pagesOf(450));
    assert.equal(items.length, 450);
    assert.equal(more, false);
  });
});
