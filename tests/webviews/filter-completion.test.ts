import assert from 'node:assert/strict';
import type { Run } from '../../daemon/contract/runs.ts';
import { allColumns } from '../../webviews/runs/columns.ts';
import { completeFilter } from '../../webviews/runs/filter-completion.ts';

describe('completion in the filter of the table of runs', () => {
  const columns = allColumns({
    runs: 3,
    metrics: [{ key: 'val_loss', runs: 3, differs: true, min: 0, max: 1 }],
    params: [{ key: 'batch size', runs: 3, differs: true }],
    tags: [],
  });
  const runs = ['32', '64', '32'].map(size => ({ params: { 'batch size': size } }) as unknown as Run);
  const offered = (text: string) => {
    const { from, options } = completeFilter(text, text.length, columns, runs);
    return [text.slice(from), ...options.map(option => option.text)];
  };

  it('has names by any part of them, at the begin and after AND', () => {
    assert.deepEqual(offered('loss'), ['loss', 'metrics.val_loss ']);
    assert.deepEqual(offered("params.x = 'this AND that' AND metr"), ['metr', 'metrics.val_loss ']);
    assert.deepEqual(offered('params.`bat'), ['params.`bat', 'params.`batch size` ']);
  });

  it('has the comparators that a name takes', () => {
    assert.deepEqual(offered('metrics.val_loss '), ['', '< ', '<= ', '> ', '>= ', '= ', '!= ']);
    assert.deepEqual(offered('params.`batch size` IS'), ['IS', 'IS NULL ', 'IS NOT NULL ']);
  });

  it('has values of the runs that are loaded, the most frequent first, and then AND', () => {
    assert.deepEqual(offered('params.`batch size` = '), ['', "'32' ", "'64' "]);
    assert.deepEqual(offered("params.`batch size` = '6"), ["'6", "'64' "]);
    assert.deepEqual(offered("attributes.status = 'RUNN"), ["'RUNN", "'RUNNING' "]);
    assert.deepEqual(offered('metrics.val_loss < 0.1 '), ['', 'AND ']);
    assert.deepEqual(offered('params.`batch size` IS NULL an'), ['an', 'AND ']);
  });
});
