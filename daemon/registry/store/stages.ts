/** Moving versions through stages, and what follows from it: replaced versions, aliases, records. */
import type { Database as Connection } from 'better-sqlite3';
import { appendAudit } from '../../audit/store.ts';
import type { Actor } from '../../contract/audit.ts';
import { ApiError } from '../../contract/errors.ts';
import type { Stage } from '../../contract/models.ts';
import { describeActor } from '../../contract/principal.ts';
import type { ModelRules } from '../../contract/rules.ts';
import { statement } from '../../database/statements.ts';
import { isShared } from '../model.ts';
import { isRuled } from '../rules.ts';
import { followStages } from './aliases.ts';
import { touchModel, type VersionRow } from './rows.ts';

export interface StageChange {
  readonly name: string;
  readonly version: number;
  readonly stage: Stage;
  /** Archive the other versions in that stage, where the rules leave it open. */
  readonly archiveExisting: boolean;
  readonly actor: Actor;
  readonly reason: string;
  /** What its files come to, where that is known. */
  readonly digest: string | null;
  /** The newest version that was in the stage when this was asked for: it is what was decided about. */
  readonly replaces: number | null;
  /** The rules of its model. */
  readonly rules: ModelRules | null;
}

/** What is recorded of a move beside the stages. */
export interface Remarks {
  readonly action?: 'version.rollback';
  /** Conditions that did not hold, where that did not keep it. */
  readonly unmet?: readonly string[];
}

/**
 * Moves a version, archives those that it replaces, and has aliases follow; each move is recorded.
 *
 * @throws ApiError RESOURCE_CONFLICT when another version came to the stage since this one was asked for
 */
export function applyMove(
  connection: Connection,
  row: VersionRow,
  change: StageChange,
  remarks: Remarks = {},
): void {
  const ruled = isRuled(change.stage) ? change.rules?.stages[change.stage] : undefined;
  const archive = isShared(change.stage) && (ruled?.archive ?? change.archiveExisting);
  if (archive && row.stage !== change.stage) refuseOvertaken(connection, row, change);
  for (const version of archive ? othersIn(connection, row, change.stage) : [])
    moveVersion(connection, { ...row, version, stage: change.stage }, 'Archived', {
      ...change,
      reason: `Replaced by version ${row.version}`,
      digest: null,
    });
  moveVersion(connection, row, change.stage, change, remarks);
  if (change.rules)
    followStages(connection, { name: row.name, model: row.model, actor: change.actor }, change.rules);
  touchModel(connection, row.model);
}

/** The newest version in a stage, beside the one that is meant to come there. */
export function newestOther(connection: Connection, row: VersionRow, stage: Stage): number | null {
  return othersIn(connection, row, stage).at(-1) ?? null;
}

function othersIn(connection: Connection, row: VersionRow, stage: Stage): number[] {
  return statement<number>(
    connection,
    `SELECT version FROM model_version
     WHERE model = ? AND stage = ? AND version <> ? AND deleted_at IS NULL ORDER BY version`,
  )
    .pluck()
    .all(row.model, stage, row.version) as number[];
}

function refuseOvertaken(connection: Connection, row: VersionRow, { stage, replaces }: StageChange): void {
  const now = newestOther(connection, row, stage);
  if (now === null || now === replaces) return;
  throw new ApiError(
    'RESOURCE_CONFLICT',
    `Version ${now} of '${row.name}' came to ${stage} while version ${row.version} was asked for there. ` +
      'Compare the two, and ask again if this one is still wanted.',
  );
}

function moveVersion(
  connection: Connection,
  row: VersionRow,
  to: Stage,
  { actor, reason, digest }: Pick<StageChange, 'actor' | 'reason' | 'digest'>,
  { action, unmet }: Remarks = {},
): void {
  if (row.stage === to) return;
  const at = Date.now();
  statement(
    connection,
    'UPDATE model_version SET stage = ?, updated_at = ? WHERE model = ? AND version = ?',
  ).run(to, at, row.model, row.version);
  statement(
    connection,
    `INSERT INTO stage_transition (model, name, version, from_stage, to_stage, at, by, reason, digest)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(row.model, row.name, row.version, row.stage, to, at, describeActor(actor), reason, digest);
  appendAudit(connection, {
    action: action ?? 'version.transition',
    model: row.name,
    version: row.version,
    actor,
    reason,
    before: { stage: row.stage },
    after: {
      stage: to,
      ...(digest === null ? {} : { digest }),
      ...(unmet?.length ? { unmet: [...unmet] } : {}),
    },
  });
}
