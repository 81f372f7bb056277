import type { Database as Connection } from 'better-sqlite3';
import type { RunStatus } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
import { TAG } from '../model.ts';
import { findRun, RUN_COLUMNS, type RunRow, type Touched } from './runs.ts';

/** Ends a run and the runs below it, as far as they have not ended. Nothing happens when there is no such run. */
export function endRunTree(
  connection: Connection,
  input: { runId: string; status: RunStatus; endTime: number },
): Touched[] {
  const children = statement<RunRow>(
    connection,
    `SELECT ${RUN_COLUMNS} FROM run_tag AS tag JOIN run ON run.id = tag.run WHERE tag.key = '${TAG.parentRunId}' AND tag.value = ?`,
  );
  const ended: Touched[] = [];
  const seen = new Set<string>();
  const root = findRun(connection, input.runId);
  for (const open = root ? [root] : []; open.length > 0; ) {
    const row = open.pop();
    if (!row || seen.has(row.uuid)) continue;
    seen.add(row.uuid);
    open.push(...children.all(row.uuid));
    if (row.status !== 'RUNNING' && row.status !== 'SCHEDULED') continue;
    statement(connection, 'UPDATE run SET status = ?, end_time = ? WHERE id = ?').run(
      input.status,
      input.endTime,
      row.id,
    );
    ended.push({ runId: row.uuid, experimentId: String(row.experiment) });
  }
  return ended;
}
