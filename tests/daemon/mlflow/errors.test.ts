/** What clients are told when something is wrong: the status, the code that they branch on, and MLflow's words. */
import assert from 'node:assert/strict';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { type Answer, assertError, MlflowWire, proxyPath } from '../../support/mlflow.ts';

const NO_RUN = '0'.repeat(32);
const HINT = 'See the API docs for more information about request parameters.';

interface Case {
  readonly what: string;
  readonly send: (wire: MlflowWire, ids: Ids) => Promise<Answer>;
  readonly status?: number;
  readonly code?: string;
  readonly message: string;
}

interface Ids {
  readonly runId: string;
  readonly experimentId: string;
}

const post =
  (route: string, body: object) =>
  (wire: MlflowWire): Promise<Answer> =>
    wire.call('POST', route, body);
const get =
  (route: string, query: Record<string, string | string[]>) =>
  (wire: MlflowWire): Promise<Answer> =>
    wire.get(route, query);
const log =
  (route: string, body: object) =>
  (wire: MlflowWire, { runId }: Ids): Promise<Answer> =>
    wire.call('POST', `runs/${route}`, { run_id: runId, ...body });

const NOT_FOUND = { status: 404, code: 'RESOURCE_DOES_NOT_EXIST' };

const cases: readonly Case[] = [
  // Messages as a whole
  {
    what: 'a body without a content type',
    send: wire => wire.send('POST', '/api/2.0/mlflow/runs/create', '{}'),
    message: 'Bad Request. Content-Type header is missing.',
  },
  {
    what: 'a body of another type',
    send: wire => wire.send('POST', '/api/2.0/mlflow/runs/create', '{}', { 'content-type': 'text/plain' }),
    message: "Bad Request. Content-Type must be one of ['application/json'].",
  },
  {
    what: 'a body that is no JSON',
    send: wire =>
      wire.send('POST', '/api/2.0/mlflow/experiments/create', '{"name": ', {
        'content-type': 'application/json',
      }),
    message: 'The body is not JSON',
  },
  {
    what: 'a body that is a list',
    send: wire =>
      wire.send('POST', '/api/2.0/mlflow/experiments/create', '[]', { 'content-type': 'application/json' }),
    message: 'The body must be a JSON object, not list.',
  },
  {
    what: 'a route that there is not',
    send: wire => wire.get('gateway/endpoints'),
    status: 404,
    code: 'ENDPOINT_NOT_FOUND',
    message: '/api/2.0/mlflow/gateway/endpoints',
  },
  {
    what: 'a wrong method',
    send: wire => wire.call('DELETE', 'experiments/create', {}),
    status: 404,
    code: 'ENDPOINT_NOT_FOUND',
    message: 'DELETE',
  },
  {
    what: 'traces',
    send: wire => wire.send('POST', '/api/3.0/mlflow/traces', '{}', { 'content-type': 'application/json' }),
    status: 404,
    code: 'ENDPOINT_NOT_FOUND',
    message: 'traces',
  },
  // Fields
  ...[{}, { name: null }, { name: '' }].map(body => ({
    what: `a required field as ${JSON.stringify(body)}`,
    send: post('experiments/create', body),
    message: `Missing value for required parameter 'name'. ${HINT}`,
  })),
  ...[
    { value: 9, type: 'int' },
    { value: 9.5, type: 'float' },
    { value: true, type: 'bool' },
    { value: ['a', 1], type: 'list' },
    { value: { a: 1 }, type: 'dict' },
  ].map(({ value, type }) => ({
    what: `a ${type} in the place of text`,
    send: post('experiments/create', { name: value }),
    message: `Invalid value ${JSON.stringify(value)} for parameter 'name' supplied:  Hint: Value was of type '${type}'. ${HINT}`,
  })),
  {
    what: 'text in the place of a list',
    send: post('runs/search', { experiment_ids: '0' }),
    message: `Invalid value "0" for parameter 'experiment_ids' supplied:  Hint: Value was of type 'str'. ${HINT}`,
  },
  {
    what: 'an unknown name of a status',
    send: log('update', { status: 'DONE' }),
    message: 'RUNNING, SCHEDULED, FINISHED, FAILED, KILLED',
  },
  {
    what: 'a page of no entries',
    send: post('experiments/search', { max_results: 0 }),
    message: "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
  },
  {
    what: 'too large a page',
    send: post('runs/search', { experiment_ids: ['0'], max_results: 50_001 }),
    message: "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000",
  },
  {
    what: 'a page token of somebody else',
    send: post('runs/search', { experiment_ids: ['0'], page_token: 'garbage' }),
    message: 'Invalid page token, could not base64-decode',
  },
  // Experiments
  {
    what: 'an experiment id that is no number',
    send: get('experiments/get', { experiment_id: 'abc' }),
    message: "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
  },
  {
    what: 'an unknown experiment',
    send: get('experiments/get', { experiment_id: '999' }),
    ...NOT_FOUND,
    message: 'No Experiment with id=999 exists',
  },
  {
    what: 'a name that is taken',
    send: post('experiments/create', { name: 'Default' }),
    code: 'RESOURCE_ALREADY_EXISTS',
    message: 'Experiment(name=Default) already exists.',
  },
  {
    what: 'a name that is too long',
    send: post('experiments/create', { name: 'x'.repeat(501) }),
    message: "'name' exceeds the maximum length of 500 characters",
  },
  // Runs
  {
    what: 'an unknown run',
    send: get('runs/get', { run_id: NO_RUN }),
    ...NOT_FOUND,
    message: `Run with id=${NO_RUN} not found`,
  },
  {
    what: 'the run id None',
    send: get('runs/get', { run_id: 'None' }),
    ...NOT_FOUND,
    message: 'Run with id=None',
  },
  {
    what: 'two names for a run',
    send: post('runs/create', {
      experiment_id: '0',
      run_name: 'a',
      tags: [{ key: 'mlflow.runName', value: 'b' }],
    }),
    message:
      "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='a', mlflow.runName='b').",
  },
  {
    what: 'a metric without a timestamp',
    send: log('log-metric', { key: 'm', value: 1 }),
    message: `Missing value for required parameter 'timestamp'. ${HINT}`,
  },
  {
    what: 'a metric whose value is text',
    send: log('log-metric', { key: 'm', value: 'high', timestamp: 1 }),
    message: `Invalid value "high" for parameter 'value' supplied:  Hint: Value was of type 'str'.`,
  },
  {
    what: 'a metric of a batch without a timestamp',
    send: log('log-batch', { metrics: [{ key: 'm', value: 1 }] }),
    message: `Missing value for required parameter 'metrics[0].timestamp'. ${HINT}`,
  },
  {
    what: 'a key with other characters',
    send: log('log-parameter', { key: 'a?b', value: '1' }),
    message:
      'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).',
  },
  {
    what: 'a key that leads elsewhere',
    send: log('set-tag', { key: '../a', value: '1' }),
    message: 'must not resolve to other names when treated as such',
  },
  {
    what: 'too large a batch',
    send: log('log-batch', {
      params: Array.from({ length: 101 }, (_, index) => ({ key: `p${index}`, value: '' })),
    }),
    message:
      'A batch logging request can contain at most 100 params. Got 101 params. Please split up params across multiple requests and try again.',
  },
  {
    what: 'a tag that is not there',
    send: log('delete-tag', { key: 'nothing' }),
    ...NOT_FOUND,
    message: 'No tag with name: nothing in run with id ',
  },
  {
    what: 'a model info that is no JSON',
    send: log('log-model', { model_json: 'x' }),
    message: 'Malformed model info.',
  },
  {
    what: 'a model info that says too little',
    send: log('log-model', { model_json: '{"run_id": "x", "flavors": {}}' }),
    message: "Model json is missing mandatory fields: {'artifact_path', 'utc_time_created'}",
  },
  {
    what: 'a filter that cannot be parsed',
    send: post('runs/search', { experiment_ids: ['0'], filter: 'metrics.a >' }),
    message: 'Invalid clause',
  },
  // Histories
  {
    what: 'a chart of no run',
    send: get('metrics/get-history-bulk-interval', { metric_key: 'm' }),
    message: "Missing value for required parameter 'run_ids'.",
  },
  {
    what: 'a chart of too many runs',
    send: get('metrics/get-history-bulk-interval', { metric_key: 'm', run_ids: Array(101).fill(NO_RUN) }),
    message: 'GetMetricHistoryBulkInterval request must specify at most 100 run_ids.',
  },
  {
    what: 'a chart from a step on',
    send: get('metrics/get-history-bulk-interval', { metric_key: 'm', run_ids: NO_RUN, start_step: '1' }),
    message: 'If either start step or end step are specified, both must be specified.',
  },
  // Logged models
  {
    what: 'a name that a logged model cannot have',
    send: post('logged-models', { experiment_id: '0', name: 'a/b' }),
    message: "Invalid model name ('a/b') provided. Model name must be a non-empty string and cannot contain",
  },
  {
    what: 'an unknown logged model',
    send: get('logged-models/m-0', {}),
    ...NOT_FOUND,
    message: "Logged model with ID 'm-0' not found.",
  },
  {
    what: 'logged models sorted by nothing known',
    send: post('logged-models/search', { experiment_ids: ['0'], order_by: [{ field_name: 'bogus' }] }),
    message: 'Invalid order by field name: bogus',
  },
  // Registry
  {
    what: 'a blank name of a model',
    send: post('registered-models/create', { name: '  ' }),
    message: "Missing value for required parameter 'name'.",
  },
  {
    what: 'a name of a model with a slash',
    send: post('registered-models/create', { name: 'a/b' }),
    message: "Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
  },
  {
    what: 'an unknown model',
    send: get('registered-models/get', { name: 'nobody' }),
    ...NOT_FOUND,
    message: 'Registered Model with name=nobody not found',
  },
  {
    what: 'a version that is no number',
    send: get('model-versions/get', { name: 'm', version: 'abc' }),
    message: "Parameter 'version' must be an integer, got 'abc'.",
  },
  {
    what: 'an unknown version',
    send: get('model-versions/get', { name: 'm', version: '9' }),
    ...NOT_FOUND,
    message: 'Model Version (name=m, version=9) not found',
  },
  {
    what: 'an unknown stage',
    send: post('model-versions/transition-stage', { name: 'm', version: '1', stage: 'bogus' }),
    message: 'Invalid Model Version stage: bogus. Value must be one of None, Staging, Production, Archived.',
  },
  {
    what: 'archiving for a stage that versions share',
    send: post('model-versions/transition-stage', {
      name: 'm',
      version: '1',
      stage: 'Archived',
      archive_existing_versions: true,
    }),
    message: 'archive_existing_versions works for Staging and Production only',
  },
  ...[
    { alias: 'latest', message: "'latest' alias name (case insensitive) is reserved." },
    { alias: 'V1', message: "Version alias name 'V1' is reserved." },
    { alias: 'a b', message: "Invalid alias name: 'a b'" },
  ].map(({ alias, message }) => ({
    what: `the alias '${alias}'`,
    send: post('registered-models/alias', { name: 'm', alias, version: '1' }),
    message,
  })),
  {
    what: 'a source that is a logged model nobody logged',
    send: post('model-versions/create', { name: 'm', source: `models:/m-${NO_RUN}` }),
    ...NOT_FOUND,
    message: `Logged model with ID 'm-${NO_RUN}' not found.`,
  },
  // Artifacts
  {
    what: 'an artifact that is not there',
    send: wire => wire.send('GET', proxyPath('0/nothing')),
    ...NOT_FOUND,
    message: "No such artifact: '0/nothing'",
  },
  {
    what: 'the path of a version, before whether there is the model',
    send: wire =>
      wire.send('GET', '/model-versions/get-artifact?name=nobody&version=1&path=../../etc/passwd'),
    message: 'Invalid path',
  },
  {
    what: 'an upload of a page without a path',
    send: wire => wire.send('POST', '/ajax-api/2.0/mlflow/upload-artifact?run_uuid=x', 'x'),
    message: 'Request must specify path.',
  },
  {
    what: 'an upload of a page that is too large',
    send: wire =>
      wire.send('POST', '/ajax-api/2.0/mlflow/upload-artifact?run_uuid=x&path=a', Buffer.alloc(10_485_761)),
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    message: 'Artifact size is too large.',
  },
];

describe('errors of the MLflow protocol', () => {
  let daemon: TestDaemon;
  let wire: MlflowWire;
  let ids: Ids;
  before(async () => {
    daemon = await startDaemon();
    wire = new MlflowWire(daemon);
    ids = await wire.startRun();
    await wire.post('registered-models/create', { name: 'm' });
    await wire.post('model-versions/create', { name: 'm', source: 'mlflow-artifacts:/a' });
  });
  after(() => daemon.dispose());

  for (const { what, send, status = 400, code = 'INVALID_PARAMETER_VALUE', message } of cases)
    it(`${what}: ${status} ${code}`, async () => assertError(await send(wire, ids), status, code, message));

  it('a batch with one bad metric logs nothing of it', async () => {
    const answer = await wire.call('POST', 'runs/log-batch', {
      run_id: ids.runId,
      params: [{ key: 'kept', value: 'no' }],
      metrics: [
        { key: 'good', value: 1, timestamp: 1 },
        { key: 'bad', value: 1, timestamp: -1 },
      ],
    });
    assert.equal(answer.status, 400);
    const { run } = await wire.read<{ run: { data: { params?: object[]; metrics?: object[] } } }>(
      'runs/get',
      {
        run_id: ids.runId,
      },
    );
    assert.deepEqual([run.data.params, run.data.metrics], [undefined, undefined]);
  });

  it('the wrong token opens nothing', async () => {
    const stranger = new MlflowWire(daemon, 'x'.repeat(43));
    assertError(await stranger.get('experiments/search'), 401, 'UNAUTHENTICATED', 'token');
    assertError(await stranger.send('PUT', proxyPath('0/a'), 'x'), 401, 'UNAUTHENTICATED', 'token');
  });
});
