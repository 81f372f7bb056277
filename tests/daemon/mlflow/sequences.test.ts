/** What the Python clients (2.22 and 3.x) send for the calls people make, in their order, and what they read of the answers. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { assertError, MlflowWire, proxyPath, succeeded } from '../../support/mlflow.ts';

interface RunAnswer {
  run: {
    info: {
      run_id: string;
      run_uuid: string;
      run_name: string;
      artifact_uri: string;
      [field: string]: unknown;
    };
    data: {
      metrics?: { key: string; value: number | string; timestamp: number; step: number }[];
      params?: { key: string; value: string }[];
      tags?: { key: string; value: string }[];
    };
    inputs: object;
    outputs?: object;
  };
}
interface ModelAnswer {
  model: {
    info: { model_id: string; artifact_uri: string; status: string; [field: string]: unknown };
    data: object;
  };
}
interface VersionAnswer {
  model_version: { version: string; current_stage: string; status: string; source: string; run_id: string };
}

describe('the calls of MLflow clients', () => {
  let daemon: TestDaemon;
  let mlflow: MlflowWire;
  before(async () => {
    daemon = await startDaemon();
    mlflow = new MlflowWire(daemon);
  });
  after(() => daemon.dispose());

  it('set_experiment: a new name is looked up, made and read', async () => {
    const name = 'sales é';
    const miss = await mlflow.get('experiments/get-by-name', { experiment_name: name });
    assertError(miss, 404, 'RESOURCE_DOES_NOT_EXIST', `Could not find experiment with name '${name}'`);
    const { experiment_id } = await mlflow.post<{ experiment_id: string }>('experiments/create', {
      name,
      artifact_location: null,
      tags: [],
    });
    const { experiment } = await mlflow.read<{ experiment: Record<string, unknown> }>('experiments/get', {
      experiment_id,
    });
    const { creation_time, last_update_time, ...rest } = experiment;
    assert.equal(typeof creation_time, 'number');
    assert.equal(typeof last_update_time, 'number');
    assert.deepEqual(rest, {
      experiment_id,
      name,
      artifact_location: `mlflow-artifacts:/${experiment_id}`,
      lifecycle_stage: 'active',
    });
    const found = await mlflow.read<{ experiment: { experiment_id: string } }>('experiments/get-by-name', {
      experiment_name: name,
    });
    assert.equal(found.experiment.experiment_id, experiment_id);
  });

  it('start_run without an experiment goes to the experiment 0, which is there', async () => {
    const { run } = await mlflow.post<RunAnswer>('runs/create', {
      experiment_id: '0',
      user_id: 'ada',
      start_time: 5,
      tags: [{ key: 'mlflow.user', value: 'ada' }],
    });
    const { run_id, run_name, ...info } = run.info;
    assert.match(run_id, /^[0-9a-f]{32}$/);
    assert.deepEqual(info, {
      run_uuid: run_id,
      experiment_id: '0',
      user_id: 'ada',
      status: 'RUNNING',
      start_time: 5,
      artifact_uri: `mlflow-artifacts:/0/${run_id}/artifacts`,
      lifecycle_stage: 'active',
    });
    assert.deepEqual(run.data.tags, [
      { key: 'mlflow.runName', value: run_name },
      { key: 'mlflow.user', value: 'ada' },
    ]);
    assert.deepEqual(run.inputs, {});
    assert.equal(run.outputs, undefined);
  });

  it('a run: params, metrics, tags, one by one and in batches, then its end', async () => {
    const { runId } = await mlflow.startRun();
    await mlflow.post('runs/log-parameter', { run_uuid: runId, run_id: runId, key: 'lr', value: '0.1' });
    await mlflow.post('runs/log-parameter', { run_uuid: runId, run_id: runId, key: 'empty', value: '' });
    await mlflow.post('runs/log-metric', {
      run_uuid: runId,
      run_id: runId,
      key: 'loss',
      value: 0.5,
      timestamp: 1000,
      step: 1,
    });
    await mlflow.post('runs/log-batch', {
      run_id: runId,
      metrics: [
        { key: 'loss', value: 0.25, timestamp: 2000, step: 2, run_id: runId },
        { key: 'nan', value: 'NaN', timestamp: 2000, step: 0 },
        { key: 'inf', value: 'Infinity', timestamp: '2000', step: '0' },
        { key: 'low', value: '-Infinity', timestamp: 2000, step: 0 },
      ],
      params: [{ key: 'depth', value: '6' }],
      tags: [{ key: 'team', value: 'sales' }],
    });
    await mlflow.post('runs/set-tag', { run_uuid: runId, run_id: runId, key: 'note', value: '' });
    await mlflow.post('runs/update', { run_uuid: runId, run_id: runId, status: 'FINISHED', end_time: 9000 });

    const { run } = await mlflow.read<RunAnswer>('runs/get', { run_uuid: runId, run_id: runId });
    assert.equal(run.info.status, 'FINISHED');
    assert.equal(run.info.end_time, 9000);
    assert.deepEqual(run.inputs, {});
    assert.deepEqual(run.outputs, {});
    assert.deepEqual(Object.fromEntries((run.data.params ?? []).map(param => [param.key, param.value])), {
      lr: '0.1',
      empty: '',
      depth: '6',
    });
    assert.deepEqual(Object.fromEntries((run.data.metrics ?? []).map(metric => [metric.key, metric.value])), {
      loss: 0.25,
      nan: 'NaN',
      inf: Number.MAX_VALUE,
      low: -Number.MAX_VALUE,
    });

    const first = await mlflow.read<{ metrics: object[]; next_page_token: string }>('metrics/get-history', {
      run_uuid: runId,
      run_id: runId,
      metric_key: 'loss',
      max_results: 1,
    });
    assert.deepEqual(first.metrics, [{ key: 'loss', value: 0.5, timestamp: 1000, step: 1 }]);
    const second = await mlflow.read<{ metrics: object[] }>('metrics/get-history', {
      run_id: runId,
      metric_key: 'loss',
      max_results: 1,
      page_token: first.next_page_token,
    });
    assert.deepEqual(second, { metrics: [{ key: 'loss', value: 0.25, timestamp: 2000, step: 2 }] });
  });

  it('a run is resumed, deleted and restored', async () => {
    const { runId, experimentId } = await mlflow.startRun();
    const search = (run_view_type: string) =>
      mlflow.post<{ runs?: RunAnswer['run'][] }>('runs/search', {
        experiment_ids: [experimentId],
        run_view_type,
      });
    await mlflow.post('runs/update', { run_id: runId, status: 'FINISHED', end_time: 9000 });
    const { run_info } = await mlflow.post<{ run_info: { status: string } }>('runs/update', {
      run_id: runId,
      status: 1,
      end_time: 9000,
    });
    assert.equal(run_info.status, 'RUNNING');
    await mlflow.post('runs/delete', { run_id: runId });
    assert.deepEqual(await search('ACTIVE_ONLY'), {});
    assert.equal((await search('DELETED_ONLY')).runs?.[0]?.info.run_id, runId);
    assertError(
      await mlflow.call('POST', 'runs/set-tag', { run_id: runId, key: 'a', value: 'b' }),
      400,
      'INVALID_PARAMETER_VALUE',
      `The run ${runId} must be in the 'active' state. Current state is deleted.`,
    );
    await mlflow.post('runs/restore', { run_id: runId });
    assert.equal((await search('ALL')).runs?.length, 1);
  });

  it('search_runs pages until there is no token', async () => {
    const { experimentId } = await mlflow.startRun();
    for (const start_time of [2000, 3000])
      await mlflow.post('runs/create', { experiment_id: experimentId, start_time });
    const seen: unknown[] = [];
    let page_token: string | undefined;
    do {
      const page = await mlflow.post<{ runs?: RunAnswer['run'][]; next_page_token?: string }>('runs/search', {
        experiment_ids: [experimentId],
        filter: '',
        run_view_type: 'ACTIVE_ONLY',
        max_results: '1',
        order_by: [],
        page_token,
      });
      seen.push(...(page.runs ?? []).map(run => run.info.start_time));
      page_token = page.next_page_token;
    } while (page_token);
    assert.deepEqual(seen, [3000, 2000, 1000]);
  });

  it('artifacts: uploaded, listed by name, downloaded, deleted', async () => {
    const { runId, artifacts } = await mlflow.startRun();
    await mlflow.upload(`${artifacts}/plots/2 é.txt`, 'text');
    succeeded(
      await mlflow.send('PUT', proxyPath(`${artifacts}/config.json`), '{"a": 1}', {
        'content-type': 'application/json',
      }),
    );
    const chunked = await mlflow.send('PUT', proxyPath(`${artifacts}/empty`), '', {
      'transfer-encoding': 'chunked',
    });
    assert.deepEqual(succeeded(chunked), {});

    const list = async (path: string) =>
      succeeded(
        await mlflow.send('GET', `/api/2.0/mlflow-artifacts/artifacts?path=${encodeURIComponent(path)}`),
      );
    assert.deepEqual(await list(artifacts), {
      files: [
        { path: 'config.json', is_dir: false, file_size: 8 },
        { path: 'empty', is_dir: false, file_size: 0 },
        { path: 'plots', is_dir: true },
      ],
    });
    assert.deepEqual(await list(`${artifacts}/config.json`), {});
    assert.deepEqual(await list(`${artifacts}/nothing`), {});
    assert.deepEqual(await mlflow.read('artifacts/list', { run_id: runId, path: 'plots' }), {
      root_uri: `mlflow-artifacts:/${artifacts}`,
      files: [{ path: 'plots/2 é.txt', is_dir: false, file_size: 4 }],
    });

    const got = await mlflow.send('GET', proxyPath(`${artifacts}/plots/2 é.txt`));
    assert.equal(got.body.toString(), 'text');
    assert.equal(got.headers['content-type'], 'text/plain');
    assert.match(got.headers['content-disposition'] ?? '', /^attachment/);
    assert.equal(got.headers['x-content-type-options'], 'nosniff');
    const empty = await mlflow.send('GET', proxyPath(`${artifacts}/empty`));
    assert.deepEqual([empty.status, empty.body.length], [200, 0]);

    for (let times = 0; times < 2; times += 1)
      succeeded(await mlflow.send('DELETE', proxyPath(`${artifacts}/plots`)));
    assertError(
      await mlflow.send('GET', proxyPath(`${artifacts}/plots/2 é.txt`)),
      404,
      'RESOURCE_DOES_NOT_EXIST',
      'No such artifact',
    );
  });

  it('an artifact tells its SHA-256, and is not given out once its file was changed behind the daemon', async () => {
    const { artifacts } = await mlflow.startRun();
    await mlflow.upload(`${artifacts}/a.bin`, 'hello');
    const { headers } = await mlflow.send('HEAD', proxyPath(`${artifacts}/a.bin`));
    assert.equal(headers.etag, '"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"');
    assert.equal(headers['content-length'], '5');
    fs.appendFileSync(path.join(daemon.place.store, 'artifacts', artifacts, 'a.bin'), '!');
    const changed = await mlflow.send('GET', proxyPath(`${artifacts}/a.bin`));
    assertError(changed, 410, 'DATA_LOSS', 'is damaged');
    assert.equal(changed.headers.etag, undefined);
  });

  it('log_model and register of MLflow 3: a logged model, its files, a version of it', async () => {
    const { runId, experimentId } = await mlflow.startRun();
    const { model } = await mlflow.post<ModelAnswer>('logged-models', {
      experiment_id: experimentId,
      name: 'model',
      source_run_id: runId,
      tags: [{ key: 't', value: '1' }],
      params: [{ key: 'p', value: '2' }],
    });
    const { model_id } = model.info;
    assert.match(model_id, /^m-[0-9a-f]{32}$/);
    assert.equal(model.info.status, 'LOGGED_MODEL_PENDING');
    assert.equal(model.info.artifact_uri, `mlflow-artifacts:/${experimentId}/models/${model_id}/artifacts`);
    await mlflow.post('runs/outputs', { run_id: runId, models: [{ model_id, step: 0 }] });
    await mlflow.upload(`${experimentId}/models/${model_id}/artifacts/MLmodel`, 'flavors: {}');
    const ready = await mlflow.call('PATCH', `logged-models/${model_id}`, {
      model_id,
      status: 'LOGGED_MODEL_READY',
    });
    assert.equal(succeeded<ModelAnswer>(ready).model.info.status, 'LOGGED_MODEL_READY');

    await mlflow.post('registered-models/create', { name: 'three' });
    assertError(
      await mlflow.call('POST', 'registered-models/create', { name: 'three' }),
      400,
      'RESOURCE_ALREADY_EXISTS',
      'Registered Model (name=three) already exists.',
    );
    const { model_version } = await mlflow.post<VersionAnswer>('model-versions/create', {
      name: 'three',
      source: `models:/${model_id}`,
      model_id,
      tags: [],
    });
    assert.equal(model_version.status, 'READY');
    assert.equal(model_version.source, `models:/${model_id}`);
    assert.equal(model_version.run_id, runId);
    succeeded(
      await mlflow.call('PATCH', `logged-models/${model_id}/tags`, {
        tags: [{ key: 'mlflow.modelVersions', value: '[{"name": "three", "version": "1"}]' }],
      }),
    );
    assert.deepEqual(await mlflow.read('model-versions/get-download-uri', { name: 'three', version: '1' }), {
      artifact_uri: model.info.artifact_uri,
    });

    await mlflow.post('runs/log-metric', {
      run_id: runId,
      key: 'rmspe',
      value: 0.09,
      timestamp: 1,
      model_id,
      dataset_name: 'holdout',
      dataset_digest: 'abc',
    });
    const measured = await mlflow.read<{ model: { data: { metrics: object[] } } }>(
      `logged-models/${model_id}`,
    );
    assert.deepEqual(measured.model.data.metrics, [
      {
        key: 'rmspe',
        value: 0.09,
        timestamp: 1,
        step: 0,
        run_id: runId,
        model_id,
        dataset_name: 'holdout',
        dataset_digest: 'abc',
      },
    ]);
    const search = (filter: string) =>
      mlflow.post<{ models?: ModelAnswer['model'][] }>('logged-models/search', {
        experiment_ids: [experimentId],
        filter,
      });
    for (const filter of [
      "name = 'model'",
      `source_run_id = '${runId}'`,
      "metrics.rmspe < 0.1 AND params.p = '2' AND tags.t = '1'",
      "status = 'LOGGED_MODEL_READY'",
      'attributes.status = 2',
    ])
      assert.equal((await search(filter)).models?.[0]?.info.model_id, model_id, filter);
    assert.deepEqual(await search("name = 'other'"), {});
    assert.deepEqual(await search('metrics.rmspe > 0.1'), {});

    succeeded(await mlflow.call('DELETE', `logged-models/${model_id}`, { model_id }));
    assertError(
      await mlflow.get(`logged-models/${model_id}`),
      404,
      'RESOURCE_DOES_NOT_EXIST',
      `Logged model with ID '${model_id}' not found.`,
    );
  });

  it('log_model and register of MLflow 2: files of the run, and a version of them', async () => {
    const { runId, artifacts } = await mlflow.startRun();
    await mlflow.upload(`${artifacts}/model/MLmodel`, 'flavors: {}');
    await mlflow.post('runs/log-model', {
      run_id: runId,
      model_json: JSON.stringify({
        run_id: runId,
        artifact_path: 'model',
        utc_time_created: '2026-01-01',
        flavors: { python_function: {} },
      }),
    });
    const { run } = await mlflow.read<RunAnswer>('runs/get', { run_id: runId });
    const history = run.data.tags?.find(tag => tag.key === 'mlflow.log-model.history');
    assert.equal(JSON.parse(history?.value ?? '[]')[0].artifact_path, 'model');
    await mlflow.post('registered-models/create', { name: 'two' });
    const source = `mlflow-artifacts:/${artifacts}/model`;
    for (const version of ['1', '2']) {
      const made = await mlflow.post<VersionAnswer>('model-versions/create', {
        name: 'two',
        source,
        run_id: runId,
      });
      assert.equal(made.model_version.version, version);
      assert.equal(made.model_version.current_stage, 'None');
    }
    const file = await mlflow.send('GET', '/model-versions/get-artifact?name=two&version=1&path=MLmodel');
    assert.equal(file.body.toString(), 'flavors: {}');
  });

  it('a model is found by version, stage and alias', async () => {
    const { runId, artifacts } = await mlflow.startRun();
    await mlflow.post('registered-models/create', { name: 'staged' });
    for (let version = 1; version <= 3; version += 1)
      await mlflow.post('model-versions/create', {
        name: 'staged',
        source: `mlflow-artifacts:/${artifacts}/${version}`,
        run_id: runId,
      });
    const move = (version: string, stage: string, archive_existing_versions = false) =>
      mlflow.post<VersionAnswer>('model-versions/transition-stage', {
        name: 'staged',
        version,
        stage,
        archive_existing_versions,
      });
    await move('1', 'staging');
    const { model_version } = await move('2', 'Staging', true);
    assert.equal(model_version.current_stage, 'Staging');
    const latest = await mlflow.post<{ model_versions: VersionAnswer['model_version'][] }>(
      'registered-models/get-latest-versions',
      { name: 'staged' },
    );
    assert.deepEqual(
      Object.fromEntries(latest.model_versions.map(each => [each.current_stage, each.version])),
      { None: '3', Staging: '2', Archived: '1' },
    );
    const staging = await mlflow.read<{ model_versions: VersionAnswer['model_version'][] }>(
      'registered-models/get-latest-versions',
      { name: 'staged', stages: ['Staging'] },
    );
    assert.equal(staging.model_versions[0]?.version, '2');

    await mlflow.post('registered-models/alias', { name: 'staged', alias: 'champion', version: '3' });
    const byAlias = await mlflow.read<VersionAnswer>('registered-models/alias', {
      name: 'staged',
      alias: 'champion',
    });
    assert.equal(byAlias.model_version.version, '3');
    assertError(
      await mlflow.get('registered-models/alias', { name: 'staged', alias: 'nobody' }),
      400,
      'INVALID_PARAMETER_VALUE',
      'Registered model alias nobody not found.',
    );
    succeeded(await mlflow.call('DELETE', 'model-versions/delete', { name: 'staged', version: '3' }));
    assertError(
      await mlflow.get('registered-models/alias', { name: 'staged', alias: 'champion' }),
      400,
      'INVALID_PARAMETER_VALUE',
      'not found',
    );
    const next = await mlflow.post<VersionAnswer>('model-versions/create', {
      name: 'staged',
      source: 'models:/staged/1',
    });
    assert.equal(next.model_version.version, '4', 'the number of a deleted version is not given again');
    assert.deepEqual(await mlflow.read('model-versions/get-download-uri', { name: 'staged', version: '4' }), {
      artifact_uri: `mlflow-artifacts:/${artifacts}/1`,
    });
  });

  it('models and versions are searched; prompts stay out of sight unless they are asked for', async () => {
    const names = async (filter?: string) => {
      const { registered_models = [] } = await mlflow.read<{ registered_models?: { name: string }[] }>(
        'registered-models/search',
        { filter, max_results: 100, order_by: ['name DESC'] },
      );
      return registered_models.map(model => model.name).filter(name => name.startsWith('find'));
    };
    await mlflow.post('registered-models/create', { name: 'find-a', tags: [{ key: 'team', value: 'x' }] });
    await mlflow.post('registered-models/create', { name: 'find-b' });
    await mlflow.post('registered-models/create', {
      name: 'find-prompt',
      tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }],
    });
    assert.deepEqual(await names(), ['find-b', 'find-a']);
    assert.deepEqual(await names("tag.`mlflow.prompt.is_prompt` != 'true'"), ['find-b', 'find-a']);
    assert.deepEqual(await names("tag.`mlflow.prompt.is_prompt` = 'true'"), ['find-prompt']);
    assert.deepEqual(await names("name ILIKE 'FIND-%' AND tags.team = 'x'"), ['find-a']);

    await mlflow.post('model-versions/create', { name: 'find-a', source: 'mlflow-artifacts:/x/y' });
    await mlflow.post('model-versions/create', { name: 'find-a', source: 'mlflow-artifacts:/x/z' });
    const versions = async (filter: string) => {
      const { model_versions = [] } = await mlflow.read<{ model_versions?: { version: string }[] }>(
        'model-versions/search',
        { filter, max_results: 10_000, order_by: ['version_number ASC'] },
      );
      return model_versions.map(version => version.version);
    };
    assert.deepEqual(await versions("name = 'find-a'"), ['1', '2']);
    assert.deepEqual(await versions("name='find-a' and version_number > 1"), ['2']);
    assert.deepEqual(await versions("name='find-a' and version_number = '1'"), ['1']);
    assert.deepEqual(await versions("source_path LIKE '%/z'"), ['2']);
    assert.deepEqual(await versions("run_id = 'none'"), []);
  });

  it('what clients ask of the server itself', async () => {
    assert.equal((await mlflow.send('GET', '/health')).body.toString(), 'OK');
    assert.match((await mlflow.send('GET', '/version')).body.toString(), /^3\.\d+\.\d+$/);
    for (const prefix of ['/api/3.0', '/ajax-api/3.0']) {
      const info = succeeded(await mlflow.send('GET', `${prefix}/mlflow/server-info`));
      assert.equal(info.multipart_uploads_enabled, true);
      assert.equal(info.multipart_downloads_enabled, false);
      assert.equal(info.workspaces_enabled, false);
    }
    assertError(
      await mlflow.send('GET', '/api/2.0/mlflow-artifacts/presigned/0/a'),
      501,
      'NOT_IMPLEMENTED',
      /^Multipart download is not supported for the current artifact repository/,
    );
  });
});
