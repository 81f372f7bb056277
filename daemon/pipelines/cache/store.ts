import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../../database/statements.ts';
import type { StepInputs } from '../inputs/model.ts';
import { UNFINISHED } from '../store.ts';
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

/** All results, the oldest first. */
function results(connection: Connection, _input: Record<string, never>): StepResult[] {
  return statement<ResultRow>(connection, 'SELECT record FROM step_result ORDER BY end_time')
    .all()
    .map(toResult);
}

function removeResults(connection: Connection, { keys }: { keys: readonly string[] }): void {
  statement(connection, 'DELETE FROM step_result WHERE key IN (SELECT value FROM json_each(?))').run(
    JSON.stringify(keys),
  );
}

/** What executions need of the cache. */
interface CacheNeeds {
  /** Inputs of their steps. */
  readonly inputs: StepInputs[];
  /** Files of those that have not ended: which results these will use is not known yet. */
  readonly running: string[];
  /** Digests of their code, where it is kept in the cache: that of all executions. */
  readonly archives: string[];
}

/** The needs of the newest executions of each file, of those not ended, and of those with a version that is still there. */
function cacheNeeds(connection: Connection, input: { executions: number }): CacheNeeds {
  const inputs = statement<string>(
    connection,
    `WITH numbered AS (
       SELECT id, status, record, row_number() OVER (PARTITION BY file ORDER BY start_time DESC, rowid DESC) AS age
       FROM execution)
     SELECT json_extract(step.record, '$.inputs') FROM numbered JOIN step ON step.execution = numbered.id
     WHERE json_type(step.record, '$.inputs') = 'object' AND (age <= ? OR status IN (${UNFINISHED}) OR EXISTS (
       SELECT 1 FROM json_each(numbered.record, '$.versions') AS made
       JOIN registered_model AS model ON model.name = made.value ->> 'name'
       JOIN model_version AS version ON version.model = model.id AND version.version = made.value ->> 'version'
       WHERE version.deleted_at IS NULL))`,
  )
    .pluck()
    .all(input.executions) as string[];
  const running = statement<string>(
    connection,
    `SELECT DISTINCT file FROM execution WHERE status IN (${UNFINISHED})`,
  )
    .pluck()
    .all() as string[];
  const archives = statement<string>(
    connection,
    `SELECT DISTINCT record ->> '$.code.archive' AS archive FROM execution WHERE archive IS NOT NULL`,
  )
    .pluck()
    .all() as string[];
  return { inputs: inputs.map(each => JSON.parse(each) as StepInputs), running, archives };
}

export const writes = { 'pipelines.saveResult': saveResult, 'pipelines.removeResults': removeResults };
export const reads = {
  'pipelines.findResults': findResults,
  'pipelines.newestResults': newestResults,
  'pipelines.results': results,
  'pipelines.cacheNeeds': cacheNeeds,
};
