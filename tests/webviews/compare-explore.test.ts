import assert from 'node:assert/strict';
import type { Run } from '../../daemon/contract/runs.ts';
import type { Compared } from '../../webviews/compare/comparison.ts';
import { axisOf, type Dimension, dimensionsOf, targetOf } from '../../webviews/compare/dimensions.ts';
import { influenceOf, ranks } from '../../webviews/compare/influence.ts';
import { interpolate, levelsOf } from '../../webviews/compare/surface.ts';

const dimension = (values: Dimension['values'], numeric = true): Dimension => ({
  ...{ id: 'param x', kind: 'param', name: 'x', values, numeric },
});

describe('axes of compared runs', () => {
  const run = (params: Record<string, string>, metrics: Record<string, number | 'NaN'>) =>
    ({
      params,
      metrics: Object.fromEntries(Object.entries(metrics).map(([key, last]) => [key, { last }])),
    }) as unknown as Run;
  const compared = (runs: Run[], goals: Compared['goals'] = {}) =>
    ({ type: 'compared', store: '', runIds: [], runs, goals }) satisfies Compared;

  it('are the parameters and metrics that tell runs apart', () => {
    const all = compared([
      run({ lr: '0.1', booster: 'gbtree', same: '1' }, { size: 1, loss: 2 }),
      run({ lr: '1e-3', booster: '2' }, { size: 2, loss: 'NaN' }),
      run({ booster: '' }, { loss: 3 }),
    ]);
    assert.deepEqual(
      dimensionsOf(all).map(({ id, numeric, values }) => [id, numeric, values]),
      [
        ['param booster', false, ['gbtree', '2', '']],
        ['param lr', true, [0.1, 0.001, undefined]],
        ['metric loss', true, [2, undefined, 3]],
        ['metric size', true, [1, 2, undefined]],
      ],
    );
    assert.equal(targetOf(dimensionsOf(all), all)?.name, 'loss');
    const own = compared([...all.runs], { size: 'maximize' });
    assert.equal(targetOf(dimensionsOf(own), own)?.name, 'size');
  });

  it('space numbers over many powers of ten by their logarithm, and categories evenly', () => {
    const log = axisOf(dimension([0.001, 0.1, 10]));
    assert.deepEqual([log.log, log.place(0.1), log.place(undefined)], [true, 0.5, undefined]);
    assert.equal(log.textAt(1), '10');
    assert.equal(axisOf(dimension([-1, 0, 1000])).log, false);
    const names = axisOf(dimension(['b', 'a', 'c', 'a'], false));
    assert.deepEqual([names.place('a'), names.place('b'), names.place('c')], [0, 0.5, 1]);
    assert.equal(names.textAt(0.4), 'b');
  });
});

describe('how much parameters matter', () => {
  const metric = (values: number[]): Dimension => ({ ...dimension(values), id: 'metric m', kind: 'metric' });
  const twelve = Array.from({ length: 12 }, (_, index) => index);

  it('ranks equal values by the mean of their ranks', () =>
    assert.deepEqual(ranks([10, 20, 10, 5]), [2.5, 4, 2.5, 1]));

  it('is all where the metric only rises or falls with the parameter', () => {
    const rising = influenceOf(dimension(twelve), metric(twelve.map(value => Math.exp(value))));
    assert.deepEqual([rising?.share, rising?.correlation, rising?.low], [1, 1, 1]);
    const falling = influenceOf(dimension(twelve), metric(twelve.map(value => -value)));
    assert.equal(falling?.correlation, -1);
  });

  it('is what Spearman’s formula gives', () => {
    // ρ = 1 − 6 Σd²/(n(n² − 1)): with two neighbours exchanged, Σd² = 2.
    const exchanged = [1, 0, ...twelve.slice(2)];
    const found = influenceOf(dimension(twelve), metric(exchanged));
    const rho = 1 - (6 * 2) / (12 * 143);
    assert.ok(Math.abs((found?.correlation ?? 0) - rho) < 1e-12);
    assert.ok(Math.abs((found?.share ?? 0) - (1 - ((1 - rho ** 2) * 11) / 10)) < 1e-12);
  });

  it('is all of a category that sets the metric apart, and nothing of one that does not', () => {
    const halves = twelve.map(value => (value < 6 ? 'low' : 'high'));
    // Between the halves: 12·3² = 108 of 143 ranks' squares.
    const found = influenceOf(dimension(halves, false), metric(twelve));
    assert.ok(Math.abs((found?.share ?? 0) - (1 - ((1 - 108 / 143) * 11) / 10)) < 1e-12);
    assert.equal(found?.correlation, undefined);
    const even = twelve.map(value => ([0, 3, 4, 7, 8, 11].includes(value) ? 'a' : 'b'));
    assert.equal(influenceOf(dimension(even, false), metric(twelve))?.share, 0);
  });

  it('has an interval that holds it, narrow where it is clear and wide where it is not, the same each time', () => {
    const noisy = twelve.map(value => ((value * 5) % 12) + value);
    const [clear, unclear] = [
      influenceOf(dimension(twelve), metric([1, 0, ...twelve.slice(2)])),
      influenceOf(dimension(twelve), metric(noisy)),
    ];
    assert.ok(clear && unclear);
    assert.ok(clear.low <= clear.share && clear.share <= clear.high);
    assert.ok(clear.high - clear.low < 0.3 && unclear.high - unclear.low > 0.5);
    assert.deepEqual(influenceOf(dimension(twelve), metric(noisy)), unclear);
  });

  it('is not told of few runs, and not of a category for each run', () => {
    assert.equal(influenceOf(dimension(twelve.slice(3)), metric(twelve.slice(3))), undefined);
    const half = twelve.map(value => (value % 2 ? value : undefined));
    assert.equal(influenceOf(dimension(half), metric(twelve)), undefined);
    assert.equal(influenceOf(dimension(twelve.map(String), false), metric(twelve)), undefined);
  });
});

describe('the surface through scattered values', () => {
  const samples = [
    { x: 0, y: 0, value: 1 },
    { x: 1, y: 0, value: 3 },
    { x: 0.5, y: 1, value: 5 },
  ];

  it('goes through them, is even between two, and never beyond', () => {
    assert.equal(interpolate(samples, 1, 0), 3);
    assert.equal(interpolate(samples.slice(0, 2), 0.5, 0.3), 2);
    for (const x of [0, 0.3, 0.9])
      for (const y of [0.1, 0.7]) {
        const value = interpolate(samples, x, y);
        assert.ok(value >= 1 && value <= 5);
      }
  });

  it('is drawn as areas from the lowest to the highest', () => {
    const levels = levelsOf(samples);
    assert.deepEqual([levels[0]?.value, levels[0]?.height, levels.at(-1)?.height], [1, 0, 1]);
    assert.ok(levels.every(({ path }, place) => place > 0 || path.startsWith('M')));
  });
});
