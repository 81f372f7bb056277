/**
 * Random calls of the MLflow protocol, valid and invalid. Their texts refer to what earlier calls of the sequence made:
 * `$run:2` is the id of the third run (or an unknown one when there are not so many), `$name` is the sequence's own
 * prefix for names, `$time` a time that no other call has.
 */
import fc from 'fast-check';
import type { Json } from '../normalise.ts';

/** One request, before its references are resolved. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  /** Below `/api/2.0/`. */
  readonly path: string;
  /** The query of a GET, the JSON body of any other method. */
  readonly fields: Readonly<Record<string, Json>>;
}

type Fields = Readonly<Record<string, fc.Arbitrary<Json | undefined>>>;

const pick = (...items: readonly (Json | undefined)[]) => fc.constantFrom<Json | undefined>(...items);
const numbered = (kind: string, most: number) =>
  fc.integer({ min: 0, max: most }).map(index => `$${kind}:${index}`);
const maybe = (value: fc.Arbitrary<Json | undefined>) => fc.option(value, { nil: undefined });
const list = (item: fc.Arbitrary<Json>, most = 3) => fc.array(item, { maxLength: most });
const message = (fields: Fields) => fc.record(fields).map(withoutAbsent);

/** Tags of something new. Doubled ones are rare: MLflow refuses them, which ends the sequence. */
const newTags = (tag: fc.Arbitrary<Json>) =>
  fc.oneof(
    { weight: 15, arbitrary: fc.uniqueArray(tag, { maxLength: 3, selector: keyOf }) },
    { weight: 1, arbitrary: list(tag) },
  );

function keyOf(tag: Json): unknown {
  return (tag as { key?: Json }).key;
}

const run = numbered('run', 2);
const experiment = numbered('experiment', 1);
const loggedModel = numbered('model', 2);
const experimentName = pick('$name a', '$name b', '$name é', '$name c');
const modelName = pick('$name m', '$name m', '$name n', '$name o');
const version = pick('1', '1', '2', '99');
const stage = pick('None', 'Staging', 'Production', 'Archived', 'production', 'Nowhere');
const alias = pick('champion', 'best', 'latest', 'v1', 'a b');
const key = pick('a', 'b', 'a/b', 'c d', 'größe', 'a.b', 'bad*key', 'a//b', '', 'k'.repeat(251));
const text = pick('', 'x', 'y', 'größe 世界', 'z'.repeat(300));
const value = pick(0, 1, -2.5, 1e300, 'NaN', 'Infinity', '1.5', true);
const step = pick(0, 1, 2, 5, -1);
const timestamp = pick(0, 1, 10, 1000, '20');
const status = pick('RUNNING', 'FINISHED', 'FAILED', 'KILLED', 'SCHEDULED', 3);
const view = pick('ACTIVE_ONLY', 'DELETED_ONLY', 'ALL', undefined);
const pageSize = pick(1, 2, 100, 0, -1, 50_001, 200_001);
const tag = message({ key: key, value: text }) as fc.Arbitrary<Json>;
const metric = message({ key, value, timestamp, step: maybe(step) }) as fc.Arbitrary<Json>;
const dataset = message({
  tags: list(message({ key: pick('mlflow.data.context', 'other'), value: text }) as fc.Arbitrary<Json>, 2),
  dataset: message({
    name: pick('d', 'e'),
    digest: pick('1', '2'),
    source_type: pick('local'),
    source: pick('here', 'there'),
    schema: maybe(text),
  }),
}) as fc.Arbitrary<Json>;

const RUN_FILTERS = pick(
  '',
  'metrics.a > 0',
  'metrics.a != 1',
  "params.a = 'x'",
  "params.b LIKE '%x%'",
  'params.a IS NULL',
  "tags.`a/b` != 'x'",
  "attributes.status = 'FINISHED' AND metrics.b <= 1",
  "run_name ILIKE 'R2%'",
  'end_time > 5',
  "dataset.name = 'd'",
  'bogus',
  "metrics.a = 'x'",
  'params.a > 1',
);
const RUN_ORDERS = list(
  pick('metrics.a DESC', 'params.b', 'attributes.end_time', 'tags.a ASC', 'bogus', '') as fc.Arbitrary<Json>,
  1,
);
const MODEL_FILTERS = pick(
  "name LIKE '$name%'",
  "name = '$name m'",
  "name ILIKE '$NAME%' AND tags.a = 'x'",
  "name LIKE '$name%' AND tags.a != 'x'",
  'bogus = 1',
);
const VERSION_FILTERS = pick(
  "name = '$name m'",
  "name LIKE '$name%' AND version_number > 1",
  "name LIKE '$name%' AND tags.a = 'x'",
  "run_id = '$run:0'",
  "status = 'READY'",
);

/** What a call may carry that nobody asked for. */
const ODD: readonly Json[] = [
  null,
  '',
  0,
  -1,
  1.5,
  true,
  [],
  {},
  'abc',
  ['abc'],
  { a: 1 },
  `$name${'x'.repeat(6001)}`,
];

const post = (path: string, fields: Fields, weight = 1) => route('POST', path, fields, weight);
const get = (path: string, fields: Fields, weight = 1) => route('GET', path, fields, weight);

function route(method: Call['method'], path: string, fields: Fields, weight = 1) {
  return {
    weight,
    arbitrary: fc
      .record({ fields: fc.record(fields).map(withoutAbsent), path: pathOf(path) })
      .chain(({ fields: given, path: at }) =>
        spoiled(given).map(sent => ({ method, path: at, fields: sent })),
      ),
  };
}

/** `{model}` and `{key}` in a path stand for a logged model and a tag. */
function pathOf(path: string): fc.Arbitrary<string> {
  return fc
    .record({ model: loggedModel, key: pick('a', 'b') })
    .map(parts => path.replace('{model}', String(parts.model)).replace('{key}', String(parts.key)));
}

/** The fields, of which one in eight calls has one left out or replaced. */
function spoiled(fields: Readonly<Record<string, Json>>): fc.Arbitrary<Readonly<Record<string, Json>>> {
  const names = Object.keys(fields);
  const intact = { weight: 7, arbitrary: fc.constant(fields) };
  if (names.length === 0) return fc.constant(fields);
  const odd = fc
    .record({ name: fc.constantFrom(...names), odd: fc.constantFrom<Json | undefined>(undefined, ...ODD) })
    .map(change => withoutAbsent({ ...fields, [change.name]: change.odd }));
  return fc.oneof(intact, { weight: 1, arbitrary: odd });
}

function withoutAbsent(fields: Readonly<Record<string, Json | undefined>>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}

const tracking = [
  post('mlflow/experiments/create', { name: experimentName, tags: maybe(newTags(tag)) }),
  get('mlflow/experiments/get', { experiment_id: experiment }),
  get('mlflow/experiments/get-by-name', { experiment_name: experimentName }),
  post('mlflow/experiments/update', { experiment_id: experiment, new_name: experimentName }),
  post('mlflow/experiments/delete', { experiment_id: experiment }),
  post('mlflow/experiments/restore', { experiment_id: experiment }),
  post('mlflow/experiments/set-experiment-tag', { experiment_id: experiment, key, value: text }),
  post('mlflow/experiments/delete-experiment-tag', { experiment_id: experiment, key }),
  post('mlflow/experiments/search', {
    filter: pick("name LIKE '$name%'", "name = '$name a'", "name LIKE '$name%' AND tags.a = 'x'", 'bogus'),
    order_by: fc.constant(['name']),
    max_results: pageSize,
    view_type: view,
  }),
  post(
    'mlflow/runs/create',
    {
      experiment_id: experiment,
      start_time: fc.constant('$time'),
      run_name: maybe(pick('r1', 'r2', '')),
      user_id: maybe(pick('ada')),
      tags: maybe(newTags(message({ key: pick('a', 'a/b'), value: text }) as fc.Arbitrary<Json>)),
    },
    4,
  ),
  get('mlflow/runs/get', { run_id: run }, 4),
  post(
    'mlflow/runs/update',
    { run_id: run, status: maybe(status), end_time: maybe(timestamp), run_name: maybe(pick('r3', '')) },
    2,
  ),
  post('mlflow/runs/delete', { run_id: run }),
  post('mlflow/runs/restore', { run_id: run }),
  post('mlflow/runs/log-metric', { run_id: run, key, value, timestamp, step: maybe(step) }, 4),
  post('mlflow/runs/log-parameter', { run_id: run, key, value: text }, 3),
  post('mlflow/runs/set-tag', { run_id: run, key, value: text }, 2),
  post('mlflow/runs/delete-tag', { run_id: run, key }),
  post(
    'mlflow/runs/log-batch',
    { run_id: run, metrics: maybe(list(metric)), params: maybe(list(tag)), tags: maybe(list(tag)) },
    3,
  ),
  post('mlflow/runs/log-inputs', { run_id: run, datasets: list(dataset, 2) }),
  post('mlflow/runs/outputs', {
    run_id: run,
    models: list(message({ model_id: loggedModel, step: maybe(step) }) as fc.Arbitrary<Json>),
  }),
  post(
    'mlflow/runs/search',
    {
      experiment_ids: list(experiment as fc.Arbitrary<Json>),
      filter: RUN_FILTERS,
      order_by: RUN_ORDERS,
      max_results: pageSize,
      run_view_type: view,
    },
    4,
  ),
  get(
    'mlflow/metrics/get-history',
    { run_id: run, metric_key: pick('a', 'b'), max_results: pick(1, 2, 25_000) },
    2,
  ),
  get('mlflow/metrics/get-history-bulk-interval', {
    run_ids: list(run as fc.Arbitrary<Json>),
    metric_key: pick('a', 'b'),
    start_step: maybe(pick(0, 2)),
    end_step: maybe(pick(1, 5)),
    max_results: pick(1, 10, 2501),
  }),
  get('mlflow/artifacts/list', { run_id: run, path: maybe(pick('', 'a', '../a', '/a', 'a/b')) }),
];

const models = [
  post('mlflow/logged-models', {
    experiment_id: experiment,
    name: pick('m', 'n', 'a/b'),
    model_type: maybe(pick('agent')),
    source_run_id: maybe(run),
    tags: maybe(newTags(message({ key: pick('a', 'b'), value: text }) as fc.Arbitrary<Json>)),
    params: maybe(fc.constant([{ key: 'p', value: '1' }])),
  }),
  get('mlflow/logged-models/{model}', {}),
  route('PATCH', 'mlflow/logged-models/{model}', {
    model_id: loggedModel,
    status: pick('LOGGED_MODEL_READY', 3),
  }),
  route('DELETE', 'mlflow/logged-models/{model}', { model_id: loggedModel }),
  route('PATCH', 'mlflow/logged-models/{model}/tags', {
    tags: list(message({ key: pick('a', 'b'), value: text }) as fc.Arbitrary<Json>),
  }),
  route('DELETE', 'mlflow/logged-models/{model}/tags/{key}', {}),
];

const registry = [
  post(
    'mlflow/registered-models/create',
    { name: modelName, description: maybe(text), tags: maybe(newTags(tag)) },
    2,
  ),
  get('mlflow/registered-models/get', { name: modelName }, 2),
  post('mlflow/registered-models/rename', { name: modelName, new_name: modelName }),
  route('PATCH', 'mlflow/registered-models/update', { name: modelName, description: maybe(text) }),
  route('DELETE', 'mlflow/registered-models/delete', { name: modelName }),
  get('mlflow/registered-models/search', { filter: MODEL_FILTERS, max_results: pick(1, 2, 100, 1001) }),
  post('mlflow/registered-models/get-latest-versions', {
    name: modelName,
    stages: maybe(list(stage as fc.Arbitrary<Json>)),
  }),
  post('mlflow/registered-models/set-tag', { name: modelName, key, value: text }),
  route('DELETE', 'mlflow/registered-models/delete-tag', { name: modelName, key }),
  post('mlflow/registered-models/alias', { name: modelName, alias, version }),
  get('mlflow/registered-models/alias', { name: modelName, alias }),
  route('DELETE', 'mlflow/registered-models/alias', { name: modelName, alias }),
  post(
    'mlflow/model-versions/create',
    {
      name: modelName,
      source: pick('s3://bucket/a', 'dbfs:/a', '/etc/a', 's3://bucket/../a'),
      run_id: maybe(run),
      description: maybe(text),
      tags: maybe(newTags(tag)),
    },
    3,
  ),
  get('mlflow/model-versions/get', { name: modelName, version }, 2),
  route('PATCH', 'mlflow/model-versions/update', { name: modelName, version, description: maybe(text) }),
  route('DELETE', 'mlflow/model-versions/delete', { name: modelName, version }),
  post(
    'mlflow/model-versions/transition-stage',
    { name: modelName, version, stage, archive_existing_versions: pick(true, false) },
    2,
  ),
  post('mlflow/model-versions/set-tag', { name: modelName, version, key, value: text }),
  route('DELETE', 'mlflow/model-versions/delete-tag', { name: modelName, version, key }),
  get('mlflow/model-versions/get-download-uri', { name: modelName, version }),
  get('mlflow/model-versions/search', {
    filter: VERSION_FILTERS,
    order_by: fc.constant(['name', 'version_number']),
    max_results: pick(1, 2, 100, 0, 200_001),
  }),
];

/** Calls that begin every sequence, so that the others find something. */
const OPENING: readonly Call[] = [
  { method: 'POST', path: 'mlflow/experiments/create', fields: { name: '$name' } },
  {
    method: 'POST',
    path: 'mlflow/runs/create',
    fields: { experiment_id: '$experiment:0', start_time: '$time' },
  },
  {
    method: 'POST',
    path: 'mlflow/runs/create',
    fields: { experiment_id: '$experiment:0', start_time: '$time' },
  },
  {
    method: 'POST',
    path: 'mlflow/logged-models',
    fields: { experiment_id: '$experiment:0', name: 'm', source_run_id: '$run:0' },
  },
  { method: 'POST', path: 'mlflow/registered-models/create', fields: { name: '$name m' } },
  {
    method: 'POST',
    path: 'mlflow/model-versions/create',
    fields: { name: '$name m', source: 's3://bucket/a', run_id: '$run:0' },
  },
];

/** Sequences of so many calls. */
export function sequences(length: number): fc.Arbitrary<readonly Call[]> {
  const count = length - OPENING.length;
  return fc
    .array(fc.oneof(...tracking, ...models, ...registry), { minLength: count, maxLength: count })
    .map(calls => [...OPENING, ...calls]);
}
