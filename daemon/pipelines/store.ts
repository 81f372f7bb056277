import type { Database as Connection } from 'better-sqlite3';
import { missing } from '../contract/errors.ts';
import { EXECUTION_TAG } from '../contract/runs.ts';
import { statement } from '../database/statements.ts';
import { type Page, pageOf } from '../tracking/pages.ts';
import type { Approval, ExecutionRecord, KeptExecution, StepRecord } from './model.ts';

interface ExecutionRow {
  readonly record: string;
  readonly steps: string;
}

/** States of executions that have not ended, as SQL lists them. */
export const UNFINISHED = "'queued', 'preparing', 'running', 'waiting', 'cancelling'";

/** Executions with their steps in order, both as they were saved. */
const SELECT = `
  SELECT record, (
    SELECT json_group_array(json(record) ORDER BY position) FROM step WHERE execution = execution.id
  ) AS steps
  FROM execution`;

function toKept(row: ExecutionRow): KeptExecution {
  return {
    execution: JSON.parse(row.record) as ExecutionRecord,
    steps: JSON.parse(row.steps) as StepRecord[],
  };
}

/** Keeps a new execution. @throws ApiError RESOURCE_ALREADY_EXISTS never: ids are random */
function createExecution(connection: Connection, { execution, steps }: KeptExecution): void {
  statement(
    connection,
    'INSERT INTO execution (id, file, status, start_time, record) VALUES (?, ?, ?, ?, ?)',
  ).run(execution.id, execution.file, execution.status, execution.startTime, JSON.stringify(execution));
  for (const [position, step] of steps.entries()) {
    statement(connection, 'INSERT INTO step (execution, name, position, record) VALUES (?, ?, ?, ?)').run(
      execution.id,
      step.name,
      position,
      JSON.stringify(step),
    );
  }
}

/** Keeps an execution of another store; one of its id that is there stays as it is. */
function importExecution(
  connection: Connection,
  {
    execution,
    steps,
  }: {
    execution: { id: string; file: string; status: string; startTime: number };
    steps: readonly { name: string }[];
  },
): void {
  const { id, file, status, startTime } = execution;
  const { changes } = statement(
    connection,
    'INSERT OR IGNORE INTO execution (id, file, status, start_time, record) VALUES (?, ?, ?, ?, ?)',
  ).run(id, file, status, startTime, JSON.stringify(execution));
  if (changes === 0) return;
  for (const [position, step] of steps.entries())
    statement(
      connection,
      'INSERT OR IGNORE INTO step (execution, name, position, record) VALUES (?, ?, ?, ?)',
    ).run(id, step.name, position, JSON.stringify(step));
}

function saveExecution(connection: Connection, execution: ExecutionRecord): void {
  statement(connection, 'UPDATE execution SET status = ?, record = ? WHERE id = ?').run(
    execution.status,
    JSON.stringify(execution),
    execution.id,
  );
}

function saveStep(connection: Connection, input: { executionId: string; step: StepRecord }): void {
  statement(connection, 'UPDATE step SET record = ? WHERE execution = ? AND name = ?').run(
    JSON.stringify(input.step),
    input.executionId,
    input.step.name,
  );
}

/** @throws ApiError RESOURCE_DOES_NOT_EXIST */
function getExecution(connection: Connection, { id }: { id: string }): KeptExecution {
  const row = statement<ExecutionRow>(connection, `${SELECT} WHERE id = ?`).get(id);
  if (!row) throw missing(`There is no execution “${id}”; see modelthat executions ls.`);
  return toKept(row);
}

/** Newest first, without those that only run another one again. */
function listExecutions(
  connection: Connection,
  { file, limit, offset }: { file: string | null; limit: number; offset: number },
): Page<KeptExecution> {
  const rows = statement<ExecutionRow>(
    connection,
    `${SELECT} WHERE (? IS NULL OR file = ?) AND record ->> '$.reproduces' IS NULL
     ORDER BY start_time DESC, rowid DESC LIMIT ? OFFSET ?`,
  ).all(file, file, limit + 1, offset);
  return pageOf(rows.map(toKept), limit, offset);
}

/** The pipeline's file of the step that is to have this run, whether it has it yet or not; null when none is. */
function fileOfStepRun(connection: Connection, { runId }: { runId: string }): string | null {
  const row = statement<{ file: string }>(
    connection,
    `SELECT file FROM execution JOIN step ON step.execution = execution.id
     WHERE step.record ->> '$.reservedRunId' = ? LIMIT 1`,
  ).get(runId);
  return row?.file ?? null;
}

/** The number of a pipeline's next execution. */
function nextNumber(connection: Connection, { pipeline }: { pipeline: string }): number {
  const row = statement<{ next: number }>(
    connection,
    `SELECT coalesce(max(json_extract(record, '$.number')), 0) + 1 AS next
     FROM execution WHERE json_extract(record, '$.pipeline') = ?`,
  ).get(pipeline);
  return row?.next ?? 1;
}

/** Executions that an earlier daemon left behind, in the order in which they were asked for. */
function unfinishedExecutions(connection: Connection): KeptExecution[] {
  return statement<ExecutionRow>(
    connection,
    `${SELECT} WHERE status IN (${UNFINISHED}) ORDER BY start_time, rowid`,
  )
    .all()
    .map(toKept);
}

/** Ids of runs that go on for an execution which was never recorded: its daemon ended just then. */
function orphanedRuns(connection: Connection): string[] {
  return statement<string>(
    connection,
    `SELECT run.uuid FROM run JOIN run_tag AS tag ON tag.run = run.id AND tag.key = '${EXECUTION_TAG}'
     WHERE run.status IN ('RUNNING', 'SCHEDULED') AND tag.value NOT IN (SELECT id FROM execution)`,
  )
    .pluck()
    .all() as string[];
}

function findApproval(connection: Connection, { subject }: { subject: string }): Approval | undefined {
  const row = statement<{ record: string }>(connection, 'SELECT record FROM approval WHERE subject = ?').get(
    subject,
  );
  return row && (JSON.parse(row.record) as Approval);
}

function approve(
  connection: Connection,
  { subject, approval }: { subject: string; approval: Approval },
): void {
  statement(connection, 'INSERT OR REPLACE INTO approval (subject, record) VALUES (?, ?)').run(
    subject,
    JSON.stringify(approval),
  );
}

function withdraw(connection: Connection, { subject }: { subject: string }): void {
  statement(connection, 'DELETE FROM approval WHERE subject = ?').run(subject);
}

export const writes = {
  'pipelines.createExecution': createExecution,
  'pipelines.importExecution': importExecution,
  'pipelines.saveExecution': saveExecution,
  'pipelines.saveStep': saveStep,
  'pipelines.approve': approve,
  'pipelines.withdraw': withdraw,
};

export const reads = {
  'pipelines.getExecution': getExecution,
  'pipelines.listExecutions': listExecutions,
  'pipelines.fileOfStepRun': fileOfStepRun,
  'pipelines.nextNumber': nextNumber,
  'pipelines.unfinishedExecutions': unfinishedExecutions,
  'pipelines.orphanedRuns': orphanedRuns,
  'pipelines.approval': findApproval,
};
