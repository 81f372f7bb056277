/** The database of MLflow 1, 2 and 3, and of FastTrackML, which has MLflow's tables and more. */
import { invalid } from '../../contract/errors.ts';
import type { ArtifactFinder } from '../locate-artifacts.ts';
import type { SourceExperiment, SourceLoggedModel, SourceReader, SourceRun } from '../model.ts';
import { type ForeignDatabase, integer, lifecycle, type Row, required, text } from './foreign.ts';
import { readModels } from './registry.ts';
import { KNOWN_REVISIONS } from './revisions.ts';
import { RunRows } from './runs.ts';
import { pairs } from './values.ts';

/** Without these it is not a database of MLflow. */
const NEEDED = [
  ['experiments', 'experiment_id'],
  ['experiments', 'name'],
  ['runs', 'run_uuid'],
  ['runs', 'experiment_id'],
  ['metrics', 'run_uuid'],
  ['params', 'run_uuid'],
  ['tags', 'run_uuid'],
] as const;

const FAILED = 3;

/** Reads a copy of an MLflow database. */
export class MlflowDatabase implements SourceReader {
  readonly #database: ForeignDatabase;
  readonly #finder: ArtifactFinder;

  /** @throws ApiError INVALID_PARAMETER_VALUE when it lacks MLflow's tables */
  constructor(database: ForeignDatabase, finder: ArtifactFinder) {
    this.#database = database;
    this.#finder = finder;
    const missing = NEEDED.filter(([table, column]) => !database.has(table, column));
    if (missing.length > 0)
      throw invalid(
        `It is not a database of MLflow or FastTrackML: ${missing.map(each => each.join('.')).join(', ')} is missing.`,
      );
    this.#tellRevision();
    for (const table of ['metrics', 'params', 'tags', 'logged_model_metrics'])
      database.index(table, table === 'logged_model_metrics' ? 'run_id' : 'run_uuid');
  }

  countRuns(): number {
    return Number(this.#database.all('SELECT count(*) AS count FROM runs')[0]?.count ?? 0);
  }

  read() {
    return {
      experiments: () => this.#experiments(),
      runs: () => this.#runs(),
      loggedModels: () => this.#loggedModels(),
      models: () => readModels(this.#database),
      executions: () => [],
    };
  }

  close(): void {
    this.#database.close();
  }

  *#experiments(): Iterable<SourceExperiment> {
    const database = this.#database;
    const column = (name: string) => `${database.column('experiments', name)} AS ${name}`;
    const namespaces = database.has('namespaces', 'code') && database.has('experiments', 'namespace_id');
    const rows = database.attempt('experiments', 'The experiments were left out', () =>
      database.all(
        `SELECT ${['experiment_id', 'name', 'lifecycle_stage', 'artifact_location', 'creation_time', 'last_update_time'].map(column).join(', ')},
           ${namespaces ? 'namespaces.code' : "'default'"} AS namespace FROM experiments
         ${namespaces ? 'LEFT JOIN namespaces ON namespaces.id = experiments.namespace_id' : ''} ORDER BY experiment_id`,
      ),
    );
    for (const row of rows ?? []) {
      const place = `experiments, experiment_id ${row.experiment_id}`;
      const experiment = database.attempt(place, 'The experiment was left out', () => this.#experiment(row));
      if (experiment) yield experiment;
    }
    this.#tellLeftOut();
  }

  #experiment(row: Row): SourceExperiment {
    const id = required(row.experiment_id, 'experiment_id');
    const namespace = text(row.namespace, 'namespace');
    const name = required(row.name, 'name');
    return {
      id,
      // FastTrackML has experiments of one name in several namespaces.
      name: ['', 'default'].includes(namespace) ? name : `${namespace}/${name}`,
      lifecycle: lifecycle(row.lifecycle_stage),
      artifactLocation: text(row.artifact_location, 'artifact_location'),
      createdAt: integer(row.creation_time, 'creation_time') ?? 0,
      updatedAt: integer(row.last_update_time, 'last_update_time') ?? 0,
      tags: pairs(this.#database, 'experiment_tags', { of: 'experiment_id', id: row.experiment_id }),
    };
  }

  *#runs(): Iterable<SourceRun> {
    const runs = new RunRows(this.#database, this.#finder);
    for (const id of runs.ids()) {
      const run = this.#database.attempt(
        `runs, run_uuid ${String(id).slice(0, 60)}`,
        'The run was left out',
        () => runs.read(id),
      );
      if (run) yield run;
    }
  }

  *#loggedModels(): Iterable<SourceLoggedModel> {
    const database = this.#database;
    if (!database.has('logged_models', 'model_id')) return;
    const rows = database.attempt('logged_models', 'The logged models were left out', () =>
      database.all('SELECT * FROM logged_models ORDER BY creation_timestamp_ms'),
    );
    for (const row of rows ?? []) {
      const place = `logged_models, model_id ${row.model_id}`;
      const model = database.attempt(place, 'The logged model was left out', () => this.#loggedModel(row));
      if (model) yield model;
    }
  }

  #loggedModel(row: Row): SourceLoggedModel {
    const id = required(row.model_id, 'model_id');
    const updatedAt = integer(row.last_updated_timestamp_ms, 'last_updated_timestamp_ms') ?? 0;
    const of = { of: 'model_id', id };
    return {
      id,
      experimentId: required(row.experiment_id, 'experiment_id'),
      name: required(row.name, 'name'),
      type: text(row.model_type, 'model_type'),
      sourceRunId: text(row.source_run_id, 'source_run_id') || null,
      status: Math.min(Math.max(integer(row.status, 'status') ?? FAILED, 1), FAILED),
      createdAt: integer(row.creation_timestamp_ms, 'creation_timestamp_ms') ?? 0,
      updatedAt,
      deletedAt: lifecycle(row.lifecycle_stage) === 'deleted' ? updatedAt : null,
      params: pairs(this.#database, 'logged_model_params', of, 'param_key', 'param_value'),
      tags: pairs(this.#database, 'logged_model_tags', of, 'tag_key', 'tag_value'),
      artifacts: this.#finder.find(text(row.artifact_location, 'artifact_location'), `logged model ${id}`),
    };
  }

  #tellRevision(): void {
    if (!this.#database.has('alembic_version', 'version_num')) return;
    const [row] = this.#database.all('SELECT version_num FROM alembic_version');
    const revision = String(row?.version_num ?? 'none').slice(0, 60);
    if (!KNOWN_REVISIONS.has(revision))
      this.#database.reporter.note(
        `Its schema (revision ${revision}) is not one of MLflow's that is known here: what is understood of it is imported.`,
      );
  }

  /** Says what there is that has no place here. */
  #tellLeftOut(): void {
    for (const [table, noun] of [
      ['trace_info', 'Traces'],
      ['dashboards', 'Dashboards of FastTrackML'],
      ['webhooks', 'Webhooks'],
    ] as const) {
      if (!this.#database.has(table)) continue;
      const count = Number(this.#database.all(`SELECT count(*) AS count FROM ${table}`)[0]?.count ?? 0);
      if (count > 0) this.#database.reporter.note(`${noun} are not imported: there are ${count}.`);
    }
  }
}
