/** Registered models, their tags and aliases. */
import type { Database as Connection } from 'better-sqlite3';
import { auditChange } from '../../audit/store.ts';
import type { Actor } from '../../contract/audit.ts';
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

export interface NewModel extends Acted {
  readonly name: string;
  readonly description: string;
  readonly tags: Tags;
}

/** What the audit log keeps who did. */
export interface Acted {
  readonly actor: Actor;
}

export const writes = {
  'registry.createModel': (connection: Connection, input: NewModel): Model => {
    if (findModel(connection, input.name)) throw taken(input.name);
    return readModel(connection, insertModel(connection, input));
  },

  'registry.renameModel': (
    connection: Connection,
    input: { name: string; newName: string } & Acted,
  ): Model => {
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
    auditChange(connection, {
      ...ofModel(input, 'model.rename'),
      before: { name: input.name },
      after: { name: input.newName },
    });
    return readModel(connection, requireModel(connection, input.newName));
  },

  'registry.describeModel': (
    connection: Connection,
    input: { name: string; description: string } & Acted,
  ): Model => {
    const row = requireModel(connection, input.name);
    statement(connection, 'UPDATE registered_model SET description = ?, updated_at = ? WHERE id = ?').run(
      input.description,
      Date.now(),
      row.id,
    );
    auditChange(connection, {
      ...ofModel(input, 'model.describe'),
      before: { description: row.description },
      after: { description: input.description },
    });
    return readModel(connection, requireModel(connection, input.name));
  },

  'registry.deleteModel': (connection: Connection, input: { name: string } & Acted): void => {
    const row = requireModel(connection, input.name);
    const { description, tags, aliases } = readModel(connection, row);
    const versions = statement<number>(
      connection,
      'SELECT version FROM model_version WHERE model = ? AND deleted_at IS NULL ORDER BY version',
    )
      .pluck()
      .all(row.id) as number[];
    statement(connection, 'DELETE FROM registered_model WHERE id = ?').run(row.id);
    auditChange(connection, {
      ...ofModel(input, 'model.delete'),
      before: { description, tags, aliases: { ...aliases }, versions },
      after: null,
    });
  },

  'registry.setModelTag': (
    connection: Connection,
    input: { name: string; key: string; value: string } & Acted,
  ): void => {
    const { id } = requireModel(connection, input.name);
    const { key, value } = input;
    const before = findModelTag(connection, id, key);
    insertModelTag(connection, id, key, value);
    auditChange(connection, { ...ofModel(input, 'tag.set'), before, after: { key, value } });
  },

  'registry.deleteModelTag': (connection: Connection, input: { name: string; key: string } & Acted): void => {
    const { id } = requireModel(connection, input.name);
    const before = findModelTag(connection, id, input.key);
    auditChange(connection, { ...ofModel(input, 'tag.delete'), before, after: null });
    statement(connection, 'DELETE FROM registered_model_tag WHERE model = ? AND key = ?').run(id, input.key);
  },

  'registry.setAlias': (connection: Connection, input: VersionKey & { alias: string } & Acted): void => {
    const { model, version } = requireVersion(connection, input);
    pointAlias(connection, { ...input, model, version });
  },

  'registry.deleteAlias': (connection: Connection, input: { name: string; alias: string } & Acted): void => {
    const { id } = requireModel(connection, input.name);
    pointAlias(connection, { ...input, model: id, version: null });
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
  auditChange(connection, {
    ...ofModel(input, 'model.create'),
    before: null,
    after: { description: input.description, tags: { ...input.tags } },
  });
  return row;
}

function ofModel({ name, actor }: { name: string } & Acted, action: string) {
  return { action, model: name, version: null, actor };
}

function findModelTag(
  connection: Connection,
  model: number,
  key: string,
): { key: string; value: string } | null {
  const row = statement<{ key: string; value: string }>(
    connection,
    'SELECT key, value FROM registered_model_tag WHERE model = ? AND key = ?',
  ).get(model, key);
  return row ?? null;
}

/** Points an alias at a version of a model, or with null at none, and records it. */
export function pointAlias(
  connection: Connection,
  to: { name: string; model: number; alias: string; version: number | null } & Acted,
): void {
  const { model, alias, version } = to;
  const before = findAlias(connection, model, alias);
  if (version === null)
    statement(connection, 'DELETE FROM model_alias WHERE model = ? AND alias = ?').run(model, alias);
  else
    statement(
      connection,
      `INSERT INTO model_alias (model, alias, version) VALUES (?, ?, ?)
       ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version`,
    ).run(model, alias, version);
  auditChange(connection, {
    ...ofModel(to, version === null ? 'alias.delete' : 'alias.set'),
    version: version ?? before?.version ?? null,
    before,
    after: version === null ? null : { alias, version },
  });
}

function findAlias(
  connection: Connection,
  model: number,
  alias: string,
): { alias: string; version: number } | null {
  const row = statement<{ alias: string; version: number }>(
    connection,
    'SELECT alias, version FROM model_alias WHERE model = ? AND alias = ?',
  ).get(model, alias);
  return row ?? null;
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
