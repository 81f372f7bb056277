/** Running again what an execution ran, and what came of it. */
import * as z from 'zod';
import { route } from './route.ts';
import { QueryInt, Time } from './values.ts';

/** How far a number may be from the recorded one, relative to the larger of both, and still be equal. */
export const DEFAULT_TOLERANCE = 1e-6;

/**
 * Names of fields and metrics that are another each time by their nature. `*` stands for any characters, and case does not
 * matter; a name is compared with a field's own name and with its dotted path.
 */
export const VOLATILE_NAMES: readonly string[] = [
  ...['run_id', 'run_uuid', 'run_name', 'model_id', 'model_uuid', 'experiment_id', 'execution_id'],
  ...['session_id', 'job_id', 'uuid', 'guid', 'pid', 'hostname'],
  ...['time', '*_time', '*_time_*', 'timestamp', '*_timestamp', 'created', 'created_at', 'updated_at'],
  ...['started_at', 'ended_at', 'finished_at', 'generated_at'],
  ...['duration', '*_duration', 'elapsed', '*_elapsed', '*_seconds', '*_ms'],
];

/** From the same to the other: each is what its parts come to at worst. */
export const Verdict = z.enum([
  /** Bit for bit, but for what is volatile. */ 'identical',
  /** Numbers differ within the tolerance. */ 'equal',
  'different',
]);
export type Verdict = z.infer<typeof Verdict>;

/** A field that is not what it was. */
export const FieldDifference = z.object({
  /** Dotted path within the output; empty for the whole. */
  field: z.string(),
  before: z.string(),
  now: z.string(),
});
export type FieldDifference = z.infer<typeof FieldDifference>;

/** One thing that was recorded beside what running again made of it. */
export const Comparison = z.object({
  step: z.string(),
  kind: z.enum(['output', 'metric', 'model']),
  /** Path of the output, name of the metric, name of the model. */
  name: z.string(),
  result: Verdict,
  /** What a person should know of it; empty when there is nothing. */
  message: z.string(),
  /** Fields that differ, as is their nature. */
  volatile: z.array(z.string()),
  /** The first of the others. */
  differences: z.array(FieldDifference),
});
export type Comparison = z.infer<typeof Comparison>;

/** What could have made the difference, in the order in which it is looked at. */
export const CauseKind = z.enum(['data', 'code', 'packages', 'interpreter', 'machine', 'seed']);
export type CauseKind = z.infer<typeof CauseKind>;

export const CauseCheck = z.object({
  kind: CauseKind,
  /** Null when it cannot be told. */
  same: z.boolean().nullable(),
  message: z.string(),
});
export type CauseCheck = z.infer<typeof CauseCheck>;

/** What is to be reproduced: an execution, a run that is of one, or a version whose run is. */
export const ReproductionOf = z.union([
  z.strictObject({ execution: z.string() }),
  z.strictObject({ run: z.string() }),
  z.strictObject({ model: z.string(), version: z.number().int().positive() }),
]);
export type ReproductionOf = z.infer<typeof ReproductionOf>;

export const Reproduction = z.object({
  /** That of the execution that runs everything again: it is watched and cancelled by it. */
  id: z.string(),
  /** What is reproduced, in a person's words: `store-sales #3`, `version 2 of sales`. */
  name: z.string(),
  of: ReproductionOf,
  /** The execution that ran it first. */
  execution: z.string(),
  tolerance: z.number(),
  /** Names of fields that were taken as volatile. */
  volatile: z.array(z.string()),
  startTime: Time,
  endTime: Time.nullable(),
  /** `failed` = it could not be run again, for the reason in `message`. */
  status: z.enum(['running', 'judged', 'failed', 'cancelled']),
  verdict: Verdict.nullable(),
  /** In one sentence. */
  message: z.string(),
  comparisons: z.array(Comparison),
  /** All that was looked at for the likely cause; empty unless something is different. */
  causes: z.array(CauseCheck),
  /** The likely one. */
  cause: CauseKind.nullable(),
});
export type Reproduction = z.infer<typeof Reproduction>;

/** Something that is needed to run it again and is nowhere; `details.missing` of the error. */
export const Missing = z.object({
  /** Relative to the pipeline's folder. */
  file: z.string(),
  digest: z.string(),
  /** Where it was looked for. */
  expected: z.array(z.string()),
});
export type Missing = z.infer<typeof Missing>;

/** Exit codes of `modelthat reproduce`. */
export const REPRODUCE_EXIT = { same: 0, different: 1, impossible: 2, cancelled: 130 } as const;

export const startReproduction = route({
  method: 'POST',
  path: '/api/v1/reproductions',
  access: 'owner',
  summary:
    'Run again what led to a result, in a clean copy of its code with its data, parameters and packages, and compare',
  repeatable: true,
  body: z.object({
    of: ReproductionOf,
    tolerance: z.number().min(0).max(1).default(DEFAULT_TOLERANCE),
    /** Further names of fields that are volatile. */
    volatile: z.array(z.string().min(1).max(200)).max(100).default([]),
  }),
  reply: Reproduction,
});

export const getReproduction = route({
  method: 'GET',
  path: '/api/v1/reproductions/:reproductionId',
  access: 'tracking',
  summary: 'One reproduction with its verdict',
  params: z.object({ reproductionId: z.string() }),
  reply: Reproduction,
});

export const listReproductions = route({
  method: 'GET',
  path: '/api/v1/reproductions',
  access: 'tracking',
  summary: 'Reproductions, newest first: all, or those of an execution, a run or a version',
  query: z.object({
    execution: z.string().optional(),
    run: z.string().optional(),
    model: z.string().optional(),
    version: QueryInt.positive().optional(),
    limit: QueryInt.min(1).max(200).default(20),
  }),
  reply: z.object({ items: z.array(Reproduction) }),
});
