/** Runs that come from another store, whole: what is there stays, what is new is added. */
import type { Database as Connection } from 'better-sqlite3';
import type { DatasetInput, Lifecycle, RunStatus } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
import type { KeyValue } from '../model.ts';
import type { ExperimentRow } from './experiments.ts';
import { addInputs, addOutputs } from './inputs.ts';
import { writeMetrics } from './log.ts';
import { findRun, type RunRow, requireRun } from './runs.ts';

/** What became of something that was imported. */
export type ImportOutcome = 'made' | 'changed' | 'same';

/** Ids above this are not taken over: new experiments would count on from there. */
const HIGHEST_KEPT_ID = 1_000_000_000;

/** Points that are made into objects at a time. */
const CHUNK = 5_000;

export interface ImportedExperiment {
  /** Kept when it is a number that is free. */
  readonly id: string;
  readonly name: string;
  readonly lifecycle: Lifecycle;
  /** Absent: in the store, by the experiment's id. */
  readonly artifactLocation?: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
}

/** Points of one metric, as columns of equal length. */
export interface ImportedMetric {
  readonly key: string;
  readonly steps: Float64Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly modelId?: string;
  readonly datasetName?: string;
  readonly datasetDigest?: string;
}

export interface ImportedRun {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly user: string;
  readonly status: RunStatus;
  readonly lifecycle: Lifecycle;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly deletedAt: number | null;
  readonly artifactUri: string;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly metrics: readonly ImportedMetric[];
  readonly datasets: readonly DatasetInput[];
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: number }[];
}

/**
 * The experiment that an imported one goes into: the one of its name. When that is deleted, and the imported one is not,
 * it is the first of `name (2)`, `name (3)` … that is not deleted either.
 */
export function importExperiment(
  connection: Connection,
  input: ImportedExperiment,
): { id: string; artifactLocation: string; outcome: ImportOutcome } {
  const { name, row: known } = placeOf(connection, input);
  const row = known ?? insertExperiment(connection, { ...input, name });
  const added = addPairs(connection, 'experiment_tag (experiment, key, value)', row.id, input.tags);
  return {
    id: String(row.id),
    artifactLocation: row.artifact_location,
    outcome: known ? (added > 0 ? 'changed' : 'same') : 'made',
  };
}

function placeOf(
  connection: Connection,
  input: ImportedExperiment,
): { name: string; row: ExperimentRow | undefined } {
  const byName = statement<ExperimentRow>(connection, 'SELECT * FROM experiment WHERE name = ?');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? input.name : `${input.name} (${number})`;
    const row = byName.get(name);
    if (!row || row.lifecycle === 'active' || input.lifecycle === 'deleted') return { name, row };
  }
}

function insertExperiment(connection: Connection, input: ImportedExperiment): ExperimentRow {
  const id = /^\d{1,10}$/.test(input.id) ? Number(input.id) : 0;
  const free =
    id > 0 && id < HIGHEST_KEPT_ID && !statement(connection, 'SELECT 1 FROM experiment WHERE id = ?').get(id);
  const { lastInsertRowid } = statement(
    connection,
    `INSERT INTO experiment (id, name, artifact_location, lifecycle, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(
    free ? id : null,
    input.name,
    input.artifactLocation ?? '',
    input.lifecycle,
    input.createdAt,
    input.updatedAt,
  );
  statement(
    connection,
    "UPDATE experiment SET artifact_location = 'mlflow-artifacts:/' || id WHERE id = ? AND artifact_location = ''",
  ).run(lastInsertRowid);
  return statement<ExperimentRow>(connection, 'SELECT * FROM experiment WHERE id = ?').get(
    lastInsertRowid,
  ) as ExperimentRow;
}

/**
 * Adds a run, or to the run of this id what it lacks. A run that went on when it was imported first is brought to its end.
 *
 * @returns how many points were new
 */
export function importRun(
  connection: Connection,
  input: ImportedRun,
): { outcome: ImportOutcome; points: number } {
  const known = findRun(connection, input.id);
  const row = known ?? insertRun(connection, input);
  const points = addMetrics(connection, row.id, input.metrics);
  const added =
    points +
    addPairs(connection, 'param (run, key, value)', row.id, input.params) +
    addPairs(connection, 'run_tag (run, key, value)', row.id, input.tags) +
    addInputs(connection, row, input.datasets, input.modelInputs) +
    addOutputs(connection, row, input.modelOutputs) +
    (known ? endRun(connection, known, input) : 0);
  return { outcome: known ? (added > 0 ? 'changed' : 'same') : 'made', points };
}

function insertRun(connection: Connection, input: ImportedRun): RunRow {
  statement(
    connection,
    `INSERT INTO run (uuid, experiment, name, user, status, lifecycle, start_time, end_time, artifact_uri, last_write_at,
                      deleted_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    input.id,
    Number(input.experimentId),
    input.name,
    input.user,
    input.status,
    input.lifecycle,
    input.startTime,
    input.endTime,
    input.artifactUri,
    // When its program wrote to it, as far as that is known: a run that went on elsewhere does not go on here.
    input.endTime ?? input.startTime,
    input.lifecycle === 'deleted' ? (input.deletedAt ?? input.endTime ?? input.startTime) : null,
  );
  return requireRun(connection, input.id);
}

function endRun(connection: Connection, known: RunRow, input: ImportedRun): number {
  const goesOn = ['RUNNING', 'SCHEDULED'];
  if (!goesOn.includes(known.status) || known.heartbeat_at !== null || goesOn.includes(input.status))
    return 0;
  return statement(connection, 'UPDATE run SET status = ?, end_time = ? WHERE id = ?').run(
    input.status,
    input.endTime,
    known.id,
  ).changes;
}

/** @param table with its columns: the owner's, key and value. @returns how many were not there yet */
function addPairs(connection: Connection, table: string, owner: number, pairs: readonly KeyValue[]): number {
  const insert = statement(connection, `INSERT OR IGNORE INTO ${table} VALUES (?, ?, ?)`);
  return pairs.reduce((added, { key, value }) => added + insert.run(owner, key, value).changes, 0);
}

function addMetrics(connection: Connection, run: number, metrics: readonly ImportedMetric[]): number {
  let added = 0;
  for (const { steps, timestamps, values, ...about } of metrics)
    for (let start = 0; start < steps.length; start += CHUNK) {
      const length = Math.min(CHUNK, steps.length - start);
      const points = Array.from({ length }, (_, index) => ({
        ...about,
        step: steps[start + index] as number,
        timestamp: timestamps[start + index] as number,
        value: values[start + index] as number,
      }));
      added += writeMetrics(connection, run, points);
    }
  return added;
}
