/** Evaluations: a model version on a data set, beside the champion. */
import * as z from 'zod';
import { Stage } from './models.ts';
import { route } from './route.ts';
import { Double, Empty, Time } from './values.ts';

const Count = z.number().int();

export const EvaluationMetrics = z.record(z.string(), Double);

/** The rows that have one value of a column. */
export const EvaluationSlice = z.object({
  column: z.string(),
  value: z.string(),
  rows: Count,
  metrics: EvaluationMetrics,
});
export type EvaluationSlice = z.infer<typeof EvaluationSlice>;

/** What was found against the champion, on the same rows. */
export const EvaluationComparison = z.object({
  /** The champion's value of the metric. */
  champion: Double,
  /** The candidate's minus the champion's. */
  difference: Double,
  /** 95 % percentile interval of the difference by a paired bootstrap; null where no resample could be measured. */
  interval: z.object({ low: Double, high: Double, resamples: Count }).nullable(),
  /** Undecided when the interval has 0 in it. */
  verdict: z.enum(['better', 'worse', 'undecided']),
});
export type EvaluationComparison = z.infer<typeof EvaluationComparison>;

export const EvaluationResult = z.object({
  task: z.enum(['regression', 'classification']),
  /** The metric that is compared. */
  metric: z.string(),
  rows: Count,
  metrics: EvaluationMetrics,
  slices: z.array(EvaluationSlice),
  comparison: EvaluationComparison.nullable(),
  /** The data of pictures by name: `residuals`; `confusion_matrix`, `calibration`, `roc`. */
  tables: z.record(
    z.string(),
    z.object({
      columns: z.array(z.string()),
      rows: z.array(z.array(z.union([Double, z.string(), z.boolean()]))),
    }),
  ),
});
export type EvaluationResult = z.infer<typeof EvaluationResult>;

export const Evaluation = z.object({
  /** The run that keeps it, in the experiment that the model is from. */
  runId: z.string(),
  model: z.string(),
  version: Count,
  /** Version that it is compared with; null when with none. */
  champion: Count.nullable(),
  data: z.string(),
  state: z.enum(['running', 'finished', 'failed', 'cancelled']),
  /** What it is at, or why it failed. */
  message: z.string(),
  startTime: Time,
  endTime: Time.nullable(),
  /** Null until it has finished. */
  result: EvaluationResult.nullable(),
});
export type Evaluation = z.infer<typeof Evaluation>;

const RunId = z.object({ runId: z.string() });

/** Which version is meant. */
export const EvaluationTarget = z.union([
  z.strictObject({ version: z.number().int().positive() }),
  z.strictObject({ stage: Stage }),
  z.strictObject({ alias: z.string().min(1) }),
]);

export const startEvaluation = route({
  method: 'POST',
  path: '/api/v1/evaluations',
  access: 'owner',
  summary: 'Have a model version predict a data set, and judge it',
  body: z.object({
    model: z.string(),
    target: EvaluationTarget,
    /** Absolute path of a CSV, Parquet or JSON file on the disk of the daemon. */
    data: z.string(),
    /** Column with the truth; absent: the only one that the model does not take. */
    column: z.string().min(1).optional(),
    /** The metric that is compared; absent: the custom one, else the first of the task. */
    metric: z.string().min(1).optional(),
    /** A further metric: `<absolute path of a .py file>:<function(predictions, targets, frame) -> number>`. */
    custom: z.string().min(1).optional(),
    /** Whether more of the custom metric is better. */
    greaterIsBetter: z.boolean().default(false),
    /** Columns whose values are judged apart. */
    slices: z.array(z.string()).max(20).default([]),
    /** `champion` is the version in Production, where there is one. */
    against: z.union([z.enum(['champion', 'none']), z.number().int().positive()]).default('champion'),
    /** Of the bootstrap's draws. */
    seed: z.number().int().nonnegative().default(0),
    resamples: z.number().int().min(100).max(100_000).default(2000),
    /** It is ended after so long. */
    timeoutSeconds: z.number().positive().max(86_400).default(3600),
  }),
  reply: Evaluation,
});

export const getEvaluation = route({
  method: 'GET',
  path: '/api/v1/evaluations/:runId',
  access: 'tracking',
  summary: 'How an evaluation goes, or what it found',
  params: RunId,
  reply: Evaluation,
});

export const listEvaluations = route({
  method: 'GET',
  path: '/api/v1/models/:name/evaluations',
  access: 'tracking',
  summary: 'The newest evaluations of a model, newest first',
  params: z.object({ name: z.string() }),
  reply: z.object({ items: z.array(Evaluation) }),
});

export const cancelEvaluation = route({
  method: 'POST',
  path: '/api/v1/evaluations/:runId/cancel',
  access: 'owner',
  summary: 'End an evaluation; one that has ended stays as it is',
  params: RunId,
  body: Empty,
  reply: Evaluation,
});
