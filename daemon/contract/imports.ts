import * as z from 'zod';
import { ARCHIVE_LIMITS } from './archives.ts';
import { route } from './route.ts';
import { Empty, Time } from './values.ts';

/** The kinds of store that can be imported. */
export const SOURCE_KINDS = ['mlflow-files', 'mlflow-database', 'fasttrackml', 'aim', 'archive'] as const;
export const SourceKind = z.enum(SOURCE_KINDS);
export type SourceKind = z.infer<typeof SourceKind>;

/** How a person calls each kind. */
export const SOURCE_NAMES: Readonly<Record<SourceKind, string>> = {
  'mlflow-files': 'MLflow file store',
  'mlflow-database': 'MLflow database',
  fasttrackml: 'FastTrackML database',
  aim: 'Aim repository',
  archive: 'archive',
};

/** Something that was left out, and why. */
export const ImportProblem = z.object({
  /** A file, or a place in a database: `runs, run_uuid 1f…`. */
  place: z.string(),
  /** Line of the file, from 1. */
  line: z.number().int().optional(),
  message: z.string(),
});
export type ImportProblem = z.infer<typeof ImportProblem>;

const Count = z.number().int();

/** What became of things of one kind: `made` anew, `changed` by what was new in the source, found the `same`. */
export const Tally = z.object({ made: Count, changed: Count, same: Count });
export type Tally = z.infer<typeof Tally>;

export const ImportCounts = z.object({
  experiments: Tally,
  runs: Tally,
  loggedModels: Tally,
  models: Tally,
  versions: Tally,
  /** Executions of pipelines. */
  executions: Tally,
  /** Files copied, and found to be there. */
  files: Tally,
  /** Metric points that were added; in a dry run, those of the source. */
  points: Count,
  /** Bytes of the files copied. */
  bytes: Count,
});
export type ImportCounts = z.infer<typeof ImportCounts>;

export const Import = z.object({
  id: z.string(),
  path: z.string(),
  kind: SourceKind,
  dryRun: z.boolean(),
  state: z.enum(['running', 'finished', 'cancelled', 'failed']),
  startTime: Time,
  endTime: Time.nullable(),
  /** Runs of the source, and how many of them are done. */
  progress: z.object({ runs: Count, of: Count }),
  counts: ImportCounts,
  /** What was left out; the first thousand of `problemCount`. */
  problems: z.array(ImportProblem),
  problemCount: Count,
  /** What else is to be known: things that are not imported by design, or kept where they are. */
  notes: z.array(z.string()),
  /** Why it failed. */
  message: z.string(),
});
export type Import = z.infer<typeof Import>;

const ImportId = z.object({ importId: z.string() });

export const startImport = route({
  method: 'POST',
  path: '/api/v1/imports',
  access: 'owner',
  summary: 'Import a store of another tracker, or an archive, from the disk of the daemon',
  body: z.object({
    /** Absolute path of an `mlruns` folder, a database file, an `.aim` folder, a folder that holds one of them, or an archive. */
    path: z.string(),
    /** Further folders with artifacts: what runs say about files outside of these and the store is not read. */
    artifacts: z.array(z.string()).default([]),
    /** Put before the names of experiments, so that they are kept apart from those that are here. */
    experimentPrefix: z.string().default(''),
    /** The same for registered models. */
    modelPrefix: z.string().default(''),
    /** Path or name of a Python that has the package `aim`, for an Aim repository; else the one that pipelines use. */
    python: z.string().min(1).optional(),
    /** The most bytes that an archive may come to unpacked. */
    maxBytes: Count.positive().default(ARCHIVE_LIMITS.bytes),
    /** The most files that an archive may have. */
    maxFiles: Count.positive().default(ARCHIVE_LIMITS.files),
    /** Only read and count. */
    dryRun: z.boolean().default(false),
  }),
  reply: Import,
});

export const getImport = route({
  method: 'GET',
  path: '/api/v1/imports/:importId',
  access: 'owner',
  summary: 'How an import goes, or ended',
  params: ImportId,
  reply: Import,
});

export const cancelImport = route({
  method: 'POST',
  path: '/api/v1/imports/:importId/cancel',
  access: 'owner',
  summary: 'End an import; what it wrote stays, in whole runs',
  params: ImportId,
  body: Empty,
  reply: Import,
});
