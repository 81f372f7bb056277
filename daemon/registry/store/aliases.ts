/** Aliases of models: those that people point, and those that follow stages. */
import type { Database as Connection } from 'better-sqlite3';
import { auditChange } from '../../audit/store.ts';
import { RULED_STAGES, type RuledStage } from '../../contract/models.ts';
import type { ModelRules } from '../../contract/rules.ts';
import { statement } from '../../database/statements.ts';
import type { Binding } from '../enforcement.ts';
import { type Acted, type Outcome, ofModel, refuse } from './changes.ts';
import { requireModel, requireVersion, type VersionKey } from './rows.ts';

/** An alias, and the version that it is to point to; null = none. */
interface Pointed {
  readonly name: string;
  readonly model: number;
  readonly alias: string;
  readonly version: number | null;
}

type Asked = { readonly alias: string; readonly binding: Binding } & Acted;

export const writes = {
  'registry.setAlias': (connection: Connection, input: VersionKey & Asked): Outcome<null> => {
    const { model, version } = requireVersion(connection, input);
    return pointUnlessBound(connection, { ...input, model, version });
  },

  'registry.deleteAlias': (connection: Connection, input: { name: string } & Asked): Outcome<null> => {
    const { id } = requireModel(connection, input.name);
    return pointUnlessBound(connection, { ...input, model: id, version: null });
  },
};

/** Points an alias at a version of a model, or at none, and records it. */
export function pointAlias(connection: Connection, to: Pointed & Acted): void {
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

/** Points the aliases that follow stages at the newest version there; where there is none, the alias goes. */
export function followStages(
  connection: Connection,
  of: { name: string; model: number } & Acted,
  { stages }: ModelRules,
): void {
  for (const stage of RULED_STAGES) {
    const { alias } = stages[stage];
    if (alias !== null)
      pointAlias(connection, { ...of, alias, version: newestIn(connection, of.model, stage) });
  }
}

function pointUnlessBound(connection: Connection, to: Pointed & Asked): Outcome<null> {
  const why = whyBound(connection, to);
  if (why === undefined) {
    pointAlias(connection, to);
    return { result: null };
  }
  const { name, model, alias, version, actor } = to;
  const before = findAlias(connection, model, alias);
  const asked = version === null ? null : { alias, version };
  return refuse(connection, { action: 'alias.refuse', name, actor, version, before, asked, why });
}

/** Why nobody but the rules points an alias, unless it is pointed to where they have it. */
function whyBound(connection: Connection, { name, model, alias, version, binding }: Pointed & Asked) {
  const { rules, because } = binding;
  if (because === null) return undefined;
  if (!rules) return `The alias '${alias}' of '${name}' stays as it is: ${because}`;
  const stage = RULED_STAGES.find(each => rules.stages[each].alias === alias);
  if (!stage || newestIn(connection, model, stage) === version) return undefined;
  return (
    `The alias '${alias}' of '${name}' follows ${stage} by the rules. Move a version to ${stage} instead: ` +
    `modelthat models promote ${name} <version> --to ${stage}`
  );
}

function newestIn(connection: Connection, model: number, stage: RuledStage): number | null {
  return statement<number | null>(
    connection,
    'SELECT max(version) FROM model_version WHERE model = ? AND stage = ? AND deleted_at IS NULL',
  )
    .pluck()
    .get(model, stage) as number | null;
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
