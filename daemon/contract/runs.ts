import * as z from 'zod';
import { route } from './route.ts';
import { Double, Empty, page, QueryInt, QueryList, StringMap, Time } from './values.ts';

/** MLflow's run states, plus LOST: a run whose client went silent (KILLED on the MLflow wire, with a tag). */
export const RunStatus = z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED', 'LOST']);
export type RunStatus = z.infer<typeof RunStatus>;

export const Lifecycle = z.enum(['active', 'deleted']);
export type Lifecycle = z.infer<typeof Lifecycle>;

export const Experiment = z.object({
  id: z.string(),
  name: z.string(),
  artifactLocation: z.string(),
  lifecycle: Lifecycle,
  createdAt: Time,
  updatedAt: Time,
  tags: StringMap,
  runCount: z.number().int(),
  runningCount: z.number().int(),
  lastRunAt: Time.nullable(),
});
export type Experiment = z.infer<typeof Experiment>;

/** One metric of one run, over all its points. */
export const MetricSummary = z.object({
  last: Double,
  step: z.number(),
  timestamp: Time,
  min: Double,
  max: Double,
  count: z.number().int(),
});
export type MetricSummary = z.infer<typeof MetricSummary>;

export const RunInfo = z.object({
  id: z.string(),
  experimentId: z.string(),
  name: z.string(),
  status: RunStatus,
  lifecycle: Lifecycle,
  startTime: Time,
  endTime: Time.nullable(),
  /** The last time anything was logged: a RUNNING run whose last write is old is shown as silent. */
  lastWriteAt: Time,
  artifactUri: z.string(),
  user: z.string(),
  parentId: z.string().nullable(),
});
export type RunInfo = z.infer<typeof RunInfo>;

/** A data set that a run read. `tags` says what for: `mlflow.data.context` is "training", "eval" … */
export const DatasetInput = z.object({
  name: z.string(),
  digest: z.string(),
  sourceType: z.string(),
  source: z.string(),
  /** JSON texts, as the client made them. */
  schema: z.string().optional(),
  profile: z.string().optional(),
  tags: StringMap,
});
export type DatasetInput = z.infer<typeof DatasetInput>;

export const Run = RunInfo.extend({
  params: StringMap,
  tags: StringMap,
  metrics: z.record(z.string(), MetricSummary),
  datasets: z.array(DatasetInput),
  /** Ids of logged models that the run used, and of those it made (with the step they were made at). */
  modelInputs: z.array(z.string()),
  modelOutputs: z.array(z.object({ modelId: z.string(), step: z.number().int() })),
  /** Active runs directly below it: a tree shows an arrow for them without asking again. */
  childCount: z.number().int(),
});
export type Run = z.infer<typeof Run>;

/** One bucket of a chart: the mean and the extremes of `count` points. With one point, min = max = value. */
export const SeriesPoint = z.object({
  step: z.number(),
  timestamp: Time,
  value: Double,
  min: Double,
  max: Double,
  count: z.number().int(),
});
export type SeriesPoint = z.infer<typeof SeriesPoint>;

export const Series = z.object({
  key: z.string(),
  points: z.array(SeriesPoint),
  /** Points logged; when it exceeds `points.length`, the chart says that it is sampled. */
  total: z.number().int(),
});
export type Series = z.infer<typeof Series>;

/** A part of a curve; both ends belong to it. */
export const StepRange = z.object({ fromStep: z.number().int(), toStep: z.number().int() });
export type StepRange = z.infer<typeof StepRange>;

export const ArtifactFile = z.object({
  /** POSIX path relative to the run's artifact root. */
  path: z.string(),
  isDir: z.boolean(),
  size: z.number().int().optional(),
});
export type ArtifactFile = z.infer<typeof ArtifactFile>;

const RunId = z.object({ runId: z.string() });

export const listExperiments = route({
  method: 'GET',
  path: '/api/v1/experiments',
  access: 'tracking',
  summary: 'Experiments, newest activity first',
  query: z.object({
    view: z.enum(['active', 'deleted', 'all']).default('active'),
    limit: QueryInt.min(1).max(1000).default(200),
    pageToken: z.string().optional(),
  }),
  reply: page(Experiment),
});

export const searchRuns = route({
  method: 'POST',
  path: '/api/v1/runs/search',
  access: 'tracking',
  summary: 'Runs by filter, sorted, a page at a time',
  body: z.object({
    /** Empty = all experiments. */
    experimentIds: z.array(z.string()).default([]),
    /** MLflow's filter language. */
    filter: z.string().default(''),
    /** MLflow's order_by items. */
    orderBy: z.array(z.string()).default([]),
    view: z.enum(['active', 'deleted', 'all']).default('active'),
    /**
     * Only these metrics, params and tags, named as in `orderBy` (`metrics.loss`, `params."batch size"`); absent = all. A
     * table of runs with thousands of metrics shows a few.
     */
    columns: z.array(z.string()).max(1000).optional(),
    /** Only children of this run; null = only runs without a parent; absent = all. */
    parentId: z.string().nullable().optional(),
    limit: z.number().int().min(1).max(1000).default(100),
    pageToken: z.string().optional(),
  }),
  reply: page(Run),
});

export const getRun = route({
  method: 'GET',
  path: '/api/v1/runs/:runId',
  access: 'tracking',
  summary: 'One run with params, tags and metric summaries',
  params: RunId,
  reply: Run,
});

export const getSeries = route({
  method: 'GET',
  path: '/api/v1/runs/:runId/series',
  access: 'tracking',
  summary: 'Metric curves, down-sampled to the asked number of buckets',
  params: RunId,
  query: z.object({
    key: QueryList,
    buckets: QueryInt.min(2).max(5000).default(500),
    fromStep: QueryInt.optional(),
    toStep: QueryInt.optional(),
  }),
  reply: z.object({ series: z.array(Series) }),
});

export const listArtifacts = route({
  method: 'GET',
  path: '/api/v1/runs/:runId/artifacts',
  access: 'tracking',
  summary: 'Artifacts of a run below a folder',
  params: RunId,
  query: z.object({ path: z.string().default('') }),
  reply: z.object({ files: z.array(ArtifactFile) }),
});

/** Raw bytes, as an attachment; not in the route table because its answer is not JSON. */
export const ARTIFACT_CONTENT_PATH = '/api/v1/runs/:runId/artifacts/content';

export const updateRun = route({
  method: 'PATCH',
  path: '/api/v1/runs/:runId',
  access: 'tracking',
  summary: 'Rename a run, change its tags, or close it',
  params: RunId,
  body: z.object({
    name: z.string().min(1).max(500).optional(),
    /** Closing by hand a run that hangs in RUNNING. */
    status: z.enum(['FINISHED', 'FAILED', 'KILLED']).optional(),
    tags: z.record(z.string(), z.string().nullable()).optional(),
  }),
  reply: Run,
});

export const deleteRun = route({
  method: 'DELETE',
  path: '/api/v1/runs/:runId',
  access: 'owner',
  summary: 'Move a run to the bin',
  params: RunId,
  reply: Empty,
});

export const restoreRun = route({
  method: 'POST',
  path: '/api/v1/runs/:runId/restore',
  access: 'owner',
  summary: 'Take a run out of the bin',
  params: RunId,
  body: Empty,
  reply: Empty,
});

/** How long a run that sends heartbeats may be silent before it is LOST, in milliseconds. */
export const HEARTBEAT_LIMIT_MS = 60_000;

/** How long a RUNNING run that sends no heartbeats may be silent before it is shown as such, in milliseconds. */
export const SILENT_AFTER_MS = 10 * 60_000;

/** Tag of an execution's own run; its value is the execution's id. */
export const EXECUTION_TAG = 'modelthat.execution';

/** Tag of a run that a person starred; its value says nothing. */
export const STAR_TAG = 'modelthat.star';

/** Tag with what people noted of a run, in Markdown. It is MLflow's, whose UI shows it as the description. */
export const NOTE_TAG = 'mlflow.note.content';

/** Begins the tags of a run that tell of data checks; the check's name, or its step's, follows, and the value is DataChecks in JSON. */
export const CHECKS_TAG = 'modelthat.checks.';

/** How many checks of data there were, by their outcome. */
export const DataChecks = z.object({ passed: z.number().int().min(0), failed: z.number().int().min(0) });
export type DataChecks = z.infer<typeof DataChecks>;

/** Tag of the run of an execution that only runs another one again; its value is that one's id. */
export const REPRODUCES_TAG = 'modelthat.reproduces';

/**
 * Since when a run has been silent, in milliseconds since the epoch; undefined when it is not. The run of an execution
 * is never silent: it logs nothing itself, and the daemon ends it.
 */
export function silentSince(run: Run, now: number): number | undefined {
  const quiet = run.status === 'RUNNING' && now - run.lastWriteAt > SILENT_AFTER_MS;
  const silent = quiet && run.tags[EXECUTION_TAG] === undefined;
  return silent ? run.lastWriteAt : undefined;
}

export const heartbeat = route({
  method: 'POST',
  path: '/api/v1/runs/:runId/heartbeat',
  access: 'execution',
  summary: 'The run is alive; from the first call on, silence means LOST',
  params: RunId,
  body: Empty,
  reply: Empty,
});
