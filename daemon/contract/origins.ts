/** What runs were made from: code, data and environment, as far as it was recorded. */
import * as z from 'zod';
import { CodeVersion, Host } from './pipelines.ts';
import { route } from './route.ts';
import { QueryInt } from './values.ts';

/** Runs whose origins are told at once, at most. */
export const MOST_ORIGINS = 100;

/** Digests by path; null = nothing was there, or it could not be read. */
const Digests = z.record(z.string(), z.string().nullable());

export const RunOrigin = z.object({
  runId: z.string(),
  /** The file that ran, as its client or the pipeline said. */
  source: z.string().nullable(),
  /** Of a run outside of pipelines, what its client said: whether the work tree had more is not known. */
  code: CodeVersion.extend({ dirty: z.boolean().nullable() }).nullable(),
  /** The files of code that its steps ran and imported, relative to the pipeline's folder. */
  files: Digests,
  /** The data that its steps read and did not make, relative to the pipeline's folder; digests are SHA-256, or DVC's MD5. */
  data: Digests,
  host: Host.nullable(),
  /** The lines of the environment's lock, `numpy==2.1.0`; null when none was recorded. */
  packages: z.array(z.string()).nullable(),
});
export type RunOrigin = z.infer<typeof RunOrigin>;

export const getOrigins = route({
  method: 'POST',
  path: '/api/v1/lineage/origins',
  access: 'tracking',
  summary: 'The code, data and environment that runs were made from',
  body: z.object({ runIds: z.array(z.string()).min(1).max(MOST_ORIGINS) }),
  /** In the order of the ids, without runs that are gone. */
  reply: z.object({ items: z.array(RunOrigin) }),
});

/** A file of code that is not the same in two versions. */
export const CodeChange = z.object({ path: z.string(), change: z.enum(['added', 'removed', 'changed']) });
export type CodeChange = z.infer<typeof CodeChange>;

/** Files that are named of a difference, at most. */
export const MOST_CHANGES = 500;

export const getCodeChanges = route({
  method: 'GET',
  path: '/api/v1/lineage/code/changes',
  access: 'owner',
  summary: 'The files in which the code of two runs differs',
  query: z.object({ from: z.string(), to: z.string() }),
  reply: z.object({
    changes: z.array(CodeChange),
    /** How many more there are. */
    more: z.number().int(),
    /** What a person should know of it. */
    remarks: z.array(z.string()),
  }),
});

export const getCodeFile = route({
  method: 'GET',
  path: '/api/v1/lineage/code/file',
  access: 'owner',
  summary: 'A file of the code that a run was made from',
  query: z.object({ run: z.string(), path: z.string().min(1).max(4096) }),
  /** Empty where the code had no such file. */
  reply: z.object({ text: z.string() }),
});

/** What differs between what led to a version and what led to another of its model. */
export const VersionDifferences = z.object({
  /** The one that it is compared with. */
  against: z.number().int(),
  /** What only one of them was made from, or both in another content. What no step made comes first. */
  data: z.array(
    z.object({
      /** As nodes of lineage name it. */
      path: z.string(),
      /** Null = it was not made from it. */
      before: z.string().nullable(),
      now: z.string().nullable(),
      /** Whether a step made it. */
      made: z.boolean(),
    }),
  ),
  /** Of the steps, or of a run outside of pipelines, by name. */
  params: z.array(z.object({ name: z.string(), before: z.string().nullable(), now: z.string().nullable() })),
  /** Null when it cannot be compared; empty when it was the same. */
  code: z.array(CodeChange).nullable(),
  /** Whether the Python environments were the same; null = not known. */
  sameEnvironment: z.boolean().nullable(),
  /** What a person should know of it. */
  remarks: z.array(z.string()),
});
export type VersionDifferences = z.infer<typeof VersionDifferences>;

export const getDifferences = route({
  method: 'GET',
  path: '/api/v1/lineage/differences',
  access: 'tracking',
  summary:
    'What differs between what led to a version and what led to another: data, parameters, code, environment',
  query: z.object({
    model: z.string().min(1).max(256),
    version: QueryInt.min(1),
    against: QueryInt.min(1),
  }),
  reply: VersionDifferences,
});
