/** How rows of the registry's tables become models and versions. */
import type { Database as Connection } from 'better-sqlite3';
import { missing } from '../../contract/errors.ts';
import { statement } from '../../database/statements.ts';
import type { Model, Tags, Version } from '../model.ts';

export interface ModelRow {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A version without what other tables hold of it. */
export interface VersionRow extends Omit<Version, 'tags' | 'aliases'> {
  readonly model: number;
}

/** Names one version. */
export interface VersionKey {
  readonly name: string;
  readonly version: number;
}

export const MODEL_COLUMNS =
  'm.id, m.name, m.description, m.created_at AS createdAt, m.updated_at AS updatedAt';

export const VERSION_COLUMNS = `v.model, m.name, v.version, v.stage, v.description, v.source,
  v.storage_location AS storageLocation, v.run_id AS runId, v.run_link AS runLink,
  v.created_at AS createdAt, v.updated_at AS updatedAt`;

export const VERSION_TABLES = 'model_version v JOIN registered_model m ON m.id = v.model';

export function findModel(connection: Connection, name: string): ModelRow | undefined {
  return statement<ModelRow>(
    connection,
    `SELECT ${MODEL_COLUMNS} FROM registered_model m WHERE m.name = ?`,
  ).get(name);
}

export function requireModel(connection: Connection, name: string): ModelRow {
  const row = findModel(connection, name);
  if (!row) throw missing(`Registered Model with name=${name} not found`);
  return row;
}

export function findVersion(connection: Connection, key: VersionKey): VersionRow | undefined {
  return statement<VersionRow>(
    connection,
    `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES}
     WHERE m.name = ? AND v.version = ? AND v.deleted_at IS NULL`,
  ).get(key.name, key.version);
}

export function requireVersion(connection: Connection, key: VersionKey): VersionRow {
  const row = findVersion(connection, key);
  if (!row) throw missing(`Model Version (name=${key.name}, version=${key.version}) not found`);
  return row;
}

/** Notes that a model is another than before. As with MLflow's server, its tags and aliases are no part of it. */
export function touchModel(connection: Connection, model: number): void {
  statement(connection, 'UPDATE registered_model SET updated_at = ? WHERE id = ?').run(Date.now(), model);
}

export function readModel(connection: Connection, row: ModelRow): Model {
  const { id, ...fields } = row;
  const aliases = statement<{ alias: string; version: number }>(
    connection,
    'SELECT alias, version FROM model_alias WHERE model = ? ORDER BY alias',
  ).all(id);
  const latest = statement<VersionRow>(
    connection,
    `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES}
     WHERE v.model = @model AND v.version IN (
       SELECT max(version) FROM model_version WHERE model = @model AND deleted_at IS NULL GROUP BY stage)`,
  ).all({ model: id });
  return {
    ...fields,
    tags: readTags(connection, 'SELECT key, value FROM registered_model_tag WHERE model = ?', [id]),
    aliases: Object.fromEntries(aliases.map(each => [each.alias, each.version])),
    latest: latest.map(each => toVersion(connection, each)),
  };
}

export function readVersion(connection: Connection, key: VersionKey): Version {
  return toVersion(connection, requireVersion(connection, key));
}

export function toVersion(connection: Connection, row: VersionRow): Version {
  const { model, ...fields } = row;
  return {
    ...fields,
    tags: readTags(connection, 'SELECT key, value FROM model_version_tag WHERE model = ? AND version = ?', [
      model,
      row.version,
    ]),
    aliases: statement<string>(
      connection,
      'SELECT alias FROM model_alias WHERE model = ? AND version = ? ORDER BY alias',
    )
      .pluck()
      .all(model, row.version) as string[],
  };
}

function readTags(connection: Connection, sql: string, key: readonly number[]): Tags {
  const rows = statement<{ key: string; value: string }>(connection, sql).all(...key);
  return Object.fromEntries(rows.map(row => [row.key, row.value]));
}
