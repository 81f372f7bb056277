/** The SQL of what source files logged. */
import type { Database as Connection } from 'better-sqlite3';
import { type LoggedAt, SOURCE_TAG } from '../contract/sources.ts';
import { snapshot } from '../database/snapshot.ts';
import { statement } from '../database/statements.ts';
import { fromColumn } from '../tracking/store/doubles.ts';
import {
  namesOf,
  type PlaceRow,
  type ProductionRow,
  pathFrom,
  type RunRow,
  type SourceQuery,
  type SourceRows,
  type ValueRow,
} from './model.ts';

/** Runs of a file that are looked at, and values of metrics in them. */
const MAX_RUNS = 1_000;
const MAX_VALUES = 50_000;
/** Executions whose steps are asked for their code. */
const MAX_EXECUTIONS = 200;

export const writes = {
  /** Keeps where metrics of a run were logged. A run that is not there is passed over. */
  'sources.record': (connection: Connection, { run, file, line, text, keys }: LoggedAt): void => {
    const insert = statement(
      connection,
      `INSERT INTO logged_at (run, key, file, line, text)
       SELECT id, @key, @file, @line, @text FROM run WHERE uuid = @run
       ON CONFLICT DO UPDATE SET text = excluded.text`,
    );
    for (const key of keys) insert.run({ run, file, line, text, key });
  },
};

export const reads = {
  'sources.of': snapshot((connection: Connection, query: SourceQuery): SourceRows => {
    const found = runsOf(connection, query);
    const runs = found.slice(0, MAX_RUNS);
    const rows = JSON.stringify(runs.map(({ row }) => row));
    return {
      runs,
      more: found.length > runs.length,
      values: valuesOf(connection, rows),
      production: productionOf(connection, rows),
      places: placesOf(connection, rows, query.file),
    };
  }),
};

/**
 * The runs of a file, newest first: those whose program it is, those of which it logged something, and those of pipeline
 * steps that ran or imported it. A name alone, as MLflow keeps it, counts where the Python package did not tell more.
 */
function runsOf(connection: Connection, query: SourceQuery): RunRow[] {
  return statement<RunRow>(
    connection,
    `SELECT id AS row, uuid AS id, name, status, start_time AS startTime, end_time AS endTime FROM run
     WHERE lifecycle = 'active' AND id IN (
       SELECT run FROM run_tag WHERE key = '${SOURCE_TAG}' AND value = @file
       UNION SELECT run FROM run_tag AS named
         WHERE key = 'mlflow.source.name' AND value IN (SELECT value FROM json_each(@names))
         AND NOT EXISTS (SELECT 1 FROM run_tag WHERE run_tag.run = named.run AND run_tag.key = '${SOURCE_TAG}')
       UNION SELECT run FROM logged_at WHERE file = @file
       UNION SELECT id FROM run WHERE uuid IN (SELECT value FROM json_each(@stepRuns))
     ) ORDER BY start_time DESC, id DESC LIMIT ${MAX_RUNS + 1}`,
  ).all({
    file: query.file,
    names: JSON.stringify(namesOf(query.file, query.workspace)),
    stepRuns: JSON.stringify(stepRunsOf(connection, query)),
  });
}

/** Runs of steps whose code the file is part of, in the newest executions. */
function stepRunsOf(connection: Connection, { file, workspace }: SourceQuery): string[] {
  return statement<{ runId: string; path: string; pipeline: string }>(
    connection,
    `SELECT step.record ->> '$.runId' AS runId, code.key AS path, execution.file AS pipeline
     FROM (SELECT id, file FROM execution ORDER BY start_time DESC, rowid DESC LIMIT ${MAX_EXECUTIONS}) AS execution
     JOIN step ON step.execution = execution.id JOIN json_each(step.record, '$.inputs.code') AS code
     WHERE step.record ->> '$.runId' IS NOT NULL AND code.key IN (SELECT value FROM json_each(?))`,
  )
    .all(JSON.stringify(namesOf(file, workspace)))
    .filter(({ path, pipeline }) => pathFrom(pipeline, path) === file)
    .map(({ runId }) => runId);
}

/** @param rows JSON of the rows of runs */
function valuesOf(connection: Connection, rows: string): ValueRow[] {
  return statement<{ runId: string; key: string; value: number | string }>(
    connection,
    `SELECT run.uuid AS runId, metric.key, summary.last AS value
     FROM json_each(?) AS wanted JOIN run ON run.id = wanted.value
     JOIN metric_summary AS summary ON summary.run = run.id JOIN metric ON metric.id = summary.metric
     WHERE metric.key NOT LIKE 'system/%' ORDER BY wanted.key, metric.key LIMIT ${MAX_VALUES}`,
  )
    .all(rows)
    .map(row => ({ ...row, value: fromColumn(row.value) }));
}

/** What the runs behind the versions in Production logged, of models that came of these runs. */
function productionOf(connection: Connection, rows: string): ProductionRow[] {
  return statement<{ runId: string; key: string; value: number | string; model: string; version: number }>(
    connection,
    `SELECT run.uuid AS runId, metric.key, summary.last AS value, model.name AS model, champion.version
     FROM model_version AS champion JOIN registered_model AS model ON model.id = champion.model
     JOIN run ON run.uuid = champion.run_id
     JOIN metric_summary AS summary ON summary.run = run.id JOIN metric ON metric.id = summary.metric
     WHERE champion.stage = 'Production' AND champion.deleted_at IS NULL AND champion.model IN (
       SELECT own.model FROM json_each(?) AS wanted JOIN run ON run.id = wanted.value
       JOIN model_version AS own ON own.run_id = run.uuid WHERE own.deleted_at IS NULL)
     ORDER BY champion.version DESC`,
  )
    .all(rows)
    .map(row => ({ ...row, value: fromColumn(row.value) }));
}

function placesOf(connection: Connection, rows: string, file: string): PlaceRow[] {
  return statement<PlaceRow>(
    connection,
    `SELECT run.uuid AS runId, place.key, place.line, place.text
     FROM json_each(?) AS wanted JOIN run ON run.id = wanted.value
     JOIN logged_at AS place ON place.run = run.id WHERE place.file = ? ORDER BY wanted.key, place.line LIMIT ${MAX_VALUES}`,
  ).all(rows, file);
}
