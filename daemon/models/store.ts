/** SQL of logged models. Their metrics are tracking's (`tracking.modelMetrics`). */
import type { Database as Connection } from 'better-sqlite3';
import { ApiError, missing } from '../contract/errors.ts';
import { statement } from '../database/statements.ts';
import type { KeyValue } from '../tracking/model.ts';
import { requireActiveExperiment } from '../tracking/store/experiments.ts';
import { type LoggedModel, MODEL_STATUSES, type ModelStatus, newModelId, noSuchModel } from './model.ts';
import { searchLoggedModels } from './search.ts';

interface ModelRow {
  readonly id: number;
  readonly model_id: string;
  readonly experiment: number;
  readonly name: string;
  readonly model_type: string;
  readonly source_run_id: string | null;
  readonly artifact_uri: string;
  readonly status: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly deleted_at: number | null;
}

/** A model to be logged. */
export interface NewLoggedModel {
  readonly experimentId: string;
  readonly name: string;
  readonly type: string;
  readonly sourceRunId: string | null;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

/** A logged model from another store. */
export interface ImportedLoggedModel extends NewLoggedModel {
  readonly id: string;
  /** 1 to 3, as `MODEL_STATUSES` counts. */
  readonly status: number;
  readonly artifactUri: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deletedAt: number | null;
}

export const writes = {
  /** Adds a model with its id; one that is there stays as it is. @returns whether it was added */
  'models.import': (connection: Connection, input: ImportedLoggedModel): boolean => {
    const { changes, lastInsertRowid } = statement(
      connection,
      `INSERT OR IGNORE INTO logged_model (model_id, experiment, name, model_type, source_run_id, artifact_uri, status,
                                           created_at, updated_at, deleted_at)
       VALUES (@id, @experimentId, @name, @type, @sourceRunId, @artifactUri, @status, @createdAt, @updatedAt, @deletedAt)`,
    ).run({ ...withoutPairs(input), experimentId: Number(input.experimentId) });
    if (changes === 0) return false;
    insertParams(connection, Number(lastInsertRowid), input.params);
    putTags(connection, Number(lastInsertRowid), input.tags);
    return true;
  },

  'models.create': (connection: Connection, input: NewLoggedModel): LoggedModel => {
    const experiment = requireActiveExperiment(connection, input.experimentId);
    const modelId = newModelId();
    const now = Date.now();
    const { lastInsertRowid } = statement(
      connection,
      `INSERT INTO logged_model (model_id, experiment, name, model_type, source_run_id, artifact_uri, status,
                                 created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)`,
    ).run(
      modelId,
      experiment.id,
      input.name,
      input.type,
      input.sourceRunId,
      `${experiment.artifact_location.replace(/\/$/, '')}/models/${modelId}/artifacts`,
      now,
      now,
    );
    insertParams(connection, Number(lastInsertRowid), input.params);
    putTags(connection, Number(lastInsertRowid), input.tags);
    return toLoggedModel(connection, requireModel(connection, modelId));
  },

  'models.setStatus': (
    connection: Connection,
    input: { modelId: string; status: ModelStatus },
  ): LoggedModel => {
    const row = requireModel(connection, input.modelId);
    statement(connection, 'UPDATE logged_model SET status = ? WHERE id = ?').run(
      MODEL_STATUSES.indexOf(input.status) + 1,
      row.id,
    );
    touch(connection, row);
    return toLoggedModel(connection, requireModel(connection, input.modelId));
  },

  'models.delete': (connection: Connection, input: { modelId: string }): void => {
    const row = requireModel(connection, input.modelId);
    statement(connection, 'UPDATE logged_model SET deleted_at = ? WHERE id = ?').run(Date.now(), row.id);
    touch(connection, row);
  },

  'models.setTags': (connection: Connection, input: { modelId: string; tags: readonly KeyValue[] }): void => {
    const row = requireModel(connection, input.modelId);
    putTags(connection, row.id, input.tags);
  },

  'models.deleteTag': (connection: Connection, input: { modelId: string; key: string }): void => {
    const row = requireModel(connection, input.modelId);
    const { changes } = statement(connection, 'DELETE FROM logged_model_tag WHERE model = ? AND key = ?').run(
      row.id,
      input.key,
    );
    if (changes === 0)
      throw missing(`No tag with key '${input.key}' found for model with ID '${input.modelId}'.`);
  },

  'models.logParams': (
    connection: Connection,
    input: { modelId: string; params: readonly KeyValue[] },
  ): void => {
    const row = requireModel(connection, input.modelId);
    insertParams(connection, row.id, input.params);
  },
};

export const reads = {
  /** @throws ApiError RESOURCE_DOES_NOT_EXIST, for a deleted one too unless `deleted` is set */
  'models.get': (connection: Connection, input: { modelId: string; deleted?: boolean }): LoggedModel =>
    toLoggedModel(connection, (input.deleted ? requireModel : requireActiveModel)(connection, input.modelId)),

  /** The models that these runs logged, oldest first. */
  'models.ofRuns': (connection: Connection, input: { runIds: readonly string[] }): LoggedModel[] =>
    statement<ModelRow>(
      connection,
      `SELECT * FROM logged_model WHERE deleted_at IS NULL
         AND source_run_id IN (SELECT value FROM json_each(?)) ORDER BY created_at, id`,
    )
      .all(JSON.stringify(input.runIds))
      .map(row => toLoggedModel(connection, row)),

  'models.search': (connection: Connection, input: Parameters<typeof searchLoggedModels>[1]): LoggedModel[] =>
    searchLoggedModels(connection, input).map(modelId =>
      toLoggedModel(connection, requireModel(connection, modelId)),
    ),
};

/** Names the versions that were made of a logged model, as JSON. */
const VERSIONS_TAG = 'mlflow.modelVersions';

/** Adds a version to those that a logged model's tag names, as the MLflow server does. @throws ApiError when there is no such model */
export function tagWithVersion(
  connection: Connection,
  modelId: string,
  version: { readonly name: string; readonly version: number },
): void {
  const { id } = requireActiveModel(connection, modelId);
  const known = parseVersions(
    readMap(connection, 'SELECT key, value FROM logged_model_tag WHERE model = ?', id)[VERSIONS_TAG],
  );
  // Spaced as Python does it, for clients may compare.
  const value = [...known, version].map(each => toPythonJson(each)).join(', ');
  putTags(connection, id, [{ key: VERSIONS_TAG, value: `[${value}]` }]);
}

/** What the tag names; nothing where somebody else has written it. */
function parseVersions(tag = '[]'): { name: unknown; version: unknown }[] {
  try {
    const parsed: unknown = JSON.parse(tag);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

function toPythonJson({ name, version }: { name: unknown; version: unknown }): string {
  return `{"name": ${JSON.stringify(name)}, "version": ${JSON.stringify(version)}}`;
}

/** A model by its id, a deleted one too: clients may go on changing it. @throws ApiError RESOURCE_DOES_NOT_EXIST */
function requireModel(connection: Connection, modelId: string): ModelRow {
  const row = statement<ModelRow>(connection, 'SELECT * FROM logged_model WHERE model_id = ?').get(modelId);
  if (!row) throw noSuchModel(modelId);
  return row;
}

/** @throws ApiError RESOURCE_DOES_NOT_EXIST, for a deleted model too */
function requireActiveModel(connection: Connection, modelId: string): ModelRow {
  const row = requireModel(connection, modelId);
  if (row.deleted_at !== null) throw noSuchModel(modelId);
  return row;
}

function toLoggedModel(connection: Connection, row: ModelRow): LoggedModel {
  return {
    id: row.model_id,
    experimentId: String(row.experiment),
    name: row.name,
    type: row.model_type,
    sourceRunId: row.source_run_id,
    artifactUri: row.artifact_uri,
    status: MODEL_STATUSES[row.status - 1] ?? 'LOGGED_MODEL_PENDING',
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    params: readMap(connection, 'SELECT key, value FROM logged_model_param WHERE model = ?', row.id),
    tags: readMap(connection, 'SELECT key, value FROM logged_model_tag WHERE model = ?', row.id),
  };
}

function withoutPairs({ params: _params, tags: _tags, ...columns }: ImportedLoggedModel) {
  return columns;
}

function readMap(connection: Connection, sql: string, model: number): Record<string, string> {
  const rows = statement<KeyValue>(connection, sql).all(model);
  return Object.fromEntries(rows.map(row => [row.key, row.value]));
}

/** Params never change: one that is there is refused. */
function insertParams(connection: Connection, model: number, params: readonly KeyValue[]): void {
  for (const { key, value } of params) {
    const { changes } = statement(
      connection,
      'INSERT OR IGNORE INTO logged_model_param (model, key, value) VALUES (?, ?, ?)',
    ).run(model, key, value);
    if (changes === 0)
      throw new ApiError(
        'BAD_REQUEST',
        `The model has a param '${key}' already. Params of a logged model cannot be changed.`,
      );
  }
}

function putTags(connection: Connection, model: number, tags: readonly KeyValue[]): void {
  for (const { key, value } of tags)
    statement(connection, 'INSERT OR REPLACE INTO logged_model_tag (model, key, value) VALUES (?, ?, ?)').run(
      model,
      key,
      value,
    );
}

function touch(connection: Connection, row: ModelRow): void {
  statement(connection, 'UPDATE logged_model SET updated_at = ? WHERE id = ?').run(Date.now(), row.id);
}
