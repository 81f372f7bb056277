/** What names of the filter language mean for a run. */
import { invalid } from '../../contract/errors.ts';
import { type Fragment, unknownPrefix } from '../filter/condition.ts';
import { TAG } from '../model.ts';

/** What a name's prefix says that it names. */
export type Entity = 'metric' | 'param' | 'tag' | 'attribute' | 'dataset';

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

/** @throws ApiError when nothing of a run has such a prefix */
export function entityOf({ prefix }: { prefix: string | undefined }): Entity {
  const entity = prefix === undefined ? 'attribute' : ENTITIES[prefix];
  if (!entity || !Object.hasOwn(ENTITIES, prefix ?? 'attribute'))
    throw unknownPrefix(prefix ?? '', ['metric', 'param', 'tag', 'attribute', 'dataset']);
  return entity;
}

export const TEXT_ATTRIBUTES: Readonly<Record<string, string>> = {
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

export const NUMBER_ATTRIBUTES: Readonly<Record<string, string>> = {
  start_time: 'run.start_time',
  created: 'run.start_time',
  Created: 'run.start_time',
  end_time: 'run.end_time',
};

const ATTRIBUTES = { ...TEXT_ATTRIBUTES, ...NUMBER_ATTRIBUTES };

/** What runs may be sorted and grouped by beside MLflow's attributes; a run can be without. */
export const DERIVED_ATTRIBUTES: Readonly<Record<string, { kind: 'number' | 'text'; sql: string }>> = {
  duration: { kind: 'number', sql: '(run.end_time - run.start_time)' },
  data: {
    kind: 'text',
    sql: `(SELECT group_concat(name || ' ' || digest, ', ') FROM (SELECT dataset.name, dataset.digest
       FROM run_dataset JOIN dataset ON dataset.id = run_dataset.dataset WHERE run_dataset.run = run.id ORDER BY 1, 2))`,
  },
};

export const ATTRIBUTE_NAMES = Object.keys(ATTRIBUTES);

/** The column of an attribute that runs may be sorted by. @throws ApiError when there is no such attribute */
export function attributeColumn(key: string): string {
  if (!Object.hasOwn(ATTRIBUTES, key))
    throw invalid(
      `Invalid order_by clause: unknown attribute '${key}'. Valid keys are ${JSON.stringify(ATTRIBUTE_NAMES)}`,
    );
  return ATTRIBUTES[key] as string;
}

export const DATASET_COLUMNS: Readonly<Record<string, string>> = {
  name: 'dataset.name',
  digest: 'dataset.digest',
  context: `run_dataset.tags ->> '$."${TAG.datasetContext}"'`,
};

/** Where something that a run has by key is kept, and how a row of it is found. */
export interface Table {
  readonly name: 'metric_summary' | 'param' | 'run_tag';
  readonly value: 'last' | 'min' | 'max' | 'value';
  /** Its rows by value, when these have an index. */
  readonly byValue?: string;
  /** Which rows are those of the key. */
  key(row: string): string;
}

export const TABLES: Readonly<Record<'metric' | 'param' | 'tag', Table>> = {
  metric: {
    name: 'metric_summary',
    value: 'last',
    byValue: 'metric_summary_by_value',
    key: row => `${row}.metric = (SELECT id FROM metric WHERE metric.key = ?)`,
  },
  param: { name: 'param', value: 'value', byValue: 'param_by_value', key: row => `${row}.key = ?` },
  tag: { name: 'run_tag', value: 'value', key: row => `${row}.key = ?` },
};

/** The extremes of a metric over all of its points. */
export const EXTREMES: Readonly<Record<string, Table>> = {
  min: { name: 'metric_summary', value: 'min', key: TABLES.metric.key },
  max: { name: 'metric_summary', value: 'max', key: TABLES.metric.key },
};

/** What a run has by key, for a FROM that has `run`; NULL when it has none. */
export function lookUp({ name, value, key }: Table, of: string): Fragment {
  return { sql: `(SELECT ${value} FROM ${name} WHERE ${name}.run = run.id AND ${key(name)})`, values: [of] };
}
