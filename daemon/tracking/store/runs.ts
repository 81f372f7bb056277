import type { Database as Connection } from 'better-sqlite3';
import { ApiError, invalid, missing } from '../../contract/errors.ts';
import type { ExecutionScope } from '../../contract/principal.ts';
import type { Lifecycle, RunInfo, RunStatus } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
import { generateRunName, type KeyValue, LENGTHS, newRunId, TAG } from '../model.ts';
import { requireActiveExperiment } from './experiments.ts';
import { missingOrPurged, refusePurged } from './purged.ts';

export interface RunRow {
  readonly id: number;
  readonly uuid: string;
  readonly experiment: number;
  readonly name: string;
  readonly user: string;
  readonly status: RunStatus;
  readonly lifecycle: Lifecycle;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly artifact_uri: string;
  readonly last_write_at: number;
  readonly heartbeat_at: number | null;
  /** From its tag. */
  readonly parent: string | null;
}

/** The columns of RunRow, for a FROM that has `run`. */
export const RUN_COLUMNS = `run.*,
  (SELECT value FROM run_tag WHERE run_tag.run = run.id AND run_tag.key = '${TAG.parentRunId}') AS parent`;

/** Which run a write was about, for the event that tells of it. */
export interface Touched {
  readonly runId: string;
  readonly experimentId: string;
}

export const touched = (row: RunRow): Touched => ({ runId: row.uuid, experimentId: String(row.experiment) });

export function findRun(connection: Connection, runId: string): RunRow | undefined {
  return statement<RunRow>(connection, `SELECT ${RUN_COLUMNS} FROM run WHERE uuid = ?`).get(runId);
}

/** @throws ApiError when no run has the id */
export function requireRun(connection: Connection, runId: string): RunRow {
  const row = findRun(connection, runId);
  if (!row) throw missingOrPurged(connection, 'run', runId, `Run with id=${runId} not found`);
  return row;
}

/** @throws ApiError when no run has the id, or it is in the bin */
export function requireActiveRun(connection: Connection, runId: string): RunRow {
  const row = requireRun(connection, runId);
  if (row.lifecycle !== 'active')
    throw invalid(`The run ${runId} must be in the 'active' state. Current state is ${row.lifecycle}.`);
  return row;
}

/** Notes that the run was written to. To the second: a fast logger does not rewrite the row for every call. */
export function touch(connection: Connection, row: RunRow, now = Date.now()): Touched {
  if (now - row.last_write_at >= 1000)
    statement(connection, 'UPDATE run SET last_write_at = ? WHERE id = ?').run(now, row.id);
  return touched(row);
}

export function toRunInfo(row: RunRow): RunInfo {
  return {
    id: row.uuid,
    experimentId: String(row.experiment),
    name: row.name,
    status: row.status,
    lifecycle: row.lifecycle,
    startTime: row.start_time,
    endTime: row.end_time,
    lastWriteAt: row.last_write_at,
    artifactUri: row.artifact_uri,
    user: row.user,
    parentId: row.parent,
  };
}

/** A run to be made. */
export interface NewRun {
  /** Chosen by a part of the daemon itself; clients never choose it. */
  readonly id?: string | undefined;
  /** Absent: the scope's, else the experiment "0". */
  readonly experimentId?: string | undefined;
  readonly name?: string | undefined;
  readonly user?: string | undefined;
  /** Absent: now. */
  readonly startTime?: number | undefined;
  /** Whether it is to begin later. */
  readonly scheduled?: boolean | undefined;
  readonly tags: readonly KeyValue[];
}

/**
 * Makes a run. Within a step, the first one is the step's own run and later ones are its children.
 *
 * @returns its id
 */
export function createRun(
  connection: Connection,
  input: { run: NewRun; within?: ExecutionScope | undefined },
): string {
  const { run, within } = input;
  const experiment = requireActiveExperiment(connection, run.experimentId ?? within?.experimentId ?? '0');
  const tags = new Map(run.tags.map(({ key, value }) => [key, value]));
  const uuid = placeWithin(connection, String(experiment.id), tags, within) ?? run.id ?? newRunId();
  const ofStep = within?.runId === uuid;
  const name = chooseName(run.name, tags) ?? (ofStep ? within.step : generateRunName());
  tags.set(TAG.runName, name);
  const now = Date.now();
  if (findRun(connection, uuid))
    throw new ApiError('RESOURCE_ALREADY_EXISTS', `Run with id=${uuid} already exists.`);
  const { lastInsertRowid } = statement(
    connection,
    `INSERT INTO run (uuid, experiment, name, user, status, start_time, artifact_uri, last_write_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    uuid,
    experiment.id,
    name,
    run.user ?? tags.get(TAG.user) ?? '',
    run.scheduled ? 'SCHEDULED' : 'RUNNING',
    run.startTime ?? now,
    `${experiment.artifact_location.replace(/\/$/, '')}/${uuid}/artifacts`,
    now,
  );
  for (const [key, value] of tags) putTag(connection, Number(lastInsertRowid), { key, value });
  return uuid;
}

/**
 * Ties a run that a step's code starts to the step, by its tags.
 *
 * @returns the id it gets when it is the step's own run
 */
function placeWithin(
  connection: Connection,
  experimentId: string,
  tags: Map<string, string>,
  within: ExecutionScope | undefined,
): string | undefined {
  if (!within) return undefined;
  if (experimentId === within.experimentId && !findRun(connection, within.runId)) {
    tags.set(TAG.parentRunId, within.parentRunId);
    return within.runId;
  }
  if (!tags.has(TAG.parentRunId)) tags.set(TAG.parentRunId, within.runId);
  return undefined;
}

function chooseName(asked: string | undefined, tags: ReadonlyMap<string, string>): string | undefined {
  const tagged = tags.get(TAG.runName);
  if (asked && tagged && asked !== tagged)
    throw invalid(
      "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values " +
        `(run_name='${asked}', mlflow.runName='${tagged}').`,
    );
  return asked || tagged || undefined;
}

/** Changes of a run; what is absent stays. */
export interface RunChange {
  readonly status?: RunStatus | undefined;
  readonly endTime?: number | undefined;
  /** Empty = stays. */
  readonly name?: string | undefined;
  /** null removes a tag. */
  readonly tags?: Readonly<Record<string, string | null>> | undefined;
}

export function updateRun(connection: Connection, input: { runId: string } & RunChange): RunInfo {
  const row = requireActiveRun(connection, input.runId);
  if (input.name) setTag(connection, row, { key: TAG.runName, value: input.name });
  changeTags(connection, row, input.tags ?? {});
  if (input.status !== undefined && input.status !== 'LOST') clearTag(connection, row.id, TAG.lostSince);
  statement(
    connection,
    'UPDATE run SET status = coalesce(?, status), end_time = coalesce(?, end_time), last_write_at = ? WHERE id = ?',
  ).run(input.status ?? null, input.endTime ?? null, Date.now(), row.id);
  return toRunInfo(requireRun(connection, input.runId));
}

/** Moves a run to the bin or out of it; nothing happens when it is there already. */
export function setRunLifecycle(
  connection: Connection,
  input: { runId: string; lifecycle: Lifecycle },
): Touched {
  const row = requireRun(connection, input.runId);
  if (input.lifecycle === 'active') refusePurged(connection, 'run', input.runId);
  if (row.lifecycle !== input.lifecycle)
    statement(connection, 'UPDATE run SET lifecycle = ?, deleted_at = ? WHERE id = ?').run(
      input.lifecycle,
      input.lifecycle === 'deleted' ? Date.now() : null,
      row.id,
    );
  return touched(row);
}

/** Moves runs to the bin or out of it. */
export function setRunsLifecycle(
  connection: Connection,
  { runIds, lifecycle }: { runIds: readonly string[]; lifecycle: Lifecycle },
): Touched[] {
  return runIds.map(runId => setRunLifecycle(connection, { runId, lifecycle }));
}

/** Sets tags of runs, and removes those that are null. @throws ApiError when one of the runs is unknown, or in the bin */
export function tagRuns(
  connection: Connection,
  { runIds, tags }: { runIds: readonly string[]; tags: Readonly<Record<string, string | null>> },
): Touched[] {
  return runIds.map(runId => {
    const row = requireActiveRun(connection, runId);
    changeTags(connection, row, tags);
    return touch(connection, row);
  });
}

function changeTags(
  connection: Connection,
  row: RunRow,
  tags: Readonly<Record<string, string | null>>,
): void {
  for (const [key, value] of Object.entries(tags)) {
    if (value === null) clearTag(connection, row.id, key);
    else setTag(connection, row, { key, value });
  }
}

/** Sets a tag. The run's name lives in a tag too: both change together. */
export function setTag(connection: Connection, row: RunRow, tag: KeyValue): void {
  putTag(connection, row.id, tag);
  if (tag.key === TAG.runName && tag.value !== '')
    statement(connection, 'UPDATE run SET name = ? WHERE id = ?').run(tag.value, row.id);
}

export function putTag(connection: Connection, run: number, tag: KeyValue): void {
  statement(connection, 'INSERT OR REPLACE INTO run_tag (run, key, value) VALUES (?, ?, ?)').run(
    run,
    tag.key,
    tag.value.slice(0, LENGTHS.runTagValue),
  );
}

export function clearTag(connection: Connection, run: number, key: string): boolean {
  return statement(connection, 'DELETE FROM run_tag WHERE run = ? AND key = ?').run(run, key).changes > 0;
}

/** @throws ApiError when the run has no such tag */
export function deleteTag(connection: Connection, input: { runId: string; key: string }): Touched {
  const row = requireActiveRun(connection, input.runId);
  if (!clearTag(connection, row.id, input.key))
    throw missing(`No tag with name: ${input.key} in run with id ${input.runId}`);
  return touch(connection, row);
}

/** Appends to the list of models that MLflow 2 keeps in a tag. */
export function appendModelHistory(
  connection: Connection,
  input: { runId: string; model: Readonly<Record<string, unknown>> },
): Touched {
  const row = requireActiveRun(connection, input.runId);
  const known = statement<{ value: string }>(
    connection,
    'SELECT value FROM run_tag WHERE run = ? AND key = ?',
  ).get(row.id, TAG.modelHistory);
  const history: unknown = known ? JSON.parse(known.value) : [];
  const models = [...(Array.isArray(history) ? history : []), input.model];
  // Not cut like other tags: half a JSON text is of no use.
  statement(connection, 'INSERT OR REPLACE INTO run_tag (run, key, value) VALUES (?, ?, ?)').run(
    row.id,
    TAG.modelHistory,
    JSON.stringify(models),
  );
  return touch(connection, row);
}

/** How many runs say that they run and were written to since a time. */
export function countRunning(connection: Connection, input: { since: number }): number {
  return statement<{ count: number }>(
    connection,
    `SELECT count(*) AS count FROM run WHERE status = 'RUNNING' AND lifecycle = 'active' AND last_write_at >= ?`,
  ).get(input.since)?.count as number;
}
