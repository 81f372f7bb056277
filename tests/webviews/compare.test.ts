import assert from 'node:assert/strict';
import type { Run } from '../../daemon/contract/runs.ts';
import { goalOf, metricRows, parameterRows } from '../../webviews/compare/rows.ts';

const run = (params: Record<string, string>, metrics: Record<string, number | 'NaN'>) =>
  ({
    params,
    metrics: Object.fromEntries(Object.entries(metrics).map(([key, last]) => [key, { last }])),
  }) as unknown as Run;

describe('the comparison of runs', () => {
  const runs = [
    run({ lr: '0.1', seed: '1' }, { loss: 0.5, size: 3, auc: 0.5 }),
    run({ lr: '0.2', seed: '1' }, { loss: 0.25, size: 2, auc: 0.5 }),
    run({ seed: '1' }, { loss: 'NaN' }),
  ];

  it('tells what differs, a value that is missing too', () => {
    assert.deepEqual(
      parameterRows(runs).map(({ key, values, same }) => [key, values, same]),
      [
        ['lr', ['0.1', '0.2', ''], false],
        ['seed', ['1', '1', '1'], true],
      ],
    );
  });

  it('marks as best what is known to be, and no other', () => {
    const best = (goals: Parameters<typeof metricRows>[1]) =>
      Object.fromEntries(metricRows(runs, goals).map(row => [row.key, row.best]));
    assert.deepEqual(best({}), { auc: [], loss: [1], size: [] });
    assert.deepEqual(best({ size: 'maximize', loss: 'maximize' }), { auc: [], loss: [0], size: [0] });
    assert.equal(goalOf('val_accuracy', {}), 'maximize');
    assert.equal(goalOf('constructor', {}), undefined);
  });
});
