/** Holds what the daemon says of an imported store against what its own tracker said. */
import assert from 'node:assert/strict';
import { getSeries } from '../../daemon/contract/runs.ts';
import type { TestDaemon } from './daemon.ts';
import type {
  ExpectedExperiment,
  ExpectedModel,
  ExpectedPoint,
  ExpectedRun,
  Pairs,
} from './foreign-stores.ts';
import { MlflowWire } from './mlflow.ts';

interface Pair {
  readonly key: string;
  readonly value: string;
}

/** A run as it is on MLflow's wire. */
export interface WireRun {
  readonly info: Readonly<Record<string, string | number>>;
  readonly data: { readonly metrics?: Pair[]; readonly params?: Pair[]; readonly tags?: Pair[] };
  readonly inputs?: { readonly dataset_inputs?: { tags?: Pair[]; dataset: Record<string, string> }[] };
  readonly outputs?: { readonly model_outputs?: { model_id: string; step?: number }[] };
}

interface WireModel {
  readonly info: Readonly<Record<string, unknown>>;
  readonly data?: { readonly params?: Pair[]; readonly metrics?: Record<string, unknown>[] };
}

type Json = Readonly<Record<string, unknown>>;

/** Compares things that were imported under a prefix. */
export class StoreComparison {
  readonly #daemon: TestDaemon;
  readonly #mlflow: MlflowWire;
  readonly #prefix: string;

  constructor(daemon: TestDaemon, prefix: string) {
    this.#daemon = daemon;
    this.#mlflow = new MlflowWire(daemon);
    this.#prefix = prefix;
  }

  /** Everything of an experiment: its runs with their metrics, files, data sets, and its logged models. */
  async experiment(expected: ExpectedExperiment): Promise<void> {
    const found = await this.findExperiment(expected.name);
    assert.deepEqual(
      { lifecycle: found.lifecycle_stage, created: found.creation_time, tags: toMap(found.tags as Pair[]) },
      { lifecycle: expected.lifecycle, created: expected.created ?? 0, tags: sorted(expected.tags) },
    );
    const id = found.experiment_id as string;
    const runs = await this.runsOf(id);
    assert.equal(runs.size, expected.runs.length);
    for (const run of expected.runs) {
      const lifecycle = expected.lifecycle === 'deleted' ? 'deleted' : run.lifecycle;
      await this.#run({ ...run, lifecycle }, runs.get(run.id) as WireRun);
    }
    if (expected.loggedModels) await this.#loggedModels(id, expected.loggedModels);
  }

  /** Everything of a registered model, and that the files of its versions are here. */
  async model(expected: ExpectedModel): Promise<void> {
    const { registered_model: found } = await this.#mlflow.read<{ registered_model: Json }>(
      'registered-models/get',
      { name: this.#prefix + expected.name },
    );
    const aliases = (found.aliases ?? []) as { alias: string; version: string }[];
    assert.deepEqual(
      {
        description: found.description ?? '',
        created: found.creation_timestamp,
        tags: toMap(found.tags as Pair[]),
        aliases: Object.fromEntries(aliases.map(each => [each.alias, Number(each.version)])),
      },
      {
        description: expected.description,
        created: expected.created,
        tags: expected.tags,
        aliases: Object.fromEntries(
          Object.entries(expected.aliases).map(([alias, version]) => [alias, Number(version)]),
        ),
      },
    );
    await this.#versions(expected);
  }

  /** An experiment of the store, by the name it has there. */
  async findExperiment(name: string): Promise<Json> {
    const query = { experiment_name: this.#prefix + name };
    return (await this.#mlflow.read<{ experiment: Json }>('experiments/get-by-name', query)).experiment;
  }

  /** Runs of an experiment by their ids, deleted ones too. */
  async runsOf(experimentId: string): Promise<Map<string, WireRun>> {
    const search = { experiment_ids: [experimentId], run_view_type: 'ALL' };
    const { runs = [] } = await this.#mlflow.post<{ runs?: WireRun[] }>('runs/search', search);
    return new Map(runs.map(run => [String(run.info.run_id), run]));
  }

  async #run(expected: ExpectedRun, found: WireRun): Promise<void> {
    const { info, data } = found;
    const { name, user, status, lifecycle, start } = expected;
    assert.deepEqual(
      [info.run_name ?? '', info.user_id ?? '', info.status, info.lifecycle_stage, info.start_time],
      [name, user, status, lifecycle, start],
    );
    assert.equal(info.end_time ?? null, expected.end || null);
    assert.deepEqual(toMap(data.params), sorted(expected.params));
    assert.deepEqual(toMap(data.tags), sorted(expected.tags));
    assert.deepEqual(
      (data.metrics ?? []).map(metric => metric.key).sort(),
      Object.keys(expected.metrics).sort(),
    );
    for (const [key, points] of Object.entries(expected.metrics))
      assert.deepEqual(await this.#history(expected.id, key), points.map(comparable).sort());
    assert.deepEqual(await this.#artifacts(expected.id), expected.artifacts);
    if ('notes/hello.txt' in expected.artifacts) {
      const file = `/get-artifact?run_id=${expected.id}&path=notes/hello.txt`;
      assert.equal((await this.#mlflow.send('GET', file)).body.toString(), 'hello\n');
    }
    compareLinks(expected, found);
  }

  /** From the native API: MLflow's wire has no infinities. */
  async #history(runId: string, key: string): Promise<string[]> {
    const query = { key: [key], buckets: 1000 };
    const { series } = await this.#daemon.client.call(getSeries, { params: { runId }, query });
    const points = series[0]?.points ?? [];
    return points.map(({ timestamp, step, value }) => comparable([timestamp, step, String(value)])).sort();
  }

  async #artifacts(runId: string, folder = ''): Promise<Record<string, number>> {
    const { files = [] } = await this.#mlflow.read<{
      files?: { path: string; is_dir: boolean; file_size?: number }[];
    }>('artifacts/list', { run_id: runId, path: folder });
    const found: Record<string, number> = {};
    for (const file of files)
      if (file.is_dir) Object.assign(found, await this.#artifacts(runId, file.path));
      else found[file.path] = file.file_size ?? 0;
    return found;
  }

  async #loggedModels(
    experimentId: string,
    expected: NonNullable<ExpectedExperiment['loggedModels']>,
  ): Promise<void> {
    const search = { experiment_ids: [experimentId] };
    const { models = [] } = await this.#mlflow.post<{ models?: WireModel[] }>('logged-models/search', search);
    assert.deepEqual(
      models.map(describeLoggedModel),
      expected.map(model => ({ ...model, type: model.type || null, tags: sorted(model.tags) })),
    );
  }

  async #versions(expected: ExpectedModel): Promise<void> {
    const filter = `name='${this.#prefix}${expected.name}'`;
    const { model_versions: versions = [] } = await this.#mlflow.read<{ model_versions?: Json[] }>(
      'model-versions/search',
      { filter },
    );
    const found = versions.map(describeVersion);
    assert.deepEqual(
      found.sort((left, right) => Number(left.version) - Number(right.version)),
      expected.versions,
    );
    for (const { name, version } of versions) {
      const query = { name: String(name), version: String(version) };
      const { artifact_uri: uri } = await this.#mlflow.read<{ artifact_uri: string }>(
        'model-versions/get-download-uri',
        query,
      );
      assert.match(uri, /^mlflow-artifacts:\//);
      const folder = uri.replace('mlflow-artifacts:', '/api/2.0/mlflow-artifacts/artifacts');
      assert.match(
        (await this.#mlflow.send('GET', `${folder}/MLmodel`)).body.toString(),
        /loader_module: doubling/,
      );
    }
  }
}

/** Data sets and models that a run read and made. */
function compareLinks(expected: ExpectedRun, found: WireRun): void {
  const datasets = (found.inputs?.dataset_inputs ?? []).map(({ dataset, tags }) => ({
    ...{ schema: null, profile: null, ...dataset },
    tags: toMap(tags),
  }));
  const outputs = (found.outputs?.model_outputs ?? []).map(output => [output.model_id, output.step ?? 0]);
  assert.deepEqual(datasets, expected.datasets ?? []);
  assert.deepEqual(outputs, expected.outputs ?? []);
}

function describeVersion(version: Json) {
  return {
    version: version.version,
    stage: version.current_stage,
    description: version.description ?? '',
    created: version.creation_timestamp,
    run: version.run_id ?? '',
    tags: toMap(version.tags as Pair[]),
  };
}

function describeLoggedModel({ info, data }: WireModel) {
  const metrics = data?.metrics ?? [];
  return {
    id: info.model_id,
    name: info.name,
    type: info.model_type || null,
    status: String(info.status).replace('LOGGED_MODEL_', ''),
    run: info.source_run_id,
    created: info.creation_timestamp_ms,
    params: toMap(data?.params),
    tags: toMap(info.tags as Pair[]),
    metrics: metrics.map(each => [each.key, each.step, String(each.value), each.run_id]),
  };
}

function toMap(pairs: readonly Pair[] = []): Pairs {
  return sorted(Object.fromEntries(pairs.map(({ key, value }) => [key, value])));
}

function sorted(map: Pairs): Pairs {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A point as text: Python and JSON write the same doubles differently. */
function comparable([timestamp, step, value]: ExpectedPoint): string {
  const number = Number(value.replace(/inf$/, 'Infinity').replace('nan', 'NaN'));
  return [timestamp, step, number].join(' ');
}
