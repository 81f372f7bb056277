/** Runs of an MLflow or FastTrackML database. */
import { type DatasetInput, RunStatus } from '../../contract/runs.ts';
import { contextSuffix } from '../context.ts';
import { Unreadable } from '../folder.ts';
import type { ArtifactFinder } from '../locate-artifacts.ts';
import type { SourceMetric, SourceRun } from '../model.ts';
import { PointColumns } from '../points.ts';
import { type ForeignDatabase, integer, lifecycle, type Row, required, text } from './foreign.ts';
import { isKey, pairs } from './values.ts';

const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/;

const COLUMNS =
  'run_uuid experiment_id name user_id status lifecycle_stage start_time end_time deleted_time artifact_uri'.split(
    ' ',
  );

/** Reads runs one by one. */
export class RunRows {
  readonly #database: ForeignDatabase;
  readonly #finder: ArtifactFinder;
  readonly #runSql: string;
  readonly #pointSql: string;

  constructor(database: ForeignDatabase, finder: ArtifactFinder) {
    this.#database = database;
    this.#finder = finder;
    const column = (name: string) => `${database.column('runs', name)} AS ${name}`;
    this.#runSql = `SELECT ${COLUMNS.map(column).join(', ')}, experiments.lifecycle_stage AS experiment_lifecycle
      FROM runs LEFT JOIN experiments ON experiments.experiment_id = runs.experiment_id WHERE run_uuid = ?`;
    const context = database.has('contexts', 'json') && database.has('metrics', 'context_id');
    this.#pointSql = `SELECT metrics.key, metrics.value, metrics.timestamp,
        ${database.column('metrics', 'step', '0')} AS step, ${database.column('metrics', 'is_nan', '0')} AS is_nan,
        ${context ? 'json(contexts.json)' : 'NULL'} AS context
      FROM metrics ${context ? 'LEFT JOIN contexts ON contexts.id = metrics.context_id' : ''}
      WHERE metrics.run_uuid = ? ORDER BY metrics.key`;
  }

  /** Ids of all runs, as they stand there. */
  ids(): unknown[] {
    const rows = this.#database.attempt('runs', 'The runs were left out', () =>
      this.#database.all('SELECT run_uuid FROM runs ORDER BY experiment_id, start_time'),
    );
    return (rows ?? []).map(row => row.run_uuid);
  }

  /** @throws Unreadable when the row makes no sense */
  read(id: unknown): SourceRun {
    const [row] = this.#database.all(this.#runSql, id);
    if (!row) throw new Unreadable('it cannot be found');
    const runId = required(row.run_uuid, 'run_uuid');
    if (!RUN_ID.test(runId)) throw new Unreadable('its id is not one of MLflow');
    const endTime = integer(row.end_time, 'end_time');
    return {
      id: runId,
      experimentId: required(row.experiment_id, 'experiment_id'),
      name: text(row.name, 'name'),
      user: text(row.user_id, 'user_id'),
      status: statusOf(text(row.status, 'status')),
      // Runs of a deleted experiment are deleted with it.
      lifecycle: row.experiment_lifecycle === 'deleted' ? 'deleted' : lifecycle(row.lifecycle_stage),
      startTime: integer(row.start_time, 'start_time') ?? endTime ?? 0,
      endTime,
      deletedAt: integer(row.deleted_time, 'deleted_time'),
      params: pairs(this.#database, 'params', { of: 'run_uuid', id: runId }),
      tags: pairs(this.#database, 'tags', { of: 'run_uuid', id: runId }),
      metrics: [...this.#metrics(runId), ...this.#modelMetrics(runId)],
      datasets: this.#datasets(runId),
      modelInputs: this.#models(runId, 'INPUT').map(model => model.modelId),
      modelOutputs: this.#models(runId, 'OUTPUT'),
      artifacts: this.#finder.find(text(row.artifact_uri, 'artifact_uri'), `run ${runId}`),
    };
  }

  #metrics(runId: string): SourceMetric[] {
    const place = `metrics, run_uuid ${runId}`;
    const columns = new Map<string, PointColumns>();
    const rejected = new Set<string>();
    for (const row of this.#database.iterate(this.#pointSql, runId)) {
      const point = this.#database.attempt(place, 'A point was left out', () => pointOf(row));
      if (!point || rejected.has(point.key)) continue;
      let known = columns.get(point.key);
      if (!known) {
        if (!isKey(this.#database, point.key, place)) {
          rejected.add(point.key);
          continue;
        }
        known = new PointColumns();
        columns.set(point.key, known);
      }
      known.add(point.step, point.timestamp, point.value);
    }
    return [...columns].map(([key, of]) => of.metric({ key }));
  }

  #modelMetrics(runId: string): SourceMetric[] {
    if (!this.#database.has('logged_model_metrics', 'run_id')) return [];
    const rows = this.#database.all('SELECT * FROM logged_model_metrics WHERE run_id = ?', runId);
    return rows.flatMap(row => {
      const metric = this.#database.attempt(
        `logged_model_metrics, run_id ${runId}`,
        'A point was left out',
        () => modelMetricOf(row),
      );
      return metric && isKey(this.#database, metric.key, `logged_model_metrics, run_id ${runId}`)
        ? [metric]
        : [];
    });
  }

  #datasets(runId: string): DatasetInput[] {
    if (!this.#database.has('inputs') || !this.#database.has('datasets')) return [];
    return this.#database
      .all(
        `SELECT inputs.input_uuid, datasets.* FROM inputs JOIN datasets ON datasets.dataset_uuid = inputs.source_id
         WHERE inputs.source_type = 'DATASET' AND inputs.destination_type = 'RUN' AND inputs.destination_id = ?`,
        runId,
      )
      .flatMap(row => {
        const place = `datasets, dataset_uuid ${row.dataset_uuid}`;
        const dataset = this.#database.attempt(place, 'The data set was left out', () => datasetOf(row));
        if (!dataset) return [];
        const tags = pairs(this.#database, 'input_tags', { of: 'input_uuid', id: row.input_uuid }, 'name');
        return [{ ...dataset, tags: Object.fromEntries(tags.map(tag => [tag.key, tag.value])) }];
      });
  }

  #models(runId: string, direction: 'INPUT' | 'OUTPUT'): { modelId: string; step: number }[] {
    if (!this.#database.has('inputs')) return [];
    return this.#database
      .all(
        `SELECT destination_id, ${this.#database.column('inputs', 'step', '0')} AS step FROM inputs
         WHERE source_type = ? AND source_id = ? AND destination_type = ?`,
        `RUN_${direction}`,
        runId,
        `MODEL_${direction}`,
      )
      .map(row => ({
        modelId: required(row.destination_id, 'destination_id'),
        step: integer(row.step, 'step') ?? 0,
      }));
  }
}

function statusOf(word: string): RunStatus {
  const status = RunStatus.safeParse(word);
  if (status.success) return status.data;
  throw new Unreadable(`its status is '${word.slice(0, 40)}'`);
}

function pointOf(row: Row): { key: string; step: number; timestamp: number; value: number } {
  if (!row.is_nan && typeof row.value !== 'number') throw new Unreadable('its value is not a number');
  return {
    key: required(row.key, 'key') + contextSuffix(contextOf(row.context)),
    step: integer(row.step, 'step') ?? 0,
    timestamp: integer(row.timestamp, 'timestamp') ?? 0,
    value: row.is_nan ? Number.NaN : Number(row.value),
  };
}

/** Of FastTrackML; nothing in a database of MLflow. */
function contextOf(value: unknown): object {
  const fields: unknown = typeof value === 'string' ? JSON.parse(value) : {};
  return typeof fields === 'object' && fields !== null ? fields : {};
}

function modelMetricOf(row: Row): SourceMetric {
  const columns = new PointColumns();
  columns.add(
    integer(row.metric_step, 'metric_step') ?? 0,
    integer(row.metric_timestamp_ms, 'metric_timestamp_ms') ?? 0,
    typeof row.metric_value === 'number' ? row.metric_value : Number.NaN,
  );
  const datasetName = text(row.dataset_name, 'dataset_name');
  const datasetDigest = text(row.dataset_digest, 'dataset_digest');
  return columns.metric({
    key: required(row.metric_name, 'metric_name'),
    modelId: required(row.model_id, 'model_id'),
    ...(datasetName === '' ? {} : { datasetName }),
    ...(datasetDigest === '' ? {} : { datasetDigest }),
  });
}

function datasetOf(row: Row): Omit<DatasetInput, 'tags'> {
  const schema = text(row.dataset_schema, 'dataset_schema');
  const profile = text(row.dataset_profile, 'dataset_profile');
  return {
    name: required(row.name, 'name'),
    digest: required(row.digest, 'digest'),
    sourceType: text(row.dataset_source_type, 'dataset_source_type'),
    source: text(row.dataset_source, 'dataset_source'),
    ...(schema === '' ? {} : { schema }),
    ...(profile === '' ? {} : { profile }),
  };
}
