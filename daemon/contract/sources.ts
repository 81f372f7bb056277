/** What source files logged: the runs that came of them, and how their metrics stand beside each other. */
import * as z from 'zod';
import { route } from './route.ts';
import { RunStatus } from './runs.ts';
import { Double, Time } from './values.ts';

/** Tag of a run with the absolute path of the program or notebook that it came from, as the Python package sets it. */
export const SOURCE_TAG = 'modelthat.source';

/** Header of a request that logs, with `LoggedAt` in JSON: what in the code logged these metrics. */
export const LOGGED_AT_HEADER = 'x-modelthat-logged-at';

/** Where code logged metrics of a run. */
export const LoggedAt = z.object({
  run: z.string().min(1).max(64),
  /** Absolute path. */
  file: z.string().min(1).max(4_096),
  /** From 1. */
  line: z.number().int().min(1).max(10_000_000),
  /** What the line said, without spaces around it. */
  text: z.string().max(1_000),
  keys: z.array(z.string().min(1).max(250)).min(1).max(200),
});
export type LoggedAt = z.infer<typeof LoggedAt>;

/** A run of a file, as far as a note has to name it. */
export const SourceRun = z.object({
  id: z.string(),
  name: z.string(),
  status: RunStatus,
  startTime: Time,
  endTime: Time.nullable(),
});
export type SourceRun = z.infer<typeof SourceRun>;

/** The last value of a metric in a run. */
export const ValueOfRun = z.object({ runId: z.string(), value: Double });
export type ValueOfRun = z.infer<typeof ValueOfRun>;

/** One metric over the runs of a file. */
export const SourceMetric = z.object({
  key: z.string(),
  /** Of the newest run that has it. */
  last: ValueOfRun,
  /** Of the run before that. */
  before: ValueOfRun.nullable(),
  /** The last value in each of the newest runs that have it, oldest first: a chart of how it went. */
  recent: z.array(ValueOfRun),
  /** Among runs that ended well or still run; null when in none of them it is a number. */
  lowest: ValueOfRun.nullable(),
  highest: ValueOfRun.nullable(),
  /** Of the version in Production of a model that came of the file. */
  production: z
    .object({ model: z.string(), version: z.number().int(), runId: z.string(), value: Double })
    .nullable(),
  /** Lines of the file that logged it in the newest run, where the Python package told them. */
  places: z.array(LoggedAt.pick({ line: true, text: true })),
});
export type SourceMetric = z.infer<typeof SourceMetric>;

export const SourceResults = z.object({
  /** The newest run; null when the file has none. */
  last: SourceRun.nullable(),
  /** How many runs were looked at: the newest ones. */
  runs: z.number().int(),
  /** Whether there are more. */
  more: z.boolean(),
  metrics: z.array(SourceMetric),
});
export type SourceResults = z.infer<typeof SourceResults>;

export const getSourceResults = route({
  method: 'GET',
  path: '/api/v1/source-results',
  access: 'tracking',
  summary: 'What a source file logged: each metric in its last runs, its extremes, and in Production',
  query: z.object({
    /** Absolute path of a Python file or a notebook. */
    file: z.string().min(1).max(4_096),
  }),
  reply: SourceResults,
});
