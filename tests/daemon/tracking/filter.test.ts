import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { parseFilter, parseOrderBy } from '../../../daemon/tracking/filter/parse.ts';

/** A filter and its comparisons as [prefix, key, comparator, value]. */
const ACCEPTED: readonly [string, ...(readonly unknown[])[]][] = [
  [''],
  ['metrics.loss < 0.1', ['metrics', 'loss', '<', 0.1]],
  ['metric.loss>=-1e3', ['metric', 'loss', '>=', -1000]],
  ['metrics.a.b.c = .5', ['metrics', 'a.b.c', '=', 0.5]],
  ['metrics.`train loss/1` != 3', ['metrics', 'train loss/1', '!=', 3]],
  ['metrics."train loss" <= 3', ['metrics', 'train loss', '<=', 3]],
  ['metrics.1st > 2', ['metrics', '1st', '>', 2]],
  ["params.lr = '0.1'", ['params', 'lr', '=', '0.1']],
  ['params.lr = "0.1"', ['params', 'lr', '=', '0.1']],
  ["params.größe like '%x_'", ['params', 'größe', 'LIKE', '%x_']],
  ["tags.`mlflow.source.name` ILIKE '%TRAIN%'", ['tags', 'mlflow.source.name', 'ILIKE', '%TRAIN%']],
  ['tags.x IS NULL', ['tags', 'x', 'IS NULL', undefined]],
  ['tags.x is not null', ['tags', 'x', 'IS NOT NULL', undefined]],
  ["run_id IN ('a', \"b\",'c')", [undefined, 'run_id', 'IN', ['a', 'b', 'c']]],
  ["attributes.run_id not in ('a')", ['attributes', 'run_id', 'NOT IN', ['a']]],
  ["`run name` = 'x'", [undefined, 'run name', '=', 'x']],
  ['"Run Name" = \'x\'', [undefined, 'Run Name', '=', 'x']],
  ['name = \'it says "AND"\'', [undefined, 'name', '=', 'it says "AND"']],
  [
    "metrics.a > 1 and params.b = 'c' AND tags.d != 'e'",
    ['metrics', 'a', '>', 1],
    ['params', 'b', '=', 'c'],
    ['tags', 'd', '!=', 'e'],
  ],
  ["tag.`mlflow.prompt.is_prompt` != 'true'", ['tag', 'mlflow.prompt.is_prompt', '!=', 'true']],
];

const REFUSED = [
  ' ',
  'metrics.loss',
  'metrics.loss <',
  'metrics.loss < 0.1;',
  'metrics.loss == 1',
  'metrics.loss <> 1',
  'metrics.loss < 0.1 OR metrics.loss > 1',
  '(metrics.loss < 0.1)',
  'NOT metrics.loss < 1',
  'metrics.loss BETWEEN 1 AND 2',
  'metrics.loss < 0.1 AND',
  'metrics.loss < 0.1 metrics.loss > 1',
  "params.x = 'unclosed",
  'params.x = unquoted',
  'params.`unclosed = 1',
  'run_id IN ()',
  "run_id IN ('a'",
  "run_id IN 'a'",
  'run_id IN (1, 2)',
  'tags.x IS',
  'tags.x IS NOT',
  'metrics. = 1',
  '1 = metrics.x',
  'metrics.a-b > 1',
  Array(101).fill('metrics.a > 1').join(' AND '),
  `params.a = '${'x'.repeat(10_001)}'`,
];

describe('the filter language', () => {
  for (const [text, ...comparisons] of ACCEPTED)
    it(`understands ${JSON.stringify(text)}`, () => {
      const parsed = parseFilter(text).map(({ prefix, key, comparator, value }) => [
        prefix,
        key,
        comparator,
        value.kind === 'none' ? undefined : value.value,
      ]);
      assert.deepEqual(parsed, comparisons);
    });

  for (const text of REFUSED)
    it(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
      assert.throws(() => parseFilter(text), { name: 'ApiError', code: 'INVALID_PARAMETER_VALUE' });
    });

  it('answers any text with comparisons or an ApiError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'metrics.',
        'params.a',
        'AND',
        'IN',
        'IS',
        'NOT NULL',
        '=',
        '>=',
        '(',
        ')',
        ',',
        "'",
        '"',
        '`',
      ),
      fc.constantFrom("'x'", '1e9', '-', '.', ' ', '\0', '--', '/*', ';', '\\'),
      fc.string({ unit: 'binary' }),
      fc.double().map(String),
    );
    const text = fc.array(piece, { maxLength: 20 }).map(pieces => pieces.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), anything => {
        try {
          parseFilter(anything);
          parseOrderBy([anything]);
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back what it was made of', () => {
    const key = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !text.includes('`'));
    const value = fc.string({ unit: 'grapheme' }).filter(text => !text.includes("'"));
    fc.assert(
      fc.property(key, value, (name, text) => {
        const [comparison] = parseFilter(`params.\`${name}\` = '${text}'`);
        assert.equal(comparison?.key, name);
        assert.deepEqual(comparison?.value.kind === 'string' && comparison.value.value, text);
      }),
    );
  });
});

describe('order_by', () => {
  it('takes a name and a direction', () => {
    assert.deepEqual(parseOrderBy(['metrics.`a b` desc', 'start_time', 'params.x ASC']), [
      { prefix: 'metrics', key: 'a b', descending: true },
      { prefix: undefined, key: 'start_time', descending: false },
      { prefix: 'params', key: 'x', descending: false },
    ]);
  });

  for (const items of [[''], ['metrics.a up'], ['metrics.a DESC, metrics.b'], ["'x'"], ['a', 'a DESC']])
    it(`refuses ${JSON.stringify(items)}`, () => {
      assert.throws(() => parseOrderBy(items), { name: 'ApiError', code: 'INVALID_PARAMETER_VALUE' });
    });
});
