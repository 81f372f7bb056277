/** What can be done with a column, or with the value of one of its cells. */
import type { ColumnAction, RunTableView, TableColumn } from '../../daemon/contract/run-table-messages.ts';
import type { DrawnColumn } from './columns.ts';

/** The actions of a column that make sense. @param value of the cell, when it is one's */
export function actionsOf(
  { id, sortable, filterable, pinned, metric }: DrawnColumn,
  view: RunTableView,
  value: string | null,
): ColumnAction[] {
  const byValue: ColumnAction[] = id.startsWith('metrics.') ? ['atMost', 'atLeast'] : ['equal', 'unequal'];
  return [
    ...(value !== null && filterable ? byValue : []),
    ...(sortable ? (['ascending', 'descending', 'group'] as const) : []),
    ...(view.groupBy === undefined ? [] : (['ungroup'] as const)),
    pinned ? 'unpin' : 'pin',
    ...(metric ? (['colour'] as const) : []),
    'hide',
  ];
}

/** @param chosen the columns as they are shown @returns what changes of the view */
export function afterColumnAction(
  view: RunTableView,
  chosen: readonly TableColumn[],
  column: string,
  action: ColumnAction,
  value: string | null,
): Partial<RunTableView> {
  const pin = (pinned: boolean) => ({
    columns: chosen.map(each => (each.id === column ? { ...each, pinned } : each)),
  });
  const filtered = (comparator: string) => ({
    filter: [view.filter, comparison(column, comparator, value ?? '')].filter(Boolean).join(' AND '),
  });
  const changes: Readonly<Record<ColumnAction, () => Partial<RunTableView>>> = {
    ascending: () => ({ sort: [{ column, descending: false }] }),
    descending: () => ({ sort: [{ column, descending: true }] }),
    equal: () => filtered('='),
    unequal: () => filtered('!='),
    atMost: () => filtered('<='),
    atLeast: () => filtered('>='),
    group: () => ({ groupBy: column, opened: [] }),
    ungroup: () => ({ groupBy: undefined, opened: [] }),
    pin: () => pin(true),
    unpin: () => pin(false),
    colour: () => ({
      coloured: view.coloured.includes(column)
        ? view.coloured.filter(id => id !== column)
        : [...view.coloured, column],
    }),
    hide: () => ({ columns: chosen.filter(({ id }) => id !== column) }),
  };
  return changes[action]();
}

/** In the filter's language. A text that has both kinds of quotes cannot be written in it: then it is looked for by parts. */
function comparison(column: string, comparator: string, value: string): string {
  const name = nameOf(column);
  if (column.startsWith('metrics.')) return `${name} ${comparator} ${value}`;
  if (!value.includes("'")) return `${name} ${comparator} '${value}'`;
  if (!value.includes('"')) return `${name} ${comparator} "${value}"`;
  return `${name} LIKE '%${value.split("'").join('_')}%'`;
}

/** A column's name in the filter's language, whose keys may hold other characters in backticks. */
export function nameOf(column: string): string {
  const [entity = '', ...rest] = column.split('.');
  const key = rest.join('.');
  return /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(key) ? column : `${entity}.\`${key}\``;
}
