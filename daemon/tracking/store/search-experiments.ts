/** Searching experiments: what names of the filter language mean for an experiment. */
import type { Database as Connection } from 'better-sqlite3';
import {
  allOf,
  type Fragment,
  LISTED_TEXT,
  numberCondition,
  TEXT_COMPARATORS,
  textCondition,
  unknownAttribute,
  unknownPrefix,
} from '../filter/condition.ts';
import { type Comparison, type Ordering, parseFilter, parseOrderBy } from '../filter/parse.ts';
import type { View } from '../model.ts';
import { type Page, pageOf } from '../pages.ts';
import { type ExperimentRecord, type ExperimentRow, toExperiment } from './experiments.ts';

export interface ExperimentSearch {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly view: View;
  readonly limit: number;
  readonly offset: number;
}

const NUMBERS: Readonly<Record<string, string>> = {
  creation_time: 'created_at',
  last_update_time: 'updated_at',
};
const SORTABLE: Readonly<Record<string, string>> = { ...NUMBERS, name: 'name', experiment_id: 'id' };

/** Experiments that fulfil the filter, sorted, a page at a time. @throws ApiError when filter or order_by cannot be used */
export function searchExperiments(connection: Connection, search: ExperimentSearch): Page<ExperimentRecord> {
  const view: Fragment[] = search.view === 'all' ? [] : [{ sql: 'lifecycle = ?', values: [search.view] }];
  const where = allOf([...view, ...parseFilter(search.filter).map(toCondition)]);
  const rows = connection
    .prepare<(string | number)[], ExperimentRow>(
      `SELECT * FROM experiment WHERE ${where.sql} ORDER BY ${toOrder(parseOrderBy(search.orderBy))} LIMIT ? OFFSET ?`,
    )
    .all(...where.values, search.limit + 1, search.offset);
  const page = pageOf(rows, search.limit, search.offset);
  return { ...page, items: page.items.map(row => toExperiment(connection, row)) };
}

function toCondition(comparison: Comparison): Fragment {
  const { prefix, key } = comparison;
  if (prefix === 'tag' || prefix === 'tags')
    return textCondition(
      {
        sql: '(SELECT value FROM experiment_tag WHERE experiment_tag.experiment = experiment.id AND key = ?)',
        values: [key],
      },
      comparison,
      [...TEXT_COMPARATORS, 'IS NULL', 'IS NOT NULL'],
    );
  if (prefix !== undefined && prefix !== 'attribute')
    throw unknownPrefix(prefix, ['attribute', 'tag', 'tags']);
  if (Object.hasOwn(NUMBERS, key))
    return numberCondition({ sql: NUMBERS[key] as string, values: [] }, comparison);
  if (key === 'experiment_id')
    return textCondition({ sql: 'CAST(id AS TEXT)', values: [] }, comparison, LISTED_TEXT);
  if (key !== 'name') throw unknownAttribute(key, ['name', 'experiment_id', ...Object.keys(NUMBERS)]);
  return textCondition({ sql: 'name', values: [] }, comparison);
}

function toOrder(orderings: readonly Ordering[]): string {
  if (orderings.length === 0) return 'created_at DESC, id ASC';
  const terms = orderings.map(({ prefix, key, descending }) => {
    if ((prefix !== undefined && prefix !== 'attribute') || !Object.hasOwn(SORTABLE, key))
      throw unknownAttribute(prefix === undefined ? key : `${prefix}.${key}`, Object.keys(SORTABLE));
    return `${SORTABLE[key]} ${descending ? 'DESC' : 'ASC'}`;
  });
  return [...terms, 'id DESC'].join(', ');
}
