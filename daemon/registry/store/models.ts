/** Registered models, their tags and aliases. */
import type { Database as Connection } from 'better-sqlite3';
import { ApiError } from '../../contract/errors.ts';
import type { Transition } from '../../contract/models.ts';
import { statement } from '../../database/statements.ts';
import type { Model, Tags } from '../model.ts';
import {
  findModel,
  type ModelRow,
  readModel,
  requireModel,
  requireVersion,
  type VersionKey,
} from './rows.ts';

export interface NewModel {
  readonly name: string;
  readonly description: string;
  readonly tags: Tags;
}

export const writes = {
  'registry.createModel': (connection: Connection, input: NewModel): Model => {
    if (findModel(connection, input.name)) throw taken(input.name);
    return readModel(connection, insertModel(connection, input));
  },

  'registry.renameModel': (connection: Connection, input: { name: string; newName: string }): Model => {
    const row = requireModel(connection, input.name);
    if (input.newName !== input.name && findModel(connection, input.newName)) throw taken(input.newName);
    const now = Date.now();
    statement(connection, 'UPDATE registered_model SET name = ?, updated_at = ? WHERE id = ?').run(
      input.newName,
      now,
      row.id,
    );
    statement(
      connection,
      'UPDATE model_version SET updated_at = ? WHERE model = ? AND deleted_at IS NULL',
    ).run(now, row.id);
    return readModel(connection, requireModel(connection, input.newName));
  },

  'registry.describeModel': (connection: Connection, input: { name: string; description: string }): Model => {
    const row = requireModel(connection, input.name);
    statement(connection, 'UPDATE registered_model SET description = ?, updated_at = ? WHERE id = ?').run(
      input.description,
      Date.now(),
      row.id,
    );
    return readModel(connection, requireModel(connection, input.name));
  },

  'registry.deleteModel': (connection: Connection, input: { name: string }): void => {
    const { id } = requireModel(connection, input.name);
    statement(connection, 'DELETE FROM registered_model WHERE id = ?').run(id);
  },

  'registry.setModelTag': (
    connection: Connection,
    input: { name: string; key: string; value: string },
  ): void => {
    const { id } = requireModel(connection, input.name);
    insertModelTag(connection, id, input.key, input.value);
  },

  'registry.deleteModelTag': (connection: Connection, input: { name: string; key: string }): void => {
    const { id } = requireModel(connection, input.name);
    statement(connection, 'DELETE FROM registered_model_tag WHERE model = ? AND key = ?').run(id, input.key);
  },

  'registry.setAlias': (connection: Connection, input: VersionKey & { alias: string }): void => {
    const row = requireVersion(connection, input);
    statement(
      connection,
      `INSERT INTO model_alias (model, alias, version) VALUES (?, ?, ?)
       ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version`,
    ).run(row.model, input.alias, row.version);
  },

  'registry.deleteAlias': (connection: Connection, input: { name: string; alias: string }): void => {
    const { id } = requireModel(connection, input.name);
    statement(connection, 'DELETE FROM model_alias WHERE model = ? AND alias = ?').run(id, input.alias);
  },
};

export const reads = {
  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'registry.getModel': (connection: Connection, input: { name: string }): Model =>
    readModel(connection, requireModel(connection, input.name)),

  /** Newest first. */
  'registry.transitions': (connection: Connection, input: { name: string }): Transition[] => {
    const { id } = requireModel(connection, input.name);
    return statement<Transition>(
      connection,
      `SELECT name, version, from_stage AS "from", to_stage AS "to", at, by, reason, digest
       FROM stage_transition WHERE model = ? ORDER BY id DESC`,
    ).all(id);
  },
};

/** Inserts a model that is known not to exist. */
export function insertModel(connection: Connection, input: NewModel): ModelRow {
  const now = Date.now();
  statement(
    connection,
    'INSERT INTO registered_model (name, description, created_at, updated_at) VALUES (?, ?, ?, ?)',
  ).run(input.name, input.description, now, now);
  const row = requireModel(connection, input.name);
  for (const [key, value] of Object.entries(input.tags)) insertModelTag(connection, row.id, key, value);
  return row;
}

function insertModelTag(connection: Connection, model: number, key: string, value: string): void {
  statement(
    connection,
    `INSERT INTO registered_model_tag (model, key, value) VALUES (?, ?, ?)
     ON CONFLICT (model, key) DO UPDATE SET value = excluded.value`,
  ).run(model, key, value);
}

function taken(name: string): ApiError {
  return new ApiError('RESOURCE_ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`);
}
