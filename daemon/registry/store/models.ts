/** Registered models, their tags and aliases. */
import type { Database as Connection } from 'better-sqlite3';
import { auditChange } from '../../audit/store.ts';
import { ApiError } from '../../contract/errors.ts';
import type { Transition } from '../../contract/models.ts';
import { statement } from '../../database/statements.ts';
import type { Binding } from '../enforcement.ts';
import type { Model, Tags } from '../model.ts';
import { isRuled } from '../rules.ts';
import { followStages } from './aliases.ts';
import { type Acted, type Outcome, ofModel, refuse, stagesOf } from './changes.ts';
import { findModel, type ModelRow, readModel, requireModel } from './rows.ts';

export interface NewModel extends Acted {
  readonly name: string;
  readonly description: string;
  readonly tags: Tags;
}

export const writes = {
  'registry.createModel': (connection: Connection, input: NewModel): Model => {
    if (findModel(connection, input.name)) throw taken(input.name);
    return readModel(connection, insertModel(connection, input));
  },

  'registry.renameModel': (
    connection: Connection,
    input: { name: string; newName: string; binding: Binding; newBinding: Binding } & Acted,
  ): Outcome<Model> => {
    const row = requireModel(connection, input.name);
    if (input.newName !== input.name && findModel(connection, input.newName)) throw taken(input.newName);
    const because = input.binding.because ?? input.newBinding.because;
    const kept = whyKept(connection, row, { because, what: 'be renamed' });
    if (kept)
      return refuse(connection, {
        ...ofRefused(input),
        before: { name: input.name },
        asked: { name: input.newName },
        why: kept,
      });
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
    const { rules } = input.newBinding;
    if (rules) followStages(connection, { name: input.newName, model: row.id, actor: input.actor }, rules);
    return { result: readModel(connection, requireModel(connection, input.newName)) };
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

  'registry.deleteModel': (
    connection: Connection,
    input: { name: string; binding: Binding } & Acted,
  ): Outcome<null> => {
    const row = requireModel(connection, input.name);
    const { description, tags, aliases } = readModel(connection, row);
    const versions = stagesOf(connection, row.id);
    const before = { description, tags, aliases: { ...aliases }, versions };
    const why = whyKept(connection, row, { ...input.binding, what: 'be deleted' });
    if (why) return refuse(connection, { ...ofRefused(input), before, asked: null, why });
    statement(connection, 'DELETE FROM registered_model WHERE id = ?').run(row.id);
    auditChange(connection, { ...ofModel(input, 'model.delete'), before, after: null });
    return { result: null };
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

function ofRefused({ name, actor }: { name: string } & Acted) {
  return { action: 'model.refuse', name, actor, version: null };
}

/** Why a model stays as it is; undefined when it need not. */
function whyKept(
  connection: Connection,
  { id, name }: ModelRow,
  { because, what }: { because: string | null; what: string },
): string | undefined {
  if (because === null) return undefined;
  const held = stagesOf(connection, id).filter(({ stage }) => isRuled(stage));
  if (held.length === 0) return undefined;
  const versions = held.map(({ version, stage }) => `version ${version} is in ${stage}`).join(', ');
  return (
    `Model '${name}' cannot ${what}: ${versions}, and ${because}. Archive what is there first: ` +
    `modelthat models promote ${name} ${held[0]?.version} --to Archived`
  );
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
