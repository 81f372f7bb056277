/** What MLflow's own test suites and the MLflow server itself have shown a client to see. */
import assert from 'node:assert/strict';
import { listModels } from '../../../daemon/contract/models.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { assertError, MlflowWire, succeeded } from '../../support/mlflow.ts';

interface Info {
  readonly name: string;
  readonly version: string;
  readonly last_updated_timestamp: number;
}

interface LoggedInfo {
  readonly model_id: string;
  readonly source_run_id: string;
  readonly status: string;
}

describe('as from the MLflow server', () => {
  let daemon: TestDaemon;
  let mlflow: MlflowWire;
  before(async () => {
    daemon = await startDaemon();
    mlflow = new MlflowWire(daemon);
  });
  after(() => daemon.dispose());

  const model = async (name: string) => {
    await mlflow.post('registered-models/create', { name });
    return {
      /** @returns the number of the new version */
      add: async (more: object = {}) => {
        const body = { name, source: 's3://bucket/model', ...more };
        return (await mlflow.post<{ model_version: Info }>('model-versions/create', body)).model_version
          .version;
      },
      updated: async () =>
        (await mlflow.read<{ registered_model: Info }>('registered-models/get', { name })).registered_model
          .last_updated_timestamp,
      versionUpdated: async (version: string) =>
        (await mlflow.read<{ model_version: Info }>('model-versions/get', { name, version })).model_version
          .last_updated_timestamp,
    };
  };

  const newLoggedModel = async (experimentId: string) =>
    (
      await mlflow.post<{ model: { info: LoggedInfo } }>('logged-models', {
        experiment_id: experimentId,
        name: 'made',
      })
    ).model.info;

  it('a version of a run that is not known is registered', async () => {
    const { add } = await model('foreign');
    assert.equal(await add({ source: 'runs:/another-run/model', run_id: 'another-run' }), '1');
    const { artifact_uri } = await mlflow.read('model-versions/get-download-uri', {
      name: 'foreign',
      version: '1',
    });
    assert.equal(artifact_uri, 'runs:/another-run/model');
  });

  it('a logged model names the versions made of it', async () => {
    const { experimentId } = await mlflow.startRun();
    const { model: logged } = await mlflow.post<{
      model: { info: { model_id: string; artifact_uri: string } };
    }>('logged-models', { experiment_id: experimentId });
    const { model_id, artifact_uri } = logged.info;
    const { add } = await model('made of a model');
    await add({ source: artifact_uri, model_id });
    await add({ source: `models:/${model_id}`, model_id });
    const { model: read } = await mlflow.read<{ model: { info: { tags: unknown } } }>(
      `logged-models/${model_id}`,
    );
    assert.deepEqual(read.info.tags, [
      {
        key: 'mlflow.modelVersions',
        value: '[{"name": "made of a model", "version": 1}, {"name": "made of a model", "version": 2}]',
      },
    ]);
    const missing = { name: 'made of a model', source: 's3://b/m', model_id: `m-${'0'.repeat(32)}` };
    const refused = await mlflow.call('POST', 'model-versions/create', missing);
    assertError(refused, 404, 'RESOURCE_DOES_NOT_EXIST', 'not found');
    assert.equal(await add(), '3', 'nothing of the refused version is kept');
  });

  it('a logged model without a run says that it has none', async () => {
    const { experimentId } = await mlflow.startRun();
    const { model_id, source_run_id } = await newLoggedModel(experimentId);
    assert.equal(source_run_id, '');
    const { model: read } = await mlflow.read<{ model: { info: LoggedInfo } }>(`logged-models/${model_id}`);
    assert.equal(read.info.source_run_id, '');
  });

  it('a change of a logged model whose body names another one changes neither', async () => {
    const { experimentId } = await mlflow.startRun();
    const [one, other] = [await newLoggedModel(experimentId), await newLoggedModel(experimentId)];
    const change = (modelId: string, body: object) =>
      mlflow.call('PATCH', `logged-models/${modelId}`, { status: 'LOGGED_MODEL_READY', ...body });
    assertError(
      await change(one.model_id, { model_id: other.model_id }),
      400,
      'INVALID_PARAMETER_VALUE',
      `The path names the logged model '${one.model_id}' and the body '${other.model_id}'`,
    );
    for (const { model_id } of [one, other]) {
      const { model: read } = await mlflow.read<{ model: { info: LoggedInfo } }>(`logged-models/${model_id}`);
      assert.equal(read.info.status, 'LOGGED_MODEL_PENDING');
    }
    succeeded(await change(one.model_id, {}));
    const unknown = `m-${'0'.repeat(32)}`;
    assertError(await change(unknown, { model_id: unknown }), 404, 'RESOURCE_DOES_NOT_EXIST', 'not found');
  });

  it('a deleted logged model can be changed, and is read by those who ask for deleted ones', async () => {
    const { experimentId } = await mlflow.startRun();
    const { model_id } = await newLoggedModel(experimentId);
    const call = (method: 'POST' | 'PATCH' | 'DELETE', below: string, body: object) =>
      mlflow.call(method, `logged-models/${model_id}${below}`, body);
    succeeded(await call('DELETE', '', {}));
    for (const key of ['kept', 'gone'])
      succeeded(await call('PATCH', '/tags', { tags: [{ key, value: 'v' }] }));
    succeeded(await call('DELETE', '/tags/gone', {}));
    succeeded(await call('POST', '/params', { params: [{ key: 'p', value: '1' }] }));
    succeeded(await call('PATCH', '', { model_id, status: 'LOGGED_MODEL_READY' }));
    assertError(await mlflow.get(`logged-models/${model_id}`), 404, 'RESOURCE_DOES_NOT_EXIST', 'not found');
    const { model: read } = await mlflow.read<{
      model: { info: LoggedInfo & { tags: object }; data: { params: object } };
    }>(`logged-models/${model_id}`, { allow_deleted: true });
    assert.equal(read.info.status, 'LOGGED_MODEL_READY');
    assert.deepEqual(read.info.tags, [{ key: 'kept', value: 'v' }]);
    assert.deepEqual(read.data.params, [{ key: 'p', value: '1' }]);
  });

  it('a model is an output of a run once, and a second time is refused whole', async () => {
    const { runId } = await mlflow.startRun();
    const log = (...ids: string[]) =>
      mlflow.call('POST', 'runs/outputs', {
        run_id: runId,
        models: ids.map((model_id, step) => ({ model_id, step })),
      });
    succeeded(await log('m-a'));
    for (const ids of [
      ['m-b', 'm-a'],
      ['m-b', 'm-b'],
    ])
      assertError(await log(...ids), 400, 'BAD_REQUEST', `has the model '${ids[1]}' as an output already`);
    const none = await mlflow.call('POST', 'runs/outputs', { run_id: runId });
    assertError(none, 400, 'INVALID_PARAMETER_VALUE', "'models'");
    succeeded(await log());
    const { run } = await mlflow.read<{ run: { outputs: object } }>('runs/get', { run_id: runId });
    assert.deepEqual(run.outputs, { model_outputs: [{ model_id: 'm-a', step: 0 }] });
  });

  it('a data set tells no schema and no profile that are empty', async () => {
    const { runId } = await mlflow.startRun();
    const dataset = { name: 'd', digest: '1', source_type: 'local', source: 's' };
    const datasets = [{ dataset: { ...dataset, schema: '', profile: '' } }];
    await mlflow.post('runs/log-inputs', { run_id: runId, datasets });
    const { run } = await mlflow.read<{ run: { inputs: object } }>('runs/get', { run_id: runId });
    assert.deepEqual(run.inputs, { dataset_inputs: [{ dataset }] });
  });

  it('a prompt is kept as a version whose source is no place', async () => {
    const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
    await mlflow.post('registered-models/create', { name: 'greeting', tags });
    const body = { name: 'greeting', source: 'prompt-template', tags };
    await mlflow.post('model-versions/create', body);
    const asked = "tag.`mlflow.prompt.is_prompt` = 'true' AND name = 'greeting'";
    for (const search of ['registered-models/search', 'model-versions/search']) {
      assert.deepEqual(await mlflow.read(search, { filter: "name = 'greeting'" }), {}, search);
      assert.notDeepEqual(await mlflow.read(search, { filter: asked }), {}, search);
    }
    const { items } = await daemon.client.call(listModels, {});
    assert.ok(!items.some(({ name }) => name === 'greeting'), 'the editor lists models, not prompts');
    const local = await mlflow.call('POST', 'model-versions/create', { ...body, source: '/etc/passwd' });
    assertError(local, 400, 'INVALID_PARAMETER_VALUE', 'Local source paths are not allowed');
  });

  it('versions in one order are sorted by name, and then the newest first', async () => {
    const [one, two] = [await model('sorted one'), await model('sorted two')];
    for (const { add } of [two, one, two, one]) await add();
    const { model_versions } = await mlflow.read<{ model_versions: Info[] }>('model-versions/search', {
      filter: "name LIKE 'sorted %'",
      order_by: ['version_number DESC'],
    });
    assert.deepEqual(
      model_versions.map(({ name, version }) => `${name} ${version}`),
      ['sorted one 2', 'sorted two 2', 'sorted one 1', 'sorted two 1'],
    );
  });

  it('tags, aliases and descriptions of versions leave the time of a change as it was', async () => {
    const name = 'times';
    const { add, updated, versionUpdated } = await model(name);
    const version = await add();
    const [before, versionBefore] = [await updated(), await versionUpdated(version)];
    await mlflow.post('registered-models/set-tag', { name, key: 'k', value: 'v' });
    await mlflow.post('registered-models/alias', { name, alias: 'best', version });
    await mlflow.post('model-versions/set-tag', { name, version, key: 'k', value: 'v' });
    assert.deepEqual([await updated(), await versionUpdated(version)], [before, versionBefore]);
    while (Date.now() === versionBefore);
    succeeded(await mlflow.call('PATCH', 'model-versions/update', { name, version, description: 'd' }));
    assert.equal(await updated(), before);
    assert.ok((await versionUpdated(version)) > versionBefore);
  });

  it('a sampled history has every point at the steps that the server takes', async () => {
    const { runId } = await mlflow.startRun();
    const metrics = Array.from({ length: 20 }, (_, place) => ({
      key: 'm',
      value: 10,
      step: place % 10,
      timestamp: 1 + Math.floor(place / 10),
    }));
    await mlflow.post('runs/log-batch', { run_id: runId, metrics });
    const answer = await mlflow.read<{ metrics: { step: number; timestamp: number }[] }>(
      'metrics/get-history-bulk-interval',
      { run_ids: [runId], metric_key: 'm', max_results: 5 },
    );
    assert.deepEqual(
      answer.metrics.map(({ step, timestamp }) => [step, timestamp]),
      [0, 2, 4, 6, 8, 9].flatMap(step => [
        [step, 1],
        [step, 2],
      ]),
    );
  });

  it('an upload from a page needs some content', async () => {
    const { runId } = await mlflow.startRun();
    const place = `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${runId}&path=a.txt`;
    assertError(
      await mlflow.send('POST', place),
      400,
      'INVALID_PARAMETER_VALUE',
      'Request must specify data.',
    );
    succeeded(await mlflow.send('POST', place, 'text'));
  });

  it('an address with one slash too many is understood', async () => {
    const query = 'name=none&version=1&path=../secret';
    const answer = await mlflow.send('GET', `//model-versions/get-artifact?${query}`);
    assertError(answer, 400, 'INVALID_PARAMETER_VALUE', 'Invalid path');
  });

  it('there are no presigned addresses, which clients take from the answer', async () => {
    const { runId } = await mlflow.startRun();
    for (const direction of ['upload', 'download']) {
      const ask = (run_id: string) =>
        mlflow.call('POST', `artifacts/presigned-${direction}-url`, { run_id, path: 'a.txt' });
      const message = `Presigned ${direction} is not supported`;
      assertError(await ask(runId), 400, 'INVALID_PARAMETER_VALUE', message);
      assertError(await ask('none'), 404, 'RESOURCE_DOES_NOT_EXIST', 'none');
    }
  });

  for (const [method, path] of [
    ['POST', '/api/3.0/mlflow/traces'],
    ['GET', '/api/2.0/mlflow/traces/tr-1/info'],
    ['POST', '/api/3.0/mlflow/scorers/register'],
    ['POST', '/api/3.0/mlflow/gateway/secrets/create'],
    ['POST', '/api/3.0/mlflow/datasets/create'],
    ['GET', '/api/3.0/mlflow/workspaces'],
    ['POST', '/ajax-api/2.0/mlflow/gateway-proxy'],
    ['POST', '/graphql'],
  ] as const)
    it(`${method} ${path} is told to be none, in JSON`, async () => {
      const body = method === 'GET' ? undefined : '{}';
      const answer = await mlflow.send(method, path, body, { 'content-type': 'application/json' });
      assertError(answer, 404, 'ENDPOINT_NOT_FOUND', path);
    });

  it('traces in the format of OpenTelemetry are told that they are not kept', async () => {
    const headers = { 'content-type': 'application/x-protobuf' };
    assertError(
      await mlflow.send('POST', '/v1/traces', '\0', headers),
      404,
      'ENDPOINT_NOT_FOUND',
      '/v1/traces',
    );
  });
});
