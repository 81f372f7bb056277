/** Model versions: registering, moving through stages, tags, and what was found of them. */
import type { Database as Connection } from 'better-sqlite3';
import { auditChange } from '../../audit/store.ts';
import type { GateResult } from '../../contract/models.ts';
import type { Double } from '../../contract/values.ts';
import { statement } from '../../database/statements.ts';
import { tagWithVersion } from '../../models/store.ts';
import type { Binding } from '../enforcement.ts';
import { evaluatedBy, type Tags, type Version, type VersionSelector } from '../model.ts';
import { isRuled } from '../rules.ts';
import { followStages, pointAlias } from './aliases.ts';
import { type Acted, type Outcome, refuse } from './changes.ts';
import { insertModel } from './models.ts';
import {
  findModel,
  readVersion,
  requireModel,
  requireVersion,
  touchModel,
  toVersion,
  VERSION_COLUMNS,
  VERSION_TABLES,
  type VersionKey,
  type VersionRow,
} from './rows.ts';

/** What was found of a version by a step that judged it. */
export interface Evaluation {
  readonly gates: readonly GateResult[];
  readonly metrics: Readonly<Record<string, Double>>;
}

export interface NewEvaluation extends VersionKey, Evaluation {
  /** The run that the metrics are of. */
  readonly runId: string | null;
  /** What rules call it, behind the `@` of a metric: the data set's file, or the step. */
  readonly of: string;
}

export interface NewVersion extends Acted {
  readonly name: string;
  readonly source: string;
  readonly storageLocation: string;
  readonly runId: string | null;
  readonly modelId: string | null;
  readonly runLink: string;
  readonly description: string;
  readonly tags: Tags;
  /** Make the model when there is none of the name. */
  readonly makeModel: boolean;
}

export const writes = {
  'registry.createVersion': (connection: Connection, input: NewVersion): Version => {
    const model =
      findModel(connection, input.name) ??
      (input.makeModel
        ? insertModel(connection, { name: input.name, description: '', tags: {}, actor: input.actor })
        : requireModel(connection, input.name));
    const version = statement<number>(
      connection,
      'SELECT coalesce(max(version), 0) + 1 FROM model_version WHERE model = ?',
    )
      .pluck()
      .get(model.id) as number;
    statement(
      connection,
      `INSERT INTO model_version (model, version, description, source, storage_location, run_id, run_link,
                                  created_at, updated_at, registered_by)
       VALUES (@model, @version, @description, @source, @storageLocation, @runId, @runLink, @at, @at, @registrar)`,
    ).run({
      ...withoutTags(input),
      model: model.id,
      version,
      at: Date.now(),
      registrar: input.actor.subject,
    });
    for (const [key, value] of Object.entries(input.tags))
      insertVersionTag(connection, model.id, version, key, value);
    if (input.modelId) tagWithVersion(connection, input.modelId, { name: input.name, version });
    touchModel(connection, model.id);
    const made = readVersion(connection, { name: input.name, version });
    auditChange(connection, {
      ...ofVersion({ ...input, version }, 'version.create'),
      before: null,
      after: factsOf(made),
    });
    return made;
  },

  'registry.describeVersion': (
    connection: Connection,
    input: VersionKey & { description: string } & Acted,
  ): Version => {
    const row = requireVersion(connection, input);
    statement(
      connection,
      'UPDATE model_version SET description = ?, updated_at = ? WHERE model = ? AND version = ?',
    ).run(input.description, Date.now(), row.model, row.version);
    auditChange(connection, {
      ...ofVersion(input, 'version.describe'),
      before: { description: row.description },
      after: { description: input.description },
    });
    return readVersion(connection, input);
  },

  'registry.deleteVersion': (
    connection: Connection,
    input: VersionKey & { binding: Binding } & Acted,
  ): Outcome<null> => {
    const row = requireVersion(connection, input);
    const { rules, because } = input.binding;
    const before = factsOf(toVersion(connection, row));
    if (because !== null && isRuled(row.stage)) {
      const { name, version, actor } = input;
      const why =
        `Version ${version} of '${name}' cannot be deleted: it is in ${row.stage}, and ${because}. ` +
        `Archive it first: modelthat models promote ${name} ${version} --to Archived`;
      return refuse(connection, { action: 'version.refuse', name, version, actor, before, asked: null, why });
    }
    auditChange(connection, { ...ofVersion(input, 'version.delete'), before, after: null });
    emptyVersion(connection, row);
    const of = { name: row.name, model: row.model, actor: input.actor };
    if (rules) followStages(connection, of, rules);
    for (const alias of toVersion(connection, row).aliases)
      pointAlias(connection, { ...of, alias, version: null });
    touchModel(connection, row.model);
    return { result: null };
  },

  'registry.setVersionTag': (
    connection: Connection,
    input: VersionKey & { key: string; value: string } & Acted,
  ): void => {
    const row = requireVersion(connection, input);
    const { key, value } = input;
    const before = findVersionTag(connection, row, key);
    insertVersionTag(connection, row.model, row.version, key, value);
    auditChange(connection, { ...ofVersion(input, 'tag.set'), before, after: { key, value } });
  },

  'registry.deleteVersionTag': (
    connection: Connection,
    input: VersionKey & { key: string } & Acted,
  ): void => {
    const row = requireVersion(connection, input);
    const before = findVersionTag(connection, row, input.key);
    auditChange(connection, { ...ofVersion(input, 'tag.delete'), before, after: null });
    statement(connection, 'DELETE FROM model_version_tag WHERE model = ? AND version = ? AND key = ?').run(
      row.model,
      row.version,
      input.key,
    );
  },

  'registry.recordEvaluation': (connection: Connection, input: NewEvaluation): void => {
    const row = requireVersion(connection, input);
    statement(
      connection,
      `INSERT INTO version_evaluation (model, version, run_id, at, gates, metrics) VALUES (?, ?, ?, ?, ?, ?)`,
    ).run(
      row.model,
      row.version,
      input.runId,
      Date.now(),
      JSON.stringify(input.gates),
      JSON.stringify(namedMetrics(input, row)),
    );
    touchVersion(connection, row);
  },
};

export const reads = {
  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'registry.getVersion': (connection: Connection, input: VersionKey): Version =>
    readVersion(connection, input),

  /** The version that a selector means, or null; the model must exist. */
  'registry.findVersion': (
    connection: Connection,
    input: { name: string; selector: VersionSelector },
  ): Version | null => {
    const { id } = requireModel(connection, input.name);
    const row = selectVersion(connection, id, input.selector);
    return row ? toVersion(connection, row) : null;
  },

  /** All versions of a model, newest first. */
  'registry.listVersions': (connection: Connection, input: { name: string }): Version[] => {
    const { id } = requireModel(connection, input.name);
    return statement<VersionRow>(
      connection,
      `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES} WHERE v.model = ? AND v.deleted_at IS NULL
       ORDER BY v.version DESC`,
    )
      .all(id)
      .map(row => toVersion(connection, row));
  },

  /** Versions whose files are to stay as they are. */
  'registry.released': (connection: Connection): Version[] =>
    statement<VersionRow>(
      connection,
      `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES}
       WHERE v.stage IN ('Staging', 'Production') AND v.deleted_at IS NULL`,
    )
      .all()
      .map(row => toVersion(connection, row)),

  /** What the steps that judged a version found, oldest first. */
  'registry.evaluations': (connection: Connection, input: VersionKey): Evaluation[] => {
    const row = requireVersion(connection, input);
    return statement<{ gates: string; metrics: string }>(
      connection,
      'SELECT gates, metrics FROM version_evaluation WHERE model = ? AND version = ? ORDER BY id',
    )
      .all(row.model, row.version)
      .map(each => ({ gates: JSON.parse(each.gates), metrics: JSON.parse(each.metrics) }));
  },
};

function selectVersion(
  connection: Connection,
  model: number,
  selector: VersionSelector,
): VersionRow | undefined {
  const select = `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES}`;
  const live = 'v.model = ? AND v.deleted_at IS NULL';
  if ('version' in selector)
    return statement<VersionRow>(connection, `${select} WHERE ${live} AND v.version = ?`).get(
      model,
      selector.version,
    );
  if ('stage' in selector)
    return statement<VersionRow>(
      connection,
      `${select} WHERE ${live} AND v.stage = ? ORDER BY v.version DESC LIMIT 1`,
    ).get(model, selector.stage);
  if (selector.alias.toLowerCase() === 'latest')
    return statement<VersionRow>(connection, `${select} WHERE ${live} ORDER BY v.version DESC LIMIT 1`).get(
      model,
    );
  return statement<VersionRow>(
    connection,
    `${select} JOIN model_alias a ON a.model = v.model AND a.version = v.version WHERE ${live} AND a.alias = ?`,
  ).get(model, selector.alias);
}

/** Metrics of an evaluation by their names alone and, unless it is the version's own run, with the evaluation's, too. */
function namedMetrics({ metrics, of, runId }: NewEvaluation, row: VersionRow): Evaluation['metrics'] {
  if (runId !== null && runId === row.runId) return metrics;
  const named = Object.entries(metrics).map(([key, value]) => [evaluatedBy(key, of), value]);
  return { ...metrics, ...Object.fromEntries(named) };
}

/** What is kept of a deleted version is that its number was given; its aliases are still there. */
function emptyVersion(connection: Connection, row: VersionRow): void {
  const key = [row.model, row.version];
  const now = Date.now();
  statement(connection, 'DELETE FROM model_version_tag WHERE model = ? AND version = ?').run(...key);
  statement(connection, 'DELETE FROM version_evaluation WHERE model = ? AND version = ?').run(...key);
  statement(
    connection,
    `UPDATE model_version SET deleted_at = ?, updated_at = ?, stage = 'None', description = '', source = '',
                              storage_location = '', run_id = NULL, run_link = ''
     WHERE model = ? AND version = ?`,
  ).run(now, now, ...key);
}

function ofVersion({ name, version, actor }: VersionKey & Acted, action: string) {
  return { action, model: name, version, actor };
}

/** What the audit log keeps of a version that came or went. */
export function factsOf({ stage, description, source, runId, tags, aliases }: Omit<Version, 'name'>) {
  return { stage, description, source, runId, tags: { ...tags }, aliases: [...aliases] };
}

function findVersionTag(
  connection: Connection,
  row: VersionRow,
  key: string,
): { key: string; value: string } | null {
  const found = statement<{ key: string; value: string }>(
    connection,
    'SELECT key, value FROM model_version_tag WHERE model = ? AND version = ? AND key = ?',
  ).get(row.model, row.version, key);
  return found ?? null;
}

function insertVersionTag(
  connection: Connection,
  model: number,
  version: number,
  key: string,
  value: string,
): void {
  statement(
    connection,
    `INSERT INTO model_version_tag (model, version, key, value) VALUES (?, ?, ?, ?)
     ON CONFLICT (model, version, key) DO UPDATE SET value = excluded.value`,
  ).run(model, version, key, value);
}

function touchVersion(connection: Connection, row: VersionRow): void {
  statement(connection, 'UPDATE model_version SET updated_at = ? WHERE model = ? AND version = ?').run(
    Date.now(),
    row.model,
    row.version,
  );
  touchModel(connection, row.model);
}

function withoutTags(input: NewVersion): Omit<NewVersion, 'tags' | 'name' | 'makeModel' | 'actor'> {
  const { tags: _tags, name: _name, makeModel: _makeModel, actor: _actor, ...columns } = input;
  return columns;
}
