import assert from 'node:assert/strict';
import { TableRows } from '../../../extension/panels/table-rows.ts';

describe('the rows of a table of runs', () => {
  const groups = [
    { value: 'a', runs: 2, metrics: {} },
    { value: null, runs: 1, metrics: {} },
  ];
  const list = { ids: ['r1', 'r2', 'r3'], groups };
  const said = (rows: TableRows) =>
    rows.within(0, 9).map(row => (typeof row === 'string' ? row : `${row.group.value} ${row.opened}`));

  it('are the runs, without groups', () => {
    const rows = new TableRows({ ids: ['r1', 'r2', 'r3'] }, ['=a']);
    assert.deepEqual([rows.count, rows.within(1, 3), rows.runsWithin(0, 2)], [3, ['r2', 'r3'], ['r1', 'r2']]);
  });

  it('are groups, and below those that are open their runs', () => {
    assert.deepEqual(said(new TableRows(list, [])), ['a false', 'null false']);
    assert.deepEqual(said(new TableRows(list, ['=a'])), ['a true', 'r1', 'r2', 'null false']);
    assert.deepEqual(said(new TableRows(list, [''])), ['a false', 'null true', 'r3']);
  });

  it('stand for all of their runs when groups are selected', () => {
    assert.deepEqual(new TableRows(list, []).runsWithin(0, 2), ['r1', 'r2', 'r3']);
    assert.deepEqual(new TableRows(list, ['=a']).runsWithin(0, 2), ['r1', 'r2']);
  });
});
