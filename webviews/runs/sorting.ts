/** Sorting by the headers of columns. */
import type { SortKey } from '../../daemon/contract/run-table-messages.ts';

/**
 * The order after a press on a header: a first one sorts by it, a second the other way round, a third no more.
 *
 * @param several keeps what the table is sorted by already
 */
export function toggleSort(sort: readonly SortKey[], column: string, several: boolean): SortKey[] {
  const known = sort.find(key => key.column === column);
  const others = several ? sort : sort.filter(key => key.column === column);
  if (!known) return [...others, { column, descending: false }];
  if (known.descending) return others.filter(key => key !== known);
  return others.map(key => (key === known ? { column, descending: true } : key));
}
