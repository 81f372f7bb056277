/** What the tools of assistants do, by calls of the native API: with the rights of whoever's token makes them. */
import { formatBytes } from '../contract/display.ts';
import { ApiError } from '../contract/errors.ts';
import { goalOf } from '../contract/goals.ts';
import { listModelSummaries, listVersions, listVersionsOfRun } from '../contract/models.ts';
import {
  cancelExecution,
  type Execution,
  getExecution,
  getStepLog,
  listExecutions,
  listPipelines,
  planExecution,
  startExecution,
} from '../contract/pipelines.ts';
import type { AnyRoute, RouteInput, RouteReply } from '../contract/route.ts';
import { getRun, getSeries, listExperiments, type Run, searchRuns } from '../contract/runs.ts';
import type { ToolInput, ToolName } from '../contract/tools.ts';

/** Something that calls the daemon. */
export interface Calls {
  call<R extends AnyRoute>(route: R, input: RouteInput<R>): Promise<RouteReply<R>>;
}

/** Bytes of a failed step's log that are told. */
const LOG_TAIL = 4_000;
/** Experiments that one is looked for among by its name. */
const MAX_EXPERIMENTS = 1_000;
/** Metrics and parameters of a run that are told. */
const MAX_ENTRIES = 200;

type Handlers = { readonly [Name in ToolName]: (calls: Calls, input: ToolInput<Name>) => Promise<unknown> };

const HANDLERS: Handlers = {
  list_runs: async (calls, { experiment, filter, order, limit }) => {
    const experimentIds = experiment === undefined ? [] : [await experimentId(calls, experiment)];
    const { items, nextPageToken } = await calls.call(searchRuns, {
      body: { experimentIds, filter, orderBy: order, limit },
    });
    return { runs: items.map(brief), more: nextPageToken !== undefined };
  },

  get_run: async (calls, { run: runId }) => {
    const [run, versions] = await Promise.all([
      calls.call(getRun, { params: { runId } }),
      calls.call(listVersionsOfRun, { params: { runId } }),
    ]);
    return {
      ...brief(run),
      metrics: some(run.metrics),
      tags: run.tags,
      parent: run.parentId,
      children: run.childCount,
      data: run.datasets.map(({ name, digest, tags }) => ({ name, digest, tags })),
      versions: versions.items.map(({ name, version, stage }) => ({ name, version, stage })),
    };
  },

  get_metric_history: async (calls, { run, metrics, points }) => {
    const { series } = await calls.call(getSeries, {
      params: { runId: run },
      query: { key: metrics, buckets: points },
    });
    return series.map(({ key, total, points: shown }) => ({ metric: key, logged: total, points: shown }));
  },

  compare_runs: async (calls, { runs: ids }) => {
    const [runs, goals] = await Promise.all([
      Promise.all(ids.map(runId => calls.call(getRun, { params: { runId } }))),
      goalsOf(calls),
    ]);
    return compared(runs, goals);
  },

  list_pipelines: async calls => {
    const [{ items, remark }, executions] = await Promise.all([
      calls.call(listPipelines, {}),
      calls.call(listExecutions, { query: { limit: 100 } }),
    ]);
    const pipelines = items.map(({ name, file, steps, params, metrics, problems }) => {
      const last = executions.items.find(execution => execution.file === file);
      return {
        ...{ name, file, params, goals: metrics, problems },
        steps: steps.map(step => ({ name: step.name, needs: step.needs, command: step.command })),
        last: last && { id: last.id, status: last.status, startTime: last.startTime },
      };
    });
    return { pipelines, remark };
  },

  get_execution: async (calls, { execution: id }) => {
    const execution =
      id === undefined
        ? (await calls.call(listExecutions, { query: { limit: 1 } })).items[0]
        : await calls.call(getExecution, { params: { executionId: id } });
    if (!execution) throw new ApiError('RESOURCE_DOES_NOT_EXIST', 'No pipeline was run yet.');
    return { ...execution, logs: await failedLogs(calls, execution) };
  },

  plan_pipeline: async (calls, { file, set }) => calls.call(planExecution, { body: { file, set } }),

  list_models: async (calls, { name, limit }) => {
    if (name !== undefined)
      return (await calls.call(listVersions, { params: { name }, query: { limit } })).items;
    return (await calls.call(listModelSummaries, { query: { limit } })).items;
  },

  run_pipeline: async (calls, { file, set, only }) => {
    const execution = await calls.call(startExecution, { body: { file, set, ...(only && { only }) } });
    return { execution: execution.id, run: execution.runId, status: execution.status };
  },

  cancel_execution: async (calls, { execution }) => {
    const { id, status } = await calls.call(cancelExecution, {
      params: { executionId: execution },
      body: {},
    });
    return { execution: id, status };
  },
};

/**
 * Does what a tool is for.
 *
 * @param input parsed by the tool's own schema
 * @returns plain data, for a model to read
 * @throws ApiError as the daemon answered it
 */
export function useTool<Name extends ToolName>(
  calls: Calls,
  name: Name,
  input: ToolInput<Name>,
): Promise<unknown> {
  return HANDLERS[name](calls, input);
}

async function experimentId(calls: Calls, name: string): Promise<string> {
  const { items } = await calls.call(listExperiments, { query: { limit: MAX_EXPERIMENTS } });
  const found = items.find(experiment => experiment.name === name);
  if (found) return found.id;
  const names = items.slice(0, 20).map(experiment => experiment.name);
  throw new ApiError(
    'RESOURCE_DOES_NOT_EXIST',
    `There is no experiment “${name}”; there are ${names.join(', ') || 'none'}.`,
  );
}

async function goalsOf(calls: Calls) {
  const { items } = await calls.call(listPipelines, {});
  return Object.fromEntries(items.flatMap(({ metrics }) => Object.entries(metrics)));
}

/** What a list tells of a run. */
function brief(run: Run) {
  const { id, name, status, experimentId, startTime, endTime, params, metrics, tags } = run;
  return {
    ...{ id, name, status, experimentId },
    start: new Date(startTime).toISOString(),
    end: endTime === null ? null : new Date(endTime).toISOString(),
    source: tags['modelthat.source'] ?? tags['mlflow.source.name'],
    params: some(params),
    metrics: some(Object.fromEntries(Object.entries(metrics).map(([key, { last }]) => [key, last]))),
  };
}

/** The first entries, with a word of how many there are when there are more. */
function some<Value>(all: Readonly<Record<string, Value>>): Record<string, Value | string> {
  const entries = Object.entries(all);
  if (entries.length <= MAX_ENTRIES) return all;
  return Object.fromEntries([
    ...entries.slice(0, MAX_ENTRIES),
    ['…', `${entries.length - MAX_ENTRIES} more are left out`],
  ]);
}

function compared(runs: readonly Run[], goals: Parameters<typeof goalOf>[1]) {
  const keys = (of: (run: Run) => object) => [...new Set(runs.flatMap(run => Object.keys(of(run))))];
  const params = keys(run => run.params)
    .map(key => ({ name: key, values: runs.map(run => run.params[key] ?? null) }))
    .filter(({ values }) => new Set(values).size > 1);
  const metrics = keys(run => run.metrics).map(key => {
    const values = runs.map(run => run.metrics[key]?.last ?? null);
    return { name: key, values, best: bestOf(key, runs, goals) };
  });
  return { runs: runs.map(({ id, name, status }) => ({ id, name, status })), params, metrics };
}

/** Id of the run with the best value; null when nobody says what is better, or no run has a number. */
function bestOf(key: string, runs: readonly Run[], goals: Parameters<typeof goalOf>[1]): string | null {
  const goal = goalOf(key, goals);
  const measured = runs
    .map(run => ({ id: run.id, value: Number(run.metrics[key]?.last ?? Number.NaN) }))
    .filter(({ value }) => !Number.isNaN(value))
    .toSorted((a, b) => a.value - b.value);
  if (!goal) return null;
  return (goal === 'minimize' ? measured[0] : measured.at(-1))?.id ?? null;
}

async function failedLogs(calls: Calls, { id, steps }: Execution): Promise<Record<string, string>> {
  const failed = steps.filter(({ status }) => status === 'failed');
  const logs = failed.map(async ({ name }) => {
    const { text, size } = await calls.call(getStepLog, {
      params: { executionId: id, step: name },
      query: { tail: LOG_TAIL },
    });
    return [name, size > LOG_TAIL ? `[the end of ${formatBytes(size)}]\n${text}` : text] as const;
  });
  return Object.fromEntries(await Promise.all(logs));
}
