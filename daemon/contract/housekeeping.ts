/** Looking after a store: its size, clean-up, integrity and backups. Each is a task: it may take minutes. */
import * as z from 'zod';
import { Archive, ExportOf } from './archives.ts';
import type { AuditVerification } from './audit.ts';
import { CacheGarbage } from './cache.ts';
import { ErrorBody } from './errors.ts';
import { route } from './route.ts';
import { Empty, Time } from './values.ts';

const Bytes = z.number().nonnegative();
const Count = z.number().int().nonnegative();

/** What an experiment takes. */
export const ExperimentUsage = z.object({
  id: z.string(),
  name: z.string(),
  lifecycle: z.enum(['active', 'deleted']),
  runs: Count,
  points: Count,
  /** Its share of the tables, by rows. */
  database: Bytes,
  /** Files of its runs. */
  artifacts: Bytes,
  /** Files of its logged models. */
  models: Bytes,
});
export type ExperimentUsage = z.infer<typeof ExperimentUsage>;

/** What a store takes, in bytes; the largest first. */
export const StoreUsage = z.object({
  store: z.string(),
  /** Where artifacts are: a folder, or `s3://bucket/prefix`. */
  artifacts: z.string(),
  total: Bytes,
  parts: z.array(
    z.object({
      name: z.string(),
      bytes: Bytes,
      /** Used by all stores of the user, and not part of the total. */
      shared: z.boolean(),
    }),
  ),
  experiments: z.array(ExperimentUsage),
  /** Inside the database, to be used again or given back by `gc`. */
  free: Bytes,
});
export type StoreUsage = z.infer<typeof StoreUsage>;

/** What reading all of a store found. */
export const Verification = z.object({
  /** Damage of the database, and what in it does not fit together. */
  database: z.array(z.string()),
  /** Files that are not what was uploaded. */
  artifacts: z.array(z.object({ path: z.string(), problem: z.string() })),
  /** Files that were read. */
  files: Count,
  bytes: Bytes,
  /** Files without a record of their content, which says nothing about them. */
  unrecorded: Count,
  /** What could not be checked, and why. */
  skipped: z.array(z.string()),
});
export type Verification = z.infer<typeof Verification>;

/** Kinds of garbage. */
export const GarbageKind = z.enum(['run', 'model', 'experiment', 'files', 'leftover', 'backup']);
export type GarbageKind = z.infer<typeof GarbageKind>;

/** What a clean-up removes, or would. */
export const Garbage = z.object({
  items: z.array(
    z.object({
      kind: GarbageKind,
      /** Of a run, a logged model or an experiment; a path for others. */
      id: z.string(),
      name: z.string(),
      /** When it was moved to the bin; null where there is none. */
      deletedAt: Time.nullable(),
      bytes: Bytes,
    }),
  ),
  /** What is in the bin and stays there. */
  kept: z.array(z.object({ kind: GarbageKind, id: z.string(), name: z.string(), because: z.string() })),
  /** What was moved to the bin until then goes. */
  before: Time,
  /** Of files. */
  bytes: Bytes,
  /** False: this is what would go. */
  removed: z.boolean(),
  /** By how much the database shrank. */
  compacted: Bytes,
});
export type Garbage = z.infer<typeof Garbage>;

/** A backup that was made. */
export const Backup = z.object({
  path: z.string(),
  files: Count,
  bytes: Bytes,
  /** Artifacts that are not what was uploaded, and are missing in the backup unless an earlier one had them whole. */
  damaged: z.array(z.string()),
  milliseconds: z.number(),
});
export type Backup = z.infer<typeof Backup>;

/** A store that was made from a backup. */
export const Restored = z.object({
  store: z.string(),
  /** When the backup was made. */
  madeAt: Time,
  files: Count,
  bytes: Bytes,
  /** Where the store that was there is now; null when there was none. */
  movedTo: z.string().nullable(),
});
export type Restored = z.infer<typeof Restored>;

/** What a task is to do. */
export const StoreTask = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('usage') }),
  z.object({ kind: z.literal('verify') }),
  z.object({
    kind: z.literal('gc'),
    /** Only say what would go. */
    dryRun: z.boolean().default(true),
    /** What was moved to the bin until then goes; absent: by the retention that is set. */
    before: Time.optional(),
    /** Only these runs, which must be in the bin; without `before`, however long. */
    runs: z.array(z.string()).optional(),
  }),
  z.object({
    kind: z.literal('cache'),
    /** Only say what would go. */
    dryRun: z.boolean().default(true),
    /** So many of each pipeline's newest executions keep what they need; absent: as the retention that is set says. */
    executions: Count.optional(),
  }),
  z.object({
    kind: z.literal('backup'),
    /** Absolute path of the folder to be made; absent: in the store's `backups`. */
    path: z.string().optional(),
  }),
  z.object({
    kind: z.literal('export'),
    of: ExportOf,
    /** Absolute path of the file to be made. */
    path: z.string(),
  }),
]);
export type StoreTask = z.infer<typeof StoreTask>;

/** What a task came to. */
export const StoreResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('usage'), usage: StoreUsage }),
  z.object({ kind: z.literal('verify'), verification: Verification }),
  z.object({ kind: z.literal('gc'), garbage: Garbage }),
  z.object({ kind: z.literal('cache'), garbage: CacheGarbage }),
  z.object({ kind: z.literal('backup'), backup: Backup }),
  z.object({ kind: z.literal('restore'), restored: Restored }),
  z.object({ kind: z.literal('export'), archive: Archive }),
]);
export type StoreResult = z.infer<typeof StoreResult>;

/** How far a task is. */
export const StoreTaskState = z.object({
  id: z.string(),
  /** What it is at, in words. */
  progress: z.string(),
  /** What came out; absent while it goes on. */
  result: StoreResult.optional(),
  error: ErrorBody.optional(),
});
export type StoreTaskState = z.infer<typeof StoreTaskState>;

const TaskId = z.object({ taskId: z.string() });

export const startStoreTask = route({
  method: 'POST',
  path: '/api/v1/store/tasks',
  access: 'owner',
  summary: 'Measure, verify, clean up, back up or export the store',
  body: StoreTask,
  reply: StoreTaskState,
});

export const getStoreTask = route({
  method: 'GET',
  path: '/api/v1/store/tasks/:taskId',
  access: 'owner',
  summary: 'How far a task of the store is, and what came out',
  params: TaskId,
  reply: StoreTaskState,
});

export const cancelStoreTask = route({
  method: 'DELETE',
  path: '/api/v1/store/tasks/:taskId',
  access: 'owner',
  summary: 'End a task of the store; what it has done stays done',
  params: TaskId,
  reply: Empty,
});

/** The Python that environments are made with. */
export interface PythonFound {
  readonly kind: 'python';
  readonly executable: string;
  readonly version: string;
  /** What makes environments: `uv`, or `venv and pip`. */
  readonly maker: string;
}

/** From the program that works while no daemon does, to the command that started it. */
export type OfflineMessage =
  | { readonly progress: string }
  | { readonly result: StoreResult | PythonFound | AuditVerification }
  | { readonly error: z.infer<typeof ErrorBody> };
