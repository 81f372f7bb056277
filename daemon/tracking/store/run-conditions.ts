/** Comparisons of the filter language as conditions of runs, and where the runs that fulfil one are found. */
import { invalid } from '../../contract/errors.ts';
import {
  type Fragment,
  LISTED_TEXT,
  numberCondition,
  TEXT_COMPARATORS,
  textCondition,
  unknownAttribute,
} from '../filter/condition.ts';
import type { Comparator, Comparison } from '../filter/parse.ts';
import {
  ATTRIBUTE_NAMES,
  DATASET_COLUMNS,
  entityOf,
  lookUp,
  NUMBER_ATTRIBUTES,
  TABLES,
  TEXT_ATTRIBUTES,
} from './run-names.ts';

/** A condition, for a FROM that has `run`. */
export interface Condition extends Fragment {
  /** A SELECT of the integer ids of the runs that fulfil it, each once, off an index; absent when there is none. */
  readonly runs?: Fragment | undefined;
}

const OPTIONAL_TEXT: readonly Comparator[] = [...TEXT_COMPARATORS, 'IS NULL', 'IS NOT NULL'];

/** @throws ApiError when the name, the comparator or the value cannot be used */
export function toCondition(comparison: Comparison): Condition {
  switch (entityOf(comparison)) {
    case 'metric':
      return metricCondition(comparison);
    case 'param':
      return { ...textOf('param', comparison), runs: equal('param', comparison) };
    case 'tag':
      return textOf('tag', comparison);
    case 'dataset':
      return datasetCondition(comparison);
    case 'attribute':
      return attributeCondition(comparison);
  }
}

/** A NaN is unequal to every number, and fulfils no other comparison. */
function metricCondition(comparison: Comparison): Condition {
  const { sql, values } = lookUp(TABLES.metric, comparison.key);
  if (comparison.comparator === '!=') return numberCondition({ sql, values }, comparison);
  const { name, byValue, key } = TABLES.metric;
  // Where it must be told that a NaN is no number: SQLite begins and ends with one bound each.
  const numbers = comparison.comparator.startsWith('>') ? "last < 'NaN' AND " : '';
  const runs = {
    sql: `SELECT run FROM ${name} INDEXED BY ${byValue} WHERE ${key(name)} AND ${numbers}last`,
    values,
  };
  return {
    ...numberCondition({ sql: `nullif(${sql}, 'NaN')`, values }, comparison),
    runs: numberCondition(runs, comparison),
  };
}

const textOf = (entity: 'param' | 'tag', comparison: Comparison) =>
  textCondition(lookUp(TABLES[entity], comparison.key), comparison, OPTIONAL_TEXT);

function equal(entity: 'param', { comparator, key: of, value }: Comparison): Fragment | undefined {
  if (comparator !== '=' || value.kind !== 'string') return undefined;
  const { name, byValue, key } = TABLES[entity];
  return {
    sql: `SELECT run FROM ${name} INDEXED BY ${byValue} WHERE ${key(name)} AND value = ?`,
    values: [of, value.value],
  };
}

function attributeCondition(comparison: Comparison): Condition {
  const { key } = comparison;
  if (Object.hasOwn(NUMBER_ATTRIBUTES, key))
    return numberCondition({ sql: NUMBER_ATTRIBUTES[key] as string, values: [] }, comparison);
  if (!Object.hasOwn(TEXT_ATTRIBUTES, key)) throw unknownAttribute(key, ATTRIBUTE_NAMES);
  const column = { sql: TEXT_ATTRIBUTES[key] as string, values: [] };
  if (key !== 'run_id') return textCondition(column, comparison);
  const condition = textCondition(column, comparison, LISTED_TEXT);
  if (comparison.comparator !== '=' && comparison.comparator !== 'IN') return condition;
  return {
    ...condition,
    runs: { sql: `SELECT id AS run FROM run WHERE ${condition.sql}`, values: condition.values },
  };
}

function datasetCondition(comparison: Comparison): Condition {
  const { key } = comparison;
  if (!Object.hasOwn(DATASET_COLUMNS, key))
    throw invalid(
      `Invalid dataset key '${key}' specified. Valid keys are ${JSON.stringify(Object.keys(DATASET_COLUMNS))}`,
    );
  const column = { sql: DATASET_COLUMNS[key] as string, values: [] };
  const { sql, values } = textCondition(column, comparison, LISTED_TEXT);
  return {
    sql: `EXISTS (SELECT 1 FROM run_dataset JOIN dataset ON dataset.id = run_dataset.dataset
          WHERE run_dataset.run = run.id AND ${sql})`,
    values,
  };
}
