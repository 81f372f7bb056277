/** What an archive of ours is made of: a zip of JSON documents and artifacts, and a list of them with their digests. */
import path from 'node:path';
import * as z from 'zod';
import { DatasetInput, RunStatus } from '../../contract/runs.ts';

/** What archives of this kind say they are; another number is another format. */
export const FORMAT = 1;

/** The list of all other files, written last: an archive without it was cut off. */
export const MANIFEST = 'manifest.json';

/** The list of files is read whole, so that it is no larger. */
export const MANIFEST_BYTES = 64 * 2 ** 20;

/** Folders of an archive, by what is in them. */
export const FOLDERS = {
  experiments: 'experiments',
  runs: 'runs',
  points: 'points',
  loggedModels: 'logged-models',
  models: 'models',
  executions: 'executions',
  runArtifacts: 'artifacts/runs',
  modelArtifacts: 'artifacts/logged-models',
} as const;

/** Where an archive is unpacked within the scratch folder of its import. */
export function unpackedFolder(scratch: string): string {
  return path.join(scratch, 'unpacked');
}

/** Metric points that one file has at most. */
export const POINTS_PER_FILE = 200_000;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const Manifest = z.object({
  format: z.literal(FORMAT),
  madeAt: z.number().int(),
  /** Of the modelthat that made it. */
  version: z.string(),
  /** What was exported, in a person's words. */
  of: z.string(),
  files: z.array(z.object({ path: z.string(), size: z.number().int().nonnegative(), sha256: Sha256 })),
});
export type Manifest = z.infer<typeof Manifest>;

const Pairs = z.array(z.object({ key: z.string(), value: z.string() }));
const Lifecycle = z.enum(['active', 'deleted']);
const Time = z.number().int();

/** The id of a run or a logged model: it becomes part of a path. */
const Id = z.string().regex(/^[a-zA-Z0-9][\w-]{0,255}$/);

export const PackedExperiment = z.object({
  id: z.string(),
  name: z.string(),
  lifecycle: Lifecycle,
  artifactLocation: z.string(),
  createdAt: Time,
  updatedAt: Time,
  tags: Pairs,
});

export const PackedRun = z.object({
  id: Id,
  experimentId: z.string(),
  name: z.string(),
  user: z.string(),
  status: RunStatus,
  lifecycle: Lifecycle,
  startTime: Time,
  endTime: Time.nullable(),
  deletedAt: Time.nullable(),
  artifactUri: z.string(),
  params: Pairs,
  tags: Pairs,
  datasets: z.array(DatasetInput),
  modelInputs: z.array(z.string()),
  modelOutputs: z.array(z.object({ modelId: z.string(), step: z.number().int() })),
});
export type PackedRun = z.infer<typeof PackedRun>;

/** Points of one metric of a run, as columns of equal length; NaN and infinities as their names. */
export const PackedPoints = z
  .object({
    key: z.string(),
    modelId: z.string().optional(),
    datasetName: z.string().optional(),
    datasetDigest: z.string().optional(),
    steps: z.array(z.number()).readonly(),
    timestamps: z.array(z.number()).readonly(),
    values: z.array(z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])).readonly(),
  })
  .refine(
    ({ steps, timestamps, values }) => steps.length === timestamps.length && steps.length === values.length,
    'its columns are not of equal length',
  );
export type PackedPoints = z.infer<typeof PackedPoints>;

export const PackedLoggedModel = z.object({
  id: Id,
  experimentId: z.string(),
  name: z.string(),
  type: z.string(),
  sourceRunId: z.string().nullable(),
  status: z.number().int().min(1).max(3),
  createdAt: Time,
  updatedAt: Time,
  deletedAt: Time.nullable(),
  params: Pairs,
  tags: Pairs,
  artifactUri: z.string(),
});
export type PackedLoggedModel = z.infer<typeof PackedLoggedModel>;

export const PackedModel = z.object({
  name: z.string(),
  description: z.string(),
  createdAt: Time,
  updatedAt: Time,
  tags: Pairs,
  aliases: z.array(z.object({ alias: z.string(), version: z.number().int() })),
  versions: z.array(
    z.object({
      version: z.number().int().positive(),
      stage: z.string(),
      description: z.string(),
      source: z.string(),
      storageLocation: z.string(),
      runId: z.string().nullable(),
      runLink: z.string(),
      createdAt: Time,
      updatedAt: Time,
      tags: Pairs,
      deleted: z.boolean(),
    }),
  ),
});
export type PackedModel = z.infer<typeof PackedModel>;

const Ended = z.enum(['succeeded', 'failed', 'skipped', 'cancelled', 'rejected']);

/** An execution that has ended, with its steps: what else they hold is kept as it is, and never run by itself. */
export const PackedExecution = z.object({
  execution: z.looseObject({
    id: z.string().regex(/^[0-9a-f]{12}$/),
    pipeline: z.string(),
    number: z.number().int(),
    file: z.string(),
    runId: Id,
    startTime: Time,
    status: Ended,
    definition: z.looseObject({
      name: z.string(),
      file: z.string(),
      folder: z.string(),
      steps: z.array(z.unknown()),
    }),
  }),
  steps: z.array(z.looseObject({ name: z.string(), status: Ended })),
});
export type PackedExecution = z.infer<typeof PackedExecution>;
