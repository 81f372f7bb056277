/** What changes of the registry have in common: who makes them, and how one that the rules keep is told. */
import type { Database as Connection } from 'better-sqlite3';
import { appendAudit } from '../../audit/store.ts';
import type { Actor, AuditFact } from '../../contract/audit.ts';
import type { Stage } from '../../contract/models.ts';
import { statement } from '../../database/statements.ts';

/** What the audit log keeps who did. */
export interface Acted {
  readonly actor: Actor;
}

/** What came of a change that rules can keep from happening: a result, or why there is none. */
export type Outcome<Result> = { readonly result: Result } | { readonly refused: string };

/** What the audit log has of a refusal. */
export interface RefusedChange extends Acted, Pick<AuditFact, 'action' | 'version' | 'before'> {
  readonly name: string;
  /** What was asked for. */
  readonly asked: AuditFact['after'];
  readonly why: string;
}

/** Records that a change was asked for and refused. */
export function refuse(connection: Connection, change: RefusedChange): { refused: string } {
  const { name, asked, why, ...rest } = change;
  appendAudit(connection, { ...rest, model: name, reason: why, after: { refused: asked } });
  return { refused: why };
}

/** A change of a model as the audit log has it. */
export function ofModel({ name, actor }: { name: string } & Acted, action: string) {
  return { action, model: name, version: null, actor };
}

/** The versions of a model that are not deleted, with their stages. */
export function stagesOf(connection: Connection, model: number): { version: number; stage: Stage }[] {
  return statement<{ version: number; stage: Stage }>(
    connection,
    'SELECT version, stage FROM model_version WHERE model = ? AND deleted_at IS NULL ORDER BY version',
  ).all(model);
}
