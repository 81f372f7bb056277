/** Registered models that come from another store, with the numbers that their versions have there. */
import type { Database as Connection } from 'better-sqlite3';
import { auditChange } from '../../audit/store.ts';
import { IMPORTER } from '../../contract/principal.ts';
import { statement } from '../../database/statements.ts';
import type { Tags, Version } from '../model.ts';
import type { Acted } from './changes.ts';
import { insertModel } from './models.ts';
import { findModel, findVersion, type ModelRow, readModel, toVersion, type VersionKey } from './rows.ts';
import { factsOf } from './versions.ts';

export interface ImportedVersion extends Omit<Version, 'name' | 'aliases'> {
  /** Its row is kept, emptied, so that its number is not given again. */
  readonly deleted: boolean;
}

export interface ImportedModel extends Acted {
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Tags;
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
  readonly versions: readonly ImportedVersion[];
  /** Where it comes from, as the history of stages says it. */
  readonly origin: string;
}

/** What became of a model and its versions. */
export interface ImportedModelResult {
  readonly made: boolean;
  readonly added: number;
  readonly same: number;
  /** Numbers that are taken by other versions. */
  readonly taken: readonly number[];
}

/** Adds a model, or to the model of its name what it lacks: versions, aliases and tags that are here stay as they are. */
export function importModel(connection: Connection, input: ImportedModel): ImportedModelResult {
  const known = findModel(connection, input.name);
  const before = known ? partsOf(connection, known) : null;
  const model =
    known ??
    insertModel(connection, {
      name: input.name,
      description: input.description,
      tags: {},
      actor: input.actor,
    });
  const outcomes = input.versions.map(version => importVersion(connection, model, input, version));
  addPairs(connection, 'registered_model_tag (model, key, value)', [model.id], input.tags);
  const added = input.versions.filter((_, at) => outcomes[at] === 'added').map(version => version.version);
  for (const { alias, version } of input.aliases)
    if (added.includes(version))
      statement(connection, 'INSERT OR IGNORE INTO model_alias (model, alias, version) VALUES (?, ?, ?)').run(
        model.id,
        alias,
        version,
      );
  const { name, actor } = input;
  for (const version of added) auditAdded(connection, { name, version, actor });
  const change = { action: 'model.import', model: name, version: null, actor };
  auditChange(connection, { ...change, before, after: partsOf(connection, model) });
  if (!known)
    statement(connection, 'UPDATE registered_model SET created_at = ?, updated_at = ? WHERE id = ?').run(
      input.createdAt,
      input.updatedAt,
      model.id,
    );
  return {
    made: !known,
    added: added.length,
    same: outcomes.filter(outcome => outcome === 'same').length,
    taken: input.versions.filter((_, at) => outcomes[at] === 'taken').map(version => version.version),
  };
}

/** What an import may add to a model beside versions. */
function partsOf(connection: Connection, model: ModelRow) {
  const { tags, aliases } = readModel(connection, model);
  return { tags: { ...tags }, aliases: { ...aliases } };
}

/** Of a version that was deleted where it comes from, there is nothing to record. */
function auditAdded(connection: Connection, { actor, ...key }: VersionKey & Acted): void {
  const row = findVersion(connection, key);
  if (!row) return;
  const change = { action: 'version.import', model: key.name, version: key.version, actor };
  auditChange(connection, { ...change, before: null, after: factsOf(toVersion(connection, row)) });
}

function importVersion(
  connection: Connection,
  model: ModelRow,
  from: ImportedModel,
  version: ImportedVersion,
): 'added' | 'same' | 'taken' {
  const known = statement<{ created_at: number }>(
    connection,
    'SELECT created_at FROM model_version WHERE model = ? AND version = ?',
  ).get(model.id, version.version);
  if (known) return known.created_at === version.createdAt ? 'same' : 'taken';
  const { tags, deleted, ...columns } = deletedOrNot(version);
  statement(
    connection,
    `INSERT INTO model_version (model, version, stage, description, source, storage_location, run_id, run_link,
                                created_at, updated_at, deleted_at)
     VALUES (@model, @version, @stage, @description, @source, @storageLocation, @runId, @runLink,
             @createdAt, @updatedAt, @deletedAt)`,
  ).run({ ...columns, model: model.id, deletedAt: deleted ? version.updatedAt : null });
  addPairs(connection, 'model_version_tag (model, version, key, value)', [model.id, version.version], tags);
  if (columns.stage !== 'None')
    statement(
      connection,
      `INSERT INTO stage_transition (model, name, version, from_stage, to_stage, at, by, reason)
       VALUES (?, ?, ?, 'None', ?, ?, ?, ?)`,
    ).run(model.id, from.name, version.version, columns.stage, version.updatedAt, IMPORTER, from.origin);
  return 'added';
}

/** What is kept of a deleted version is that its number was given. */
function deletedOrNot(version: ImportedVersion): ImportedVersion {
  if (!version.deleted) return version;
  const empty = { description: '', source: '', storageLocation: '', runId: null, runLink: '', tags: {} };
  return { ...version, ...empty, stage: 'None' };
}

/** @param table with its columns: the owner's, key and value */
function addPairs(connection: Connection, table: string, owner: readonly number[], pairs: Tags): void {
  const marks = [...owner, 'key', 'value'].map(() => '?').join(', ');
  for (const [key, value] of Object.entries(pairs))
    statement(connection, `INSERT OR IGNORE INTO ${table} VALUES (${marks})`).run(...owner, key, value);
}
