/** Registered models of an MLflow database. */
import type { SourceModel, SourceVersion } from '../model.ts';
import { DELETED_STAGE } from '../registry.ts';
import { type ForeignDatabase, integer, type Row, required, text } from './foreign.ts';
import { pairs } from './values.ts';

/** Registered models by name; none in a database of before there was a registry. */
export function* readModels(database: ForeignDatabase): Iterable<SourceModel> {
  if (!database.has('registered_models', 'name') || !database.has('model_versions', 'version')) return;
  const rows = database.attempt('registered_models', 'The registered models were left out', () =>
    database.all('SELECT * FROM registered_models ORDER BY name'),
  );
  for (const row of rows ?? []) {
    const place = `registered_models, name ${row.name}`;
    const model = database.attempt(place, 'The registered model was left out', () => toModel(database, row));
    if (model) yield model;
  }
}

function toModel(database: ForeignDatabase, row: Row): SourceModel {
  const name = required(row.name, 'name');
  const aliases = database.has('registered_model_aliases', 'alias')
    ? database.all('SELECT alias, version FROM registered_model_aliases WHERE name = ?', name)
    : [];
  return {
    name,
    description: text(row.description, 'description'),
    createdAt: integer(row.creation_time, 'creation_time') ?? 0,
    updatedAt: integer(row.last_updated_time, 'last_updated_time') ?? 0,
    tags: pairs(database, 'registered_model_tags', { of: 'name', id: name }),
    aliases: aliases.map(alias => ({
      alias: required(alias.alias, 'alias'),
      version: integer(alias.version, 'version') ?? 0,
    })),
    versions: database
      .all('SELECT * FROM model_versions WHERE name = ? ORDER BY version', name)
      .flatMap(version => {
        const place = `model_versions, name ${name}, version ${version.version}`;
        const found = database.attempt(place, 'The version was left out', () =>
          toVersion(database, name, version),
        );
        return found ? [found] : [];
      }),
  };
}

function toVersion(database: ForeignDatabase, name: string, row: Row): SourceVersion {
  const version = Number(required(row.version, 'version'));
  const stage = text(row.current_stage, 'current_stage') || 'None';
  const tags = database.has('model_version_tags', 'key')
    ? database.all('SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?', name, version)
    : [];
  return {
    version,
    stage,
    description: text(row.description, 'description'),
    source: text(row.source, 'source'),
    storageLocation: text(row.storage_location, 'storage_location'),
    runId: text(row.run_id, 'run_id') || null,
    runLink: text(row.run_link, 'run_link'),
    createdAt: integer(row.creation_time, 'creation_time') ?? 0,
    updatedAt: integer(row.last_updated_time, 'last_updated_time') ?? 0,
    deleted: stage === DELETED_STAGE,
    tags: tags.map(tag => ({ key: text(tag.key, 'key'), value: text(tag.value, 'value') })),
  };
}
