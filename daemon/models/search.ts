/** Searching logged models: what names of the filter language mean for them. */
import type { Database as Connection } from 'better-sqlite3';
import { invalid } from '../contract/errors.ts';
import {
  allOf,
  type Fragment,
  numberCondition,
  TEXT_COMPARATORS,
  textCondition,
  unknownAttribute,
  unknownPrefix,
} from '../tracking/filter/condition.ts';
import { type Comparator, type Comparison, parseFilter } from '../tracking/filter/parse.ts';
import { experimentNumber } from '../tracking/store/experiments.ts';
import { MODEL_STATUSES } from './model.ts';

/** A data set that metrics were measured on; an empty digest stands for any. */
export interface Dataset {
  readonly name: string;
  readonly digest: string;
}

/** What results are sorted by: an attribute, or `metrics.<key>` (as measured on a data set, when one is named). */
export interface ModelOrdering {
  readonly field: string;
  readonly descending: boolean;
  readonly dataset?: Dataset | undefined;
}

export interface SearchInput {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  /** Only metrics that were measured on one of these count, and only models that have such; empty = no such limit. */
  readonly datasets: readonly Dataset[];
  readonly orderBy: readonly ModelOrdering[];
  readonly limit: number;
  readonly offset: number;
}

const STATUS_NAME = `CASE m.status ${MODEL_STATUSES.map((name, index) => `WHEN ${index + 1} THEN '${name}'`).join(' ')} END`;

const TEXT: Readonly<Record<string, string>> = {
  name: 'm.name',
  model_id: 'm.model_id',
  model_type: 'm.model_type',
  source_run_id: 'm.source_run_id',
  experiment_id: 'CAST(m.experiment AS TEXT)',
  artifact_location: 'm.artifact_uri',
  status: STATUS_NAME,
};

const NUMBERS: Readonly<Record<string, string>> = {
  creation_timestamp: 'm.created_at',
  creation_time: 'm.created_at',
  last_updated_timestamp: 'm.updated_at',
};

const LISTED_TEXT: readonly Comparator[] = [...TEXT_COMPARATORS, 'IN', 'NOT IN'];

const POINTS = 'model_point p WHERE p.model_id = m.model_id';

/** Ids of the models that fulfil the filter, sorted. @throws ApiError when filter or order cannot be used */
export function searchLoggedModels(connection: Connection, search: SearchInput): string[] {
  const where = allOf([
    { sql: 'm.deleted_at IS NULL', values: [] },
    {
      sql: 'm.experiment IN (SELECT value FROM json_each(?))',
      values: [JSON.stringify(search.experimentIds.map(experimentNumber))],
    },
    ...(search.datasets.length > 0 ? [measuredOn(search.datasets)] : []),
    ...parseFilter(search.filter).map(comparison => toCondition(comparison, search.datasets)),
  ]);
  const order = search.orderBy.map(toTerm);
  const sorted = [...order.map(term => term.sql), 'm.created_at DESC', 'm.id DESC'].join(', ');
  return connection
    .prepare<(string | number)[], string>(
      `SELECT m.model_id FROM logged_model m WHERE ${where.sql} ORDER BY ${sorted} LIMIT ? OFFSET ?`,
    )
    .pluck()
    .all(...where.values, ...order.flatMap(term => term.values), search.limit, search.offset);
}

function toCondition(comparison: Comparison, datasets: readonly Dataset[]): Fragment {
  const { prefix, key } = comparison;
  switch (prefix) {
    case 'metrics':
      return metricCondition(comparison, datasets);
    case 'params':
    case 'tags': {
      const table = prefix === 'params' ? 'logged_model_param' : 'logged_model_tag';
      const sql = `(SELECT value FROM ${table} t WHERE t.model = m.id AND t.key = ?)`;
      return textCondition({ sql, values: [key] }, comparison);
    }
    case 'attributes':
    case undefined:
      return attributeCondition(comparison);
    default:
      throw unknownPrefix(prefix, ['attributes', 'metrics', 'params', 'tags']);
  }
}

function attributeCondition(comparison: Comparison): Fragment {
  const { key, value } = comparison;
  // The wire's number of a status stands for its name.
  if (key === 'status' && value.kind === 'number')
    return numberCondition({ sql: 'm.status', values: [] }, comparison);
  if (Object.hasOwn(NUMBERS, key))
    return numberCondition({ sql: NUMBERS[key] as string, values: [] }, comparison);
  if (!Object.hasOwn(TEXT, key)) throw unknownAttribute(key, Object.keys({ ...TEXT, ...NUMBERS }));
  return textCondition({ sql: TEXT[key] as string, values: [] }, comparison, LISTED_TEXT);
}

/** Any point of the metric counts. NaN fulfils no comparison. */
function metricCondition(comparison: Comparison, datasets: readonly Dataset[]): Fragment {
  const value = numberCondition({ sql: 'p.value', values: [] }, comparison);
  const scope = datasetScope(datasets);
  return {
    sql: `EXISTS (SELECT 1 FROM ${POINTS} AND p.metric = (SELECT id FROM metric WHERE key = ?)
          AND p.value <> 'NaN' AND ${value.sql} AND ${scope.sql})`,
    values: [comparison.key, ...value.values, ...scope.values],
  };
}

function measuredOn(datasets: readonly Dataset[]): Fragment {
  const scope = datasetScope(datasets);
  return { sql: `EXISTS (SELECT 1 FROM ${POINTS} AND ${scope.sql})`, values: scope.values };
}

function datasetScope(datasets: readonly Dataset[]): Fragment {
  if (datasets.length === 0) return { sql: '1', values: [] };
  return {
    sql: `(${datasets.map(() => "(p.dataset_name = ? AND ? IN ('', p.dataset_digest))").join(' OR ')})`,
    values: datasets.flatMap(dataset => [dataset.name, dataset.digest]),
  };
}

/** Missing values come last in either direction. */
function toTerm({ field, descending, dataset }: ModelOrdering): Fragment {
  const expression = toExpression(field, dataset);
  return {
    sql: `${expression.sql} ${descending ? 'DESC' : 'ASC'} NULLS LAST`,
    values: expression.values,
  };
}

function toExpression(field: string, dataset: Dataset | undefined): Fragment {
  const metric = /^metrics\.(.+)$/.exec(field)?.[1];
  if (metric === undefined) {
    const columns = { ...TEXT, ...NUMBERS };
    const name = field.replace(/^attributes\./, '');
    if (!Object.hasOwn(columns, name)) throw invalid(`Invalid order by field name: ${field}`);
    return { sql: columns[name] as string, values: [] };
  }
  const scope = datasetScope(dataset ? [dataset] : []);
  return {
    sql: `(SELECT p.value FROM ${POINTS} AND p.metric = (SELECT id FROM metric WHERE key = ?) AND ${scope.sql}
          ORDER BY p.timestamp DESC, p.step DESC LIMIT 1)`,
    values: [metric, ...scope.values],
  };
}
