import assert from 'node:assert/strict';
import type { RunColumns } from '../../daemon/contract/run-lists.ts';
import { type ColumnAction, RunTableView } from '../../daemon/contract/run-table-messages.ts';
import { afterColumnAction } from '../../webviews/runs/column-actions.ts';
import { allColumns, drawnColumns, unaskedColumns } from '../../webviews/runs/columns.ts';
import { drawnRows, ROW_HEIGHT, rowAfterKey } from '../../webviews/runs/rows.ts';
import { toggleSort } from '../../webviews/runs/sorting.ts';

describe('the rows of the table of runs', () => {
  it('in the page cover what is in sight and are never more than 200', () => {
    for (const [place, height] of [
      [0, 600],
      [50_000, 900],
      [99_999, 20_000],
    ] as const) {
      const { from, to } = drawnRows(place * ROW_HEIGHT, height, 100_000);
      const seen = Math.min(100_000, place + Math.min(120, Math.ceil(height / ROW_HEIGHT)));
      assert.ok(from <= place && to >= seen, `${from}–${to} around ${place}`);
      assert.ok(to - from <= 200);
    }
    assert.deepEqual(drawnRows(0, 600, 3), { from: 0, to: 3 });
  });

  it('are moved between by keys, no further than the header and the last', () => {
    assert.equal(rowAfterKey('ArrowUp', 0, 10, 5), -1);
    assert.equal(rowAfterKey('PageUp', 3, 10, 5), 0);
    assert.equal(rowAfterKey('PageDown', 7, 10, 5), 9);
    assert.equal(rowAfterKey('End', 0, 10, 5), 9);
    assert.equal(rowAfterKey('x', 0, 10, 5), undefined);
  });

  it('are sorted by a press, the other way by the next, and no more by a third', () => {
    const [up, down] = [[{ column: 'a', descending: false }], [{ column: 'a', descending: true }]];
    assert.deepEqual(toggleSort([], 'a', false), up);
    assert.deepEqual(toggleSort(up, 'a', false), down);
    assert.deepEqual(toggleSort(down, 'a', false), []);
    assert.deepEqual(toggleSort(up, 'b', true), [...up, { column: 'b', descending: false }]);
    assert.deepEqual(toggleSort(up, 'b', false), [{ column: 'b', descending: false }]);
  });
});

describe('the columns of the table of runs', () => {
  const columns: RunColumns = {
    runs: 4,
    metrics: [
      { key: 'mae', runs: 4, differs: true, min: 1, max: 2 },
      { key: 'rmspe', runs: 2, differs: true, min: 1, max: 2 },
      { key: 'system/cpu', runs: 4, differs: true, min: 1, max: 2 },
    ],
    params: [
      { key: 'lr', runs: 4, differs: true },
      { key: 'seed', runs: 4, differs: false },
    ],
    tags: [{ key: 'mlflow.user', runs: 4, differs: false }],
  };

  it('are unasked those that matter: goals first, and parameters that tell runs apart', () => {
    const ids = unaskedColumns(columns, { rmspe: 'minimize' }).map(({ id }) => id);
    assert.deepEqual(ids.slice(3, -1), ['metrics.rmspe', 'metrics.mae', 'params.lr']);
  });

  it('are drawn with the pinned ones first, and without constant ones when asked', () => {
    const chosen = [{ id: 'params.seed' }, { id: 'params.lr' }, { id: 'metrics.mae', pinned: true }];
    const drawn = (view: object) =>
      drawnColumns(chosen, allColumns(columns), RunTableView.parse(view)).map(({ id }) => id);
    assert.deepEqual(drawn({}), ['metrics.mae', 'params.seed', 'params.lr']);
    assert.deepEqual(drawn({ hideConstant: true }), ['metrics.mae', 'params.lr']);
  });
});

describe('what is done with a column of the table of runs', () => {
  const view = RunTableView.parse({ filter: 'metrics.loss < 1', sort: [{ column: 'a', descending: true }] });
  const chosen = [{ id: 'params.lr' }, { id: 'metrics.loss', width: 90 }];
  const changed = (column: string, action: ColumnAction, value: string | null = null) =>
    afterColumnAction(view, chosen, column, action, value);

  it('filters by a value, in the words of the filter', () => {
    assert.equal(changed('params.lr', 'equal', '0.1').filter, "metrics.loss < 1 AND params.lr = '0.1'");
    assert.equal(
      changed('tags.my team', 'unequal', "it's").filter,
      'metrics.loss < 1 AND tags.`my team` != "it\'s"',
    );
    assert.equal(
      changed('metrics.loss', 'atMost', '0.25').filter,
      'metrics.loss < 1 AND metrics.loss <= 0.25',
    );
  });

  it('sorts, groups, pins and hides', () => {
    assert.deepEqual(changed('b', 'ascending').sort, [{ column: 'b', descending: false }]);
    assert.deepEqual(changed('a', 'ascending').sort, [{ column: 'a', descending: false }]);
    assert.equal(changed('params.lr', 'group').groupBy, 'params.lr');
    assert.deepEqual(changed('metrics.loss', 'pin').columns, [
      { id: 'params.lr' },
      { id: 'metrics.loss', width: 90, pinned: true },
    ]);
    assert.deepEqual(changed('params.lr', 'hide').columns, [{ id: 'metrics.loss', width: 90 }]);
  });
});
