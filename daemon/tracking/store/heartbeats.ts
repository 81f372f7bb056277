/** Signs of life of runs' clients, and runs that are given up without them. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import { TAG } from '../model.ts';
import {
  clearTag,
  putTag,
  RUN_COLUMNS,
  type RunRow,
  requireActiveRun,
  type Touched,
  touched,
} from './runs.ts';

/** The run lives. One that was given up as lost runs again. */
export function heartbeat(connection: Connection, input: { runId: string }): Touched & { revived: boolean } {
  const row = requireActiveRun(connection, input.runId);
  const revived = row.status === 'LOST';
  if (revived) {
    clearTag(connection, row.id, TAG.lostSince);
    statement(connection, "UPDATE run SET status = 'RUNNING', end_time = NULL WHERE id = ?").run(row.id);
  }
  statement(connection, 'UPDATE run SET heartbeat_at = ? WHERE id = ?').run(Date.now(), row.id);
  return { ...touched(row), revived };
}

/**
 * Has the heartbeats of running runs follow the clock when that was set to another time: those from before, told by when
 * they would have been, move along.
 */
export function moveHeartbeats(connection: Connection, input: { by: number; now: number }): void {
  statement(
    connection,
    `UPDATE run SET heartbeat_at = min(@now, heartbeat_at + @by)
     WHERE status = 'RUNNING' AND CASE WHEN @by > 0 THEN heartbeat_at <= @now - @by ELSE heartbeat_at > @now END`,
  ).run(input);
}

/** Gives up the running runs whose last heartbeat is older than `silentSince`. Runs that never sent one are kept. */
export function loseSilentRuns(connection: Connection, input: { silentSince: number }): Touched[] {
  const rows = statement<RunRow>(
    connection,
    `SELECT ${RUN_COLUMNS} FROM run WHERE status = 'RUNNING' AND heartbeat_at < ?`,
  ).all(input.silentSince);
  for (const row of rows) {
    const since = Math.max(row.heartbeat_at ?? 0, row.last_write_at);
    statement(connection, "UPDATE run SET status = 'LOST', end_time = ? WHERE id = ?").run(since, row.id);
    putTag(connection, row.id, { key: TAG.lostSince, value: new Date(since).toISOString() });
  }
  return rows.map(touched);
}
