import assert from 'node:assert/strict';
import { goalOf } from '../../daemon/contract/goals.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { columnOfEach, columnsOverSeeds, spreadOf, tellApart } from '../../webviews/compare/columns.ts';
import { metricRows, parameterRows } from '../../webviews/compare/rows.ts';

let count = 0;
const run = (params: Record<string, string>, metrics: Record<string, number | 'NaN'>, digest = 'd1') => {
  count += 1;
  return {
    ...{ id: `r${count}`, name: `run-${count}`, experimentId: '1', params },
    datasets: [{ name: 'sales', digest }],
    metrics: Object.fromEntries(Object.entries(metrics).map(([key, last]) => [key, { last }])),
  } as unknown as Run;
};

describe('the comparison of runs', () => {
  const runs = [
    run({ lr: '0.1', seed: '1' }, { loss: 0.5, size: 3, auc: 0.5 }),
    run({ lr: '0.2', seed: '1' }, { loss: 0.25, size: 2, auc: 0.5 }),
    run({ seed: '1' }, { loss: 'NaN' }),
  ];
  const columns = columnOfEach(runs);

  it('tells what differs, a value that is missing too', () => {
    assert.deepEqual(
      parameterRows(columns).map(({ key, cells, same }) => [key, cells.map(({ text }) => text), same]),
      [
        ['lr', ['0.1', '0.2', ''], false],
        ['seed', ['1', '1', '1'], true],
      ],
    );
  });

  it('marks as best what is known to be, and no other', () => {
    const best = (goals: Parameters<typeof metricRows>[1]) =>
      Object.fromEntries(
        metricRows(columns, goals).map(({ key, cells }) => [
          key,
          cells.flatMap((cell, place) => (cell.best ? [place] : [])),
        ]),
      );
    assert.deepEqual(best({}), { auc: [], loss: [1], size: [] });
    assert.deepEqual(best({ size: 'maximize', loss: 'maximize' }), { auc: [], loss: [0], size: [0] });
    assert.equal(goalOf('val_accuracy', {}), 'maximize');
    assert.equal(goalOf('constructor', {}), undefined);
  });

  it('sets all against a baseline, and says what is better where that is known', () => {
    const baseline = { place: 0, seeds: runs.slice(0, 1) };
    const [, loss, size] = metricRows(columns, {}, baseline).map(({ cells }) => cells);
    assert.deepEqual(loss?.[1]?.difference, {
      ...{ absolute: '−0.25', percent: '−50 %', spread: '', verdict: 'better' },
    });
    // What is no number has no distance, but is not the same.
    assert.equal(loss?.[2]?.difference, undefined);
    assert.equal(loss?.[2]?.differs, true);
    assert.equal(loss?.[0]?.difference, undefined);
    assert.equal(size?.[1]?.difference?.verdict, undefined);
    const [lr] = parameterRows(columns, baseline);
    assert.deepEqual(
      lr?.cells.map(({ differs }) => differs),
      [false, true, true],
    );
  });

  it('tells runs apart by the parameters in which they differ', () => {
    assert.deepEqual(
      runs.map(each => tellApart(each, runs)),
      ['lr 0.1', 'lr 0.2', ''],
    );
  });
});

describe('runs that differ in their seed alone', () => {
  const same = { lr: '0.1', 'model.random_state': '1' };
  const runs = [
    run({ ...same, seed: '1' }, { rmse: 1 }),
    run({ ...same, seed: '2' }, { rmse: 2 }),
    run({ ...same, seed: '3', 'model.random_state': '4' }, { rmse: 3 }),
    run({ ...same, seed: '1', lr: '0.2' }, { rmse: 6 }),
    run({ ...same, seed: '1' }, { rmse: 2 }, 'd2'),
  ];
  const grouped = columnsOverSeeds(runs);

  it('are one column, with their mean, deviation and number; other data is another column', () => {
    assert.deepEqual(
      grouped.map(column => column.runs.length),
      [3, 1, 1],
    );
    assert.deepEqual(spreadOf(runs.slice(0, 3), 'rmse'), { mean: 2, deviation: 1, count: 3 });
    const [rmse] = metricRows(grouped, {});
    assert.deepEqual(
      rmse?.cells.map(({ text }) => text),
      ['2 ± 1 (3)', '6', '2'],
    );
    const seed = parameterRows(grouped).find(({ key }) => key === 'seed');
    assert.equal(seed?.cells[0]?.text, '1, 2, 3');
  });

  it('tell how much a difference to the baseline is worth', () => {
    const baseline = { place: 0, seeds: grouped[0]?.runs ?? [] };
    const [rmse] = metricRows(columnOfEach(runs), {}, baseline);
    assert.deepEqual(rmse?.cells[3]?.difference, {
      ...{ absolute: '+5', percent: '+500 %', spread: '5 sd', verdict: 'worse' },
    });
  });
});
