import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import type { StepResult } from './model.ts';

interface ResultRow {
  readonly record: string;
}

function toResult({ record }: ResultRow): StepResult {
  return JSON.parse(record) as StepResult;
}

/** Keeps a result, in place of an earlier one with the same inputs. */
function saveResult(connection: Connection, result: StepResult): void {
  statement(
    connection,
    'INSERT OR REPLACE INTO step_result (key, file, step, end_time, record) VALUES (?, ?, ?, ?, ?)',
  ).run(result.key, result.file, result.step, result.endTime, JSON.stringify(result));
}

/** The results with these keys, those that there are. */
function findResults(connection: Connection, { keys }: { keys: readonly string[] }): StepResult[] {
  return statement<ResultRow>(
    connection,
    'SELECT record FROM step_result WHERE key IN (SELECT value FROM json_each(?))',
  )
    .all(JSON.stringify(keys))
    .map(toResult);
}

/** The newest result of each of these steps of a pipeline. */
function newestResults(
  connection: Connection,
  { file, steps }: { file: string; steps: readonly string[] },
): StepResult[] {
  return statement<ResultRow>(
    connection,
    `SELECT record, max(end_time) FROM step_result
     WHERE file = ? AND step IN (SELECT value FROM json_each(?)) GROUP BY step`,
  )
    .all(file, JSON.stringify(steps))
    .map(toResult);
}

export const writes = { 'pipelines.saveResult': saveResult };
export const reads = {
  'pipelines.findResults': findResults,
  'pipelines.newestResults': newestResults,
};
