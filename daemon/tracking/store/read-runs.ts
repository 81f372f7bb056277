/** Putting runs together from their rows, many at a time. */
import type { Database as Connection } from 'better-sqlite3';
import type { DatasetInput, MetricSummary, Run } from '../../contract/runs.ts';
import { encodeDouble } from '../../contract/values.ts';
import { statement } from '../../database/statements.ts';
import { fromColumn } from './doubles.ts';
import { type RunRow, requireRun, toRunInfo } from './runs.ts';

/** The parts of runs, keyed by the run's integer id. */
type PerRun<Part> = Map<number, Part[]>;

interface SummaryRow {
  readonly run: number;
  readonly key: string;
  readonly last: number | string;
  readonly step: number;
  readonly timestamp: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly count: number;
}

interface DatasetRow {
  readonly run: number;
  readonly name: string;
  readonly digest: string;
  readonly source_type: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
  readonly tags: string;
}

interface ModelRow {
  readonly run: number;
  readonly direction: 'input' | 'output';
  readonly model_id: string;
  readonly step: number;
}

type PairRow = { readonly run: number; readonly key: string; readonly value: string };

const PARAMS = 'SELECT run, key, value FROM param WHERE run IN (SELECT value FROM json_each(?))';
const TAGS = 'SELECT run, key, value FROM run_tag WHERE run IN (SELECT value FROM json_each(?))';
const SUMMARIES = `SELECT run, key, last, step, timestamp, min, max, count FROM metric_summary
  JOIN metric ON metric.id = metric_summary.metric WHERE run IN (SELECT value FROM json_each(?))`;
const OF_THESE_KEYS = 'key IN (SELECT value FROM json_each(?))';
const OF_THESE_METRICS = `metric_summary.metric IN
  (SELECT id FROM metric WHERE metric.key IN (SELECT value FROM json_each(?)))`;
const DATASETS = `SELECT run, name, digest, source_type, source, schema, profile, tags FROM run_dataset
  JOIN dataset ON dataset.id = run_dataset.dataset WHERE run IN (SELECT value FROM json_each(?))`;
const MODELS = `SELECT run, direction, model_id, step FROM run_model WHERE run IN (SELECT value FROM json_each(?))`;
// In this order: left to choose, SQLite goes through all active runs to see whose children they are.
const CHILDREN = `SELECT run.id AS run, count(*) AS count FROM run
  CROSS JOIN run_tag ON run_tag.key = 'mlflow.parentRunId' AND run_tag.value = run.uuid
  CROSS JOIN run AS child ON child.id = run_tag.run AND child.lifecycle = 'active'
  WHERE run.id IN (SELECT value FROM json_each(?)) GROUP BY run.id`;

/** Keys of what is wanted of runs that have much more. */
export interface WantedKeys {
  readonly metric: readonly string[];
  readonly param: readonly string[];
  readonly tag: readonly string[];
}

/**
 * Runs for the rows, in their order.
 *
 * @param wanted the only metrics, params and tags to read; absent = all
 */
export function toRuns(connection: Connection, rows: readonly RunRow[], wanted?: WantedKeys): Run[] {
  const ids = JSON.stringify(rows.map(row => row.id));
  const only = (
    sql: string,
    keys: readonly string[] | undefined,
    condition = OF_THESE_KEYS,
  ): [string, ...string[]] => (keys ? [`${sql} AND ${condition}`, ids, JSON.stringify(keys)] : [sql, ids]);
  const params = perRun<PairRow>(connection, ...only(PARAMS, wanted?.param));
  const tags = perRun<PairRow>(connection, ...only(TAGS, wanted?.tag));
  const summaries = perRun<SummaryRow>(connection, ...only(SUMMARIES, wanted?.metric, OF_THESE_METRICS));
  const datasets = perRun<DatasetRow>(connection, DATASETS, ids);
  const models = perRun<ModelRow>(connection, MODELS, ids);
  const children = perRun<{ run: number; count: number }>(connection, CHILDREN, ids);
  return rows.map(row => {
    const modelRows = models.get(row.id) ?? [];
    return {
      ...toRunInfo(row),
      params: toMap(params.get(row.id)),
      tags: toMap(tags.get(row.id)),
      metrics: Object.fromEntries(
        (summaries.get(row.id) ?? []).map(summary => [summary.key, toSummary(summary)]),
      ),
      datasets: (datasets.get(row.id) ?? []).map(toDataset),
      modelInputs: modelRows.filter(model => model.direction === 'input').map(model => model.model_id),
      modelOutputs: modelRows
        .filter(model => model.direction === 'output')
        .map(model => ({ modelId: model.model_id, step: model.step })),
      childCount: children.get(row.id)?.[0]?.count ?? 0,
    };
  });
}

export function getRun(connection: Connection, input: { runId: string }): Run {
  const [run] = toRuns(connection, [requireRun(connection, input.runId)]);
  return run as Run;
}

function perRun<Part extends { readonly run: number }>(
  connection: Connection,
  sql: string,
  ...values: readonly string[]
): PerRun<Part> {
  const parts: PerRun<Part> = new Map();
  for (const part of statement<Part>(connection, sql).iterate(...values)) {
    const found = parts.get(part.run);
    if (found) found.push(part);
    else parts.set(part.run, [part]);
  }
  return parts;
}

function toMap(pairs: readonly PairRow[] = []): Record<string, string> {
  return Object.fromEntries(pairs.map(pair => [pair.key, pair.value]));
}

function toSummary(row: SummaryRow): MetricSummary {
  const last = fromColumn(row.last);
  return {
    last: encodeDouble(last),
    step: row.step,
    timestamp: row.timestamp,
    min: encodeDouble(row.min ?? Number.NaN),
    max: encodeDouble(row.max ?? Number.NaN),
    count: row.count,
  };
}

function toDataset(row: DatasetRow): DatasetInput {
  return {
    name: row.name,
    digest: row.digest,
    sourceType: row.source_type,
    source: row.source,
    ...(row.schema === null ? {} : { schema: row.schema }),
    ...(row.profile === null ? {} : { profile: row.profile }),
    tags: JSON.parse(row.tags) as Record<string, string>,
  };
}
