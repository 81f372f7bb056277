import assert from 'node:assert/strict';
import { foundInWords, stepFrom } from '../../webviews/ui/log-search.ts';
import { LogText } from '../../webviews/ui/log-text.ts';

const beyond = {
  before: { count: 3, nearest: { line: 100, from: 50 } },
  after: { count: 1, nearest: { line: 900, from: 850 } },
};

describe('occurrences in a log of which a part is held', () => {
  it('are counted over the whole log', () => {
    assert.equal(foundInWords({ held: 2, current: 0, beyond }, false), '4 of 6');
    assert.equal(foundInWords({ held: 2, current: 0, beyond: undefined }, true), '1 of 2+');
    assert.equal(foundInWords({ held: 0, current: 0, beyond }, false), '4 elsewhere');
    assert.equal(foundInWords({ held: 0, current: 0, beyond: undefined }, false), 'No results');
  });

  it('are gone through within the part, and beyond its ends', () => {
    assert.equal(stepFrom({ held: 2, current: 0, beyond }, 1), 1);
    assert.deepEqual(stepFrom({ held: 2, current: 1, beyond }, 1), { line: 900, from: 850, last: false });
    assert.deepEqual(stepFrom({ held: 2, current: 0, beyond }, -1), { line: 100, from: 50, last: true });
  });

  it('are gone to wherever they are when the part has none', () => {
    const before = { ...beyond, after: { count: 0, nearest: null } };
    assert.deepEqual(stepFrom({ held: 0, current: 0, beyond: before }, 1), {
      line: 100,
      from: 50,
      last: true,
    });
    assert.equal(stepFrom({ held: 0, current: 0, beyond: undefined }, 1), undefined);
  });

  it('go round where the whole is held', () => {
    assert.equal(stepFrom({ held: 3, current: 2, beyond: undefined }, 1), 0);
    assert.equal(stepFrom({ held: 3, current: 0, beyond: undefined }, -1), 2);
  });

  it('are found again by where their lines begin', () => {
    const text = new LogText(100);
    text.append('é\nsecond\nthird\nopen');
    assert.deepEqual(
      [100, 103, 110, 111].map(offset => text.lineAt(offset)),
      [0, 1, 2, 3],
    );
    assert.deepEqual([text.ended, text.end], [116, 120]);
  });
});
