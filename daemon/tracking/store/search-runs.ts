/** Searching runs: what names of the filter language mean for a run. */
import type { Database as Connection } from 'better-sqlite3';
import { invalid } from '../../contract/errors.ts';
import type { Lifecycle, Run } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
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
import {
  type Comparator,
  type Comparison,
  type Ordering,
  parseFilter,
  parseOrderBy,
} from '../filter/parse.ts';
import { TAG } from '../model.ts';
import { type Page, pageOf } from '../pages.ts';
import { experimentNumber } from './experiments.ts';
import { toRuns, type WantedKeys } from './read-runs.ts';
import { RUN_COLUMNS, type RunRow } from './runs.ts';
import { runsByMetric } from './search-by-metric.ts';

export interface RunSearch {
  /** Absent = all experiments. */
  readonly experimentIds?: readonly string[] | undefined;
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly view: Lifecycle | 'all';
  /** The only metrics, params and tags wanted, named as in `orderBy`; absent = all. */
  readonly columns?: readonly string[] | undefined;
  /** A run id: its children; null: runs without parent; absent: all. */
  readonly parentId?: string | null | undefined;
  readonly limit: number;
  readonly offset: number;
}

type Entity = 'metric' | 'param' | 'tag' | 'attribute' | 'dataset';

const ENTITIES: Readonly<Record<string, Entity>> = {
  metric: 'metric',
  metrics: 'metric',
  param: 'param',
  params: 'param',
  parameter: 'param',
  parameters: 'param',
  tag: 'tag',
  tags: 'tag',
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  run: 'attribute',
  dataset: 'dataset',
  datasets: 'dataset',
};

const TEXT_ATTRIBUTES: Readonly<Record<string, string>> = {
  run_id: 'run.uuid',
  run_name: 'run.name',
  'run name': 'run.name',
  'Run name': 'run.name',
  'Run Name': 'run.name',
  // The filter language is MLflow's, which knows no LOST.
  status: "replace(run.status, 'LOST', 'KILLED')",
  artifact_uri: 'run.artifact_uri',
  user_id: 'run.user',
};

const NUMBER_ATTRIBUTES: Readonly<Record<string, string>> = {
  start_time: 'run.start_time',
  created: 'run.start_time',
  Created: 'run.start_time',
  end_time: 'run.end_time',
};

const DATASET_COLUMNS: Readonly<Record<string, string>> = {
  name: 'dataset.name',
  digest: 'dataset.digest',
  context: `run_dataset.tags ->> '$."${TAG.datasetContext}"'`,
};

const OPTIONAL_TEXT: readonly Comparator[] = [...TEXT_COMPARATORS, 'IS NULL', 'IS NOT NULL'];

/** Runs that fulfil the filter, sorted, a page at a time. @throws ApiError when filter or order_by cannot be used */
export function searchRuns(connection: Connection, search: RunSearch): Page<Run> {
  const where = allOf([...scope(search), ...parseFilter(search.filter).map(toCondition)]);
  const orderings = parseOrderBy(search.orderBy);
  const ids =
    firstByMetric(connection, search, where, orderings) ?? sortedIds(connection, search, where, orderings);
  const page = pageOf(ids, search.limit, search.offset);
  const wanted = search.columns && toWanted(search.columns);
  return { ...page, items: toRuns(connection, readRows(connection, page.items), wanted) };
}

function sortedIds(
  connection: Connection,
  search: RunSearch,
  where: Fragment,
  orderings: readonly Ordering[],
): number[] {
  const order = toOrder(orderings);
  return connection
    .prepare<(string | number)[], number>(
      `SELECT run.id FROM run ${order.joins.sql} WHERE ${where.sql} ORDER BY ${order.sql} LIMIT ? OFFSET ?`,
    )
    .pluck()
    .all(...order.joins.values, ...where.values, search.limit + 1, search.offset) as number[];
}

/** The same where one metric alone gives the order, there are many runs, and the page is full. */
function firstByMetric(
  connection: Connection,
  search: RunSearch,
  where: Fragment,
  [ordering, ...others]: readonly Ordering[],
): number[] | undefined {
  if (!ordering || others.length > 0 || entityOf(ordering) !== 'metric') return undefined;
  const ids = runsByMetric(connection, ordering, where, search.offset + search.limit + 1);
  return ids?.slice(search.offset);
}

/** @throws ApiError when a column is none that can be left out */
function toWanted(columns: readonly string[]): WantedKeys {
  const keys = { metric: [] as string[], param: [] as string[], tag: [] as string[] };
  for (const [index, column] of parseOrderBy(columns).entries()) {
    const entity = entityOf(column);
    if (entity === 'attribute' || entity === 'dataset')
      throw invalid(
        `Invalid column '${columns[index]}': name metrics, params and tags, such as 'metrics.loss'; all else of a run is always there.`,
      );
    keys[entity].push(column.key);
  }
  return keys;
}

/** The rows of runs, in the order of their ids: sorting whole rows would cost more than looking them up again. */
function readRows(connection: Connection, ids: readonly number[]): RunRow[] {
  const read = statement<RunRow>(connection, `SELECT ${RUN_COLUMNS} FROM run WHERE id = ?`);
  return ids.map(id => read.get(id) as RunRow);
}

function scope(search: RunSearch): Fragment[] {
  const parts: Fragment[] = [];
  const [only, ...others] = search.experimentIds ?? [];
  if (only !== undefined && others.length === 0)
    parts.push({ sql: 'run.experiment = ?', values: [experimentNumber(only)] });
  else if (search.experimentIds)
    parts.push({
      sql: 'run.experiment IN (SELECT value FROM json_each(?))',
      values: [JSON.stringify(search.experimentIds.map(experimentNumber))],
    });
  if (search.view !== 'all') parts.push({ sql: 'run.lifecycle = ?', values: [search.view] });
  if (search.parentId === null)
    parts.push({
      sql: `NOT EXISTS (SELECT 1 FROM run_tag WHERE run_tag.run = run.id AND run_tag.key = '${TAG.parentRunId}')`,
      values: [],
    });
  else if (search.parentId !== undefined)
    parts.push({
      sql: `run.id IN (SELECT run FROM run_tag WHERE key = '${TAG.parentRunId}' AND value = ?)`,
      values: [search.parentId],
    });
  return parts;
}

function entityOf({ prefix }: { prefix: string | undefined }): Entity {
  const entity = prefix === undefined ? 'attribute' : ENTITIES[prefix];
  if (!entity || !Object.hasOwn(ENTITIES, prefix ?? 'attribute'))
    throw unknownPrefix(prefix ?? '', ['metric', 'param', 'tag', 'attribute', 'dataset']);
  return entity;
}

function toCondition(comparison: Comparison): Fragment {
  switch (entityOf(comparison)) {
    case 'metric':
      // A NaN is unequal to every number, and fulfils no other comparison.
      return numberCondition(
        {
          sql: `(SELECT ${comparison.comparator === '!=' ? 'last' : "nullif(last, 'NaN')"} FROM metric_summary WHERE metric_summary.run = run.id
                 AND metric_summary.metric = (SELECT id FROM metric WHERE metric.key = ?))`,
          values: [comparison.key],
        },
        comparison,
      );
    case 'param':
      return textCondition(
        {
          sql: '(SELECT value FROM param WHERE param.run = run.id AND param.key = ?)',
          values: [comparison.key],
        },
        comparison,
        OPTIONAL_TEXT,
      );
    case 'tag':
      return textCondition(
        {
          sql: '(SELECT value FROM run_tag WHERE run_tag.run = run.id AND run_tag.key = ?)',
          values: [comparison.key],
        },
        comparison,
        OPTIONAL_TEXT,
      );
    case 'dataset':
      return datasetCondition(comparison);
    case 'attribute':
      return attributeCondition(comparison);
  }
}

function attributeCondition(comparison: Comparison): Fragment {
  const { key } = comparison;
  if (Object.hasOwn(NUMBER_ATTRIBUTES, key))
    return numberCondition({ sql: NUMBER_ATTRIBUTES[key] as string, values: [] }, comparison);
  if (!Object.hasOwn(TEXT_ATTRIBUTES, key)) throw unknownAttribute(key, attributeNames());
  const column = { sql: TEXT_ATTRIBUTES[key] as string, values: [] };
  return textCondition(column, comparison, key === 'run_id' ? LISTED_TEXT : TEXT_COMPARATORS);
}

function datasetCondition(comparison: Comparison): Fragment {
  const { key } = comparison;
  if (!Object.hasOwn(DATASET_COLUMNS, key))
    throw invalid(
      `Invalid dataset key '${key}' specified. Valid keys are ${JSON.stringify(Object.keys(DATASET_COLUMNS))}`,
    );
  const condition = textCondition(
    { sql: DATASET_COLUMNS[key] as string, values: [] },
    comparison,
    LISTED_TEXT,
  );
  return {
    sql: `EXISTS (SELECT 1 FROM run_dataset JOIN dataset ON dataset.id = run_dataset.dataset
          WHERE run_dataset.run = run.id AND ${condition.sql})`,
    values: condition.values,
  };
}

interface Order {
  readonly sql: string;
  readonly joins: Fragment;
}

/** Missing values come last in either direction; ties go by the newest start, then by id. */
function toOrder(orderings: readonly Ordering[]): Order {
  const terms: string[] = [];
  const joins: Fragment[] = [];
  for (const [index, ordering] of orderings.entries()) {
    const alias = `sort${index}`;
    const direction = ordering.descending ? 'DESC' : 'ASC';
    const join = joinFor(ordering, alias);
    if (join) joins.push(join);
    const expression = join ? `${alias}.${join.column}` : attributeColumn(ordering);
    if (join?.column === 'last')
      terms.push(`CASE WHEN ${expression} IS NULL THEN 2 WHEN ${expression} = 'NaN' THEN 1 ELSE 0 END`);
    else terms.push(`${expression} IS NULL`);
    terms.push(`${expression} ${direction}`);
  }
  return {
    sql: [...terms, 'run.start_time DESC', 'run.uuid'].join(', '),
    joins: { sql: joins.map(join => join.sql).join(' '), values: joins.flatMap(join => join.values) },
  };
}

function joinFor(ordering: Ordering, alias: string): (Fragment & { column: 'last' | 'value' }) | undefined {
  const entity = entityOf(ordering);
  if (entity === 'attribute') return undefined;
  if (entity === 'dataset')
    throw invalid("Invalid identifier type 'dataset' in order_by: runs are not sorted by data sets.");
  if (entity === 'metric')
    return {
      sql: `LEFT JOIN metric_summary AS ${alias} ON ${alias}.run = run.id
            AND ${alias}.metric = (SELECT id FROM metric WHERE metric.key = ?)`,
      values: [ordering.key],
      column: 'last',
    };
  const table = entity === 'param' ? 'param' : 'run_tag';
  return {
    sql: `LEFT JOIN ${table} AS ${alias} ON ${alias}.run = run.id AND ${alias}.key = ?`,
    values: [ordering.key],
    column: 'value',
  };
}

function attributeColumn({ key }: Ordering): string {
  const columns = { ...TEXT_ATTRIBUTES, ...NUMBER_ATTRIBUTES };
  if (!Object.hasOwn(columns, key))
    throw invalid(
      `Invalid order_by clause: unknown attribute '${key}'. Valid keys are ${JSON.stringify(attributeNames())}`,
    );
  return columns[key] as string;
}

function attributeNames(): string[] {
  return [...Object.keys(TEXT_ATTRIBUTES), ...Object.keys(NUMBER_ATTRIBUTES)];
}
