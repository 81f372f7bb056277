/** Data sets and logged models that runs read and make. */
import type { Database as Connection } from 'better-sqlite3';
import { ApiError } from '../../contract/errors.ts';
import type { DatasetInput } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
import { TAG } from '../model.ts';
import { experimentNumber } from './experiments.ts';
import { type RunRow, requireActiveRun, type Touched, touch } from './runs.ts';

/** Links data sets and models as inputs. What is linked already stays as it is. */
export function logInputs(
  connection: Connection,
  input: { runId: string; datasets: readonly DatasetInput[]; modelIds: readonly string[] },
): Touched {
  const row = requireActiveRun(connection, input.runId);
  addInputs(connection, row, input.datasets, input.modelIds);
  return touch(connection, row);
}

/** @returns how many were not linked yet */
export function addInputs(
  connection: Connection,
  row: RunRow,
  datasets: readonly DatasetInput[],
  modelIds: readonly string[],
): number {
  let added = 0;
  for (const dataset of datasets)
    added += statement(
      connection,
      'INSERT OR IGNORE INTO run_dataset (run, dataset, tags) VALUES (?, ?, ?)',
    ).run(row.id, datasetId(connection, row, dataset), JSON.stringify(dataset.tags)).changes;
  for (const modelId of modelIds)
    added += statement(
      connection,
      "INSERT OR IGNORE INTO run_model (run, direction, model_id) VALUES (?, 'input', ?)",
    ).run(row.id, modelId).changes;
  return added;
}

function datasetId(connection: Connection, row: RunRow, dataset: DatasetInput): number {
  const known = statement<{ id: number }>(
    connection,
    'SELECT id FROM dataset WHERE experiment = ? AND name = ? AND digest = ?',
  ).get(row.experiment, dataset.name, dataset.digest);
  if (known) return known.id;
  return Number(
    statement(
      connection,
      `INSERT INTO dataset (experiment, name, digest, source_type, source, schema, profile)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      row.experiment,
      dataset.name,
      dataset.digest,
      dataset.sourceType,
      dataset.source,
      dataset.schema ?? null,
      dataset.profile ?? null,
    ).lastInsertRowid,
  );
}

/** Links models that the run made. @throws ApiError BAD_REQUEST when one of them is linked already */
export function logOutputs(
  connection: Connection,
  input: { runId: string; models: readonly { modelId: string; step: number }[] },
): Touched {
  const row = requireActiveRun(connection, input.runId);
  for (const model of input.models)
    if (addOutputs(connection, row, [model]) === 0)
      throw new ApiError(
        'BAD_REQUEST',
        `The run ${input.runId} has the model '${model.modelId}' as an output already. Log each output once.`,
      );
  return touch(connection, row);
}

/** @returns how many were not linked yet */
export function addOutputs(
  connection: Connection,
  row: RunRow,
  models: readonly { readonly modelId: string; readonly step: number }[],
): number {
  const link = statement(
    connection,
    "INSERT OR IGNORE INTO run_model (run, direction, model_id, step) VALUES (?, 'output', ?, ?)",
  );
  return models.reduce((added, { modelId, step }) => added + link.run(row.id, modelId, step).changes, 0);
}

export interface DatasetSummary {
  readonly experimentId: string;
  readonly name: string;
  readonly digest: string;
  /** What a run read it for. */
  readonly context: string | null;
}

/** The distinct data sets that runs of some experiments read. */
export function searchDatasets(
  connection: Connection,
  input: { experimentIds: readonly string[] },
): DatasetSummary[] {
  const rows = statement<DatasetSummary & { experimentId: number }>(
    connection,
    `SELECT DISTINCT dataset.experiment AS experimentId, dataset.name, dataset.digest,
       run_dataset.tags ->> '$."${TAG.datasetContext}"' AS context
     FROM dataset JOIN run_dataset ON run_dataset.dataset = dataset.id
     JOIN run ON run.id = run_dataset.run AND run.lifecycle = 'active'
     WHERE dataset.experiment IN (SELECT value FROM json_each(?))
     ORDER BY dataset.experiment, dataset.name, dataset.digest LIMIT 1000`,
  ).all(JSON.stringify(input.experimentIds.map(experimentNumber)));
  return rows.map(row => ({ ...row, experimentId: String(row.experimentId) }));
}
