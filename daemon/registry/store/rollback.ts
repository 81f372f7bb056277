/** Bringing an earlier version back to Production. */
import type { Database as Connection } from 'better-sqlite3';
import type { Actor } from '../../contract/audit.ts';
import { ApiError, invalid } from '../../contract/errors.ts';
import type { ModelRules } from '../../contract/rules.ts';
import { statement } from '../../database/statements.ts';
import type { Version } from '../model.ts';
import { readVersion, requireModel, requireVersion } from './rows.ts';
import { applyMove } from './stages.ts';

/** Which version comes back, and what goes. */
export interface RollbackTarget {
  readonly version: number;
  /** What its files came to when it was in Production; null when that is not on record. */
  readonly digest: string | null;
  /** The newest version in Production now; null when there is none. */
  readonly present: number | null;
}

export interface Rollback {
  readonly name: string;
  /** Which one, where it is not the last. */
  readonly version: number | undefined;
  readonly actor: Actor;
  readonly reason: string;
  /** What was found before the files were read. */
  readonly target: RollbackTarget;
  /** What its files come to now. */
  readonly digest: string | null;
  readonly rules: ModelRules | null;
}

export const writes = {
  /** @throws ApiError RESOURCE_CONFLICT when something moved meanwhile, PERMISSION_DENIED when its files changed since */
  'registry.rollBack': (connection: Connection, input: Rollback): Version => {
    const target = findTarget(connection, input.name, input.version);
    if (target.version !== input.target.version || target.present !== input.target.present)
      throw new ApiError(
        'RESOURCE_CONFLICT',
        `Another version of '${input.name}' came to Production, or left it, meanwhile. Ask again if that is not what you want.`,
      );
    if (target.digest !== null && target.digest !== input.digest)
      throw new ApiError(
        'PERMISSION_DENIED',
        `The files of version ${target.version} of '${input.name}' are not those that were in Production. Promote it, so ` +
          'that they are judged anew, or roll back to another version.',
      );
    const row = requireVersion(connection, { name: input.name, version: target.version });
    applyMove(
      connection,
      row,
      {
        ...input,
        version: target.version,
        stage: 'Production',
        archiveExisting: true,
        replaces: target.present,
        reason:
          input.reason ||
          (target.present === null ? 'rolled back' : `rolled back from version ${target.present}`),
      },
      { action: 'version.rollback' },
    );
    return readVersion(connection, row);
  },
};

export const reads = {
  /** @throws ApiError INVALID_PARAMETER_VALUE when there is nothing to roll back to */
  'registry.rollbackTarget': (
    connection: Connection,
    { name, version }: { name: string; version: number | undefined },
  ): RollbackTarget => findTarget(connection, name, version),
};

function findTarget(connection: Connection, name: string, wanted: number | undefined): RollbackTarget {
  const { id } = requireModel(connection, name);
  const present = statement<number | null>(
    connection,
    `SELECT max(version) FROM model_version WHERE model = ? AND stage = 'Production' AND deleted_at IS NULL`,
  )
    .pluck()
    .get(id) as number | null;
  const entries = statement<{ version: number; digest: string | null }>(
    connection,
    `SELECT t.version, t.digest FROM stage_transition t
     JOIN model_version v ON v.model = t.model AND v.version = t.version AND v.deleted_at IS NULL
     WHERE t.model = ? AND t.to_stage = 'Production' ORDER BY t.id`,
  ).all(id);
  const earlier = comeBefore(entries.map(({ version }) => version)).filter(version => version !== present);
  const version = wanted ?? earlier.at(-1);
  const entry = entries.findLast(each => each.version === version);
  if (entry && entry.version !== present) return { ...entry, present };
  throw nothingThere(name, wanted, present, earlier);
}

/**
 * The versions that came to Production one after the other, the last one last. One that came back takes away those after
 * it: who rolls back twice gets the one before that, and not the one that was rolled back from.
 */
function comeBefore(versions: readonly number[]): number[] {
  const line: number[] = [];
  for (const version of versions) {
    const before = line.indexOf(version);
    if (before >= 0) line.length = before;
    line.push(version);
  }
  return line;
}

function nothingThere(
  name: string,
  wanted: number | undefined,
  present: number | null,
  earlier: readonly number[],
): ApiError {
  if (wanted === undefined)
    return invalid(
      `No version of '${name}' was in Production before ${present === null ? 'now' : `version ${present}`} that is still there. Promote one instead.`,
    );
  if (wanted === present) return invalid(`Version ${wanted} of '${name}' is in Production already.`);
  const known = earlier.length === 0 ? 'none was' : `these were: ${earlier.join(', ')}`;
  return invalid(`Version ${wanted} of '${name}' was never in Production; ${known}.`);
}
