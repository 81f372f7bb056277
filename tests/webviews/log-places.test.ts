import assert from 'node:assert/strict';
import { placesIn } from '../../webviews/ui/log-places.ts';

const found = (text: string) =>
  placesIn(text).map(({ from, to, path, line }) => `${text.slice(from, to)} | ${path} | ${line}`);

describe('places in a log', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['  File "/a b/train.py", line 12, in fit', ['File "/a b/train.py", line 12 | /a b/train.py | 12']],
    ['src/train.py:7: UserWarning: rate', ['src/train.py:7 | src/train.py | 7']],
    [
      '(../lib/io.ts:10:4) and conf/a.yaml:3',
      ['../lib/io.ts:10 | ../lib/io.ts | 10', 'conf/a.yaml:3 | conf/a.yaml | 3'],
    ],
    ['at C:\\work\\fit.py:9', ['C:\\work\\fit.py:9 | C:\\work\\fit.py | 9']],
    ['file=train.py:3, é/modèle.py:4', ['train.py:3 | train.py | 3', 'é/modèle.py:4 | é/modèle.py | 4']],
    ['epoch 1: loss 0.5, 12:30:01, .py:3, http://host:80, train.py, a.py:0', []],
  ];
  for (const [text, expected] of cases) {
    it(`are ${expected.length === 0 ? 'none' : 'found'} in “${text}”`, () => {
      assert.deepEqual(found(text), expected);
    });
  }
});
