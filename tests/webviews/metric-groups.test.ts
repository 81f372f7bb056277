import assert from 'node:assert/strict';
import { curveGroups, shortName } from '../../webviews/run/metric-groups.ts';

const metric = (count: number) => ({ last: 1, step: 0, timestamp: 0, min: 1, max: 1, count });

describe('groups of charts', () => {
  it('follow the first part of the names, those without one first', () => {
    const groups = curveGroups({
      'xgboost/rmspe': metric(9),
      'lightgbm/valid/rmspe': metric(9),
      'lightgbm/mae': metric(9),
      loss: metric(9),
    });
    assert.deepEqual(groups, [
      { name: '', keys: ['loss', 'xgboost/rmspe'] },
      { name: 'lightgbm', keys: ['lightgbm/mae', 'lightgbm/valid/rmspe'] },
    ]);
  });

  it('are not made for a single chart', () => {
    assert.deepEqual(curveGroups({ 'a/rmspe': metric(9), 'b/rmspe': metric(9) }), [
      { name: '', keys: ['a/rmspe', 'b/rmspe'] },
    ]);
  });

  it('have what was measured of the machine last, whatever it is called', () => {
    const groups = curveGroups({ 'system/cpu': metric(9), 'val/mae': metric(9), 'val/rmse': metric(9) });
    assert.deepEqual(
      groups.map(({ name }) => name),
      ['val', 'system'],
    );
  });

  it('have no chart for what was logged once', () => {
    assert.deepEqual(curveGroups({ rmspe: metric(1) }), []);
  });

  it('say the rest of the name on the chart', () => {
    assert.equal(shortName('lightgbm/valid/rmspe', 'lightgbm'), 'valid/rmspe');
    assert.equal(shortName('xgboost/rmspe', ''), 'xgboost/rmspe');
  });
});
