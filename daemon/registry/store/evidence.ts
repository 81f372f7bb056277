/** What else is known of a version: data checks behind it, and who had a part in it. */
import type { Database as Connection } from 'better-sqlite3';
import { CHECKS_TAG, DataChecks } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
import type { Parties } from '../approvals.ts';
import type { KeptRequest } from './approvals.ts';

/** How far up from its own run what is behind a version is looked for. */
const MAX_RUN_LEVELS = 20;

/** Results of the data checks that a run, or one that it is part of, has on record: name → passed. */
export function checksBehind(connection: Connection, runId: string | null): Record<string, boolean> {
  const tags = statement<{ key: string; value: string }>(
    connection,
    `WITH RECURSIVE behind (uuid, level) AS (
       SELECT ?, 0
       UNION
       SELECT parent.value, level + 1 FROM behind
       JOIN run ON run.uuid = behind.uuid
       JOIN run_tag parent ON parent.run = run.id AND parent.key = 'mlflow.parentRunId'
       WHERE level < ${MAX_RUN_LEVELS}
     )
     SELECT run_tag.key, run_tag.value FROM behind
     JOIN run ON run.uuid = behind.uuid JOIN run_tag ON run_tag.run = run.id
     WHERE substr(run_tag.key, 1, length(?)) = ? ORDER BY level DESC`,
  ).all(runId, CHECKS_TAG, CHECKS_TAG);
  return Object.fromEntries(tags.map(({ key, value }) => [key.slice(CHECKS_TAG.length), havePassed(value)]));
}

/** What is not written as a result has not passed. */
function havePassed(value: string): boolean {
  try {
    const { passed, failed } = DataChecks.parse(JSON.parse(value));
    return failed === 0 && passed > 0;
  } catch {
    return false;
  }
}

/** Who trained and registered the version that a request is about, and who made the request. */
export function partiesOf(connection: Connection, { modelId, version, requestedBy }: KeptRequest): Parties {
  const row = statement<{ trainer: string | null; registrar: string | null }>(
    connection,
    `SELECT run.user AS trainer, v.registered_by AS registrar
     FROM model_version v LEFT JOIN run ON run.uuid = v.run_id WHERE v.model = ? AND v.version = ?`,
  ).get(modelId, version);
  return {
    trainer: row?.trainer || null,
    registrar: row?.registrar ?? null,
    requester: requestedBy.subject,
  };
}
