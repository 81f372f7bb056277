import * as z from 'zod';
import { GateResult } from './models.ts';
import { route } from './route.ts';
import { Double, page, QueryInt, StringMap, Time } from './values.ts';

/** Names of the files that define pipelines. Of several in one folder the first is meant when only the folder is named. */
export const PIPELINE_FILES: readonly string[] = ['modelthat.yaml', 'modelthat.yml', 'dvc.yaml'];

/** A problem in a pipeline file, with its place, as editors and terminals show it. Lines and columns count from 1. */
export const Diagnostic = z.object({
  file: z.string(),
  line: z.number().int(),
  column: z.number().int(),
  endLine: z.number().int().optional(),
  endColumn: z.number().int().optional(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  /** What to do about it. */ remedy: z.string().optional(),
});
export type Diagnostic = z.infer<typeof Diagnostic>;

export const StepDefinition = z.object({
  name: z.string(),
  /** Absolute path of the file that it stands in, where that is another than the pipeline's. */
  file: z.string().optional(),
  /** The line of the step's key in its file, from 1. */
  line: z.number().int(),
  /** The group that it is a member of, by `foreach` or `matrix`. */
  group: z.string().optional(),
  command: z.string().nullable(),
  /** Absolute path of the folder that it runs in. */
  cwd: z.string().optional(),
  /** Steps that must have succeeded first, by `after` and by data. */
  needs: z.array(z.string()),
  approval: z.string().nullable(),
});
export type StepDefinition = z.infer<typeof StepDefinition>;

/** What "best" means for a metric. */
export const Goal = z.enum(['minimize', 'maximize']);
export type Goal = z.infer<typeof Goal>;

export const Pipeline = z.object({
  name: z.string(),
  /** Absolute path of the definition. */
  file: z.string(),
  steps: z.array(StepDefinition),
  /** Steps that cannot run as the workspace is now, and why. */
  blocked: StringMap.default({}),
  /** Effective parameters, for the form that proposes others. */
  params: z.unknown(),
  /** What "best" means: metric → goal. */
  metrics: z.record(z.string(), Goal),
  problems: z.array(Diagnostic),
});
export type Pipeline = z.infer<typeof Pipeline>;

/** States of an execution and of its steps. `waiting` = for a person's approval. */
export const StepStatus = z.enum([
  'pending',
  'preparing',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  'rejected',
]);
export type StepStatus = z.infer<typeof StepStatus>;

/** What a step took of the machine, all its processes together. */
export const StepUsage = z.object({
  /** CPU time, in seconds. */
  cpuSeconds: z.number(),
  /** The most memory that was seen, in bytes; null when the step was too short to be looked at. */
  peakMemory: z.number().nullable(),
});
export type StepUsage = z.infer<typeof StepUsage>;

/** How far a step's code says it is. */
export const StepProgress = z.object({
  /** From 0 to 1; null when it only says what it is at. */
  fraction: z.number().min(0).max(1).nullable(),
  text: z.string(),
});
export type StepProgress = z.infer<typeof StepProgress>;

export const StepExecution = z.object({
  name: z.string(),
  status: StepStatus,
  startTime: Time.nullable(),
  endTime: Time.nullable(),
  exitCode: z.number().int().nullable(),
  /** Why it is in this state, in a person's words: a failed gate, the end of a log, what it waits for. */
  message: z.string(),
  /** The run that the step logged to, when it logged; of an earlier execution when it was not run again. */
  runId: z.string().nullable(),
  /** How it ended well without running: nothing had changed, or its outputs were restored from the cache. */
  reused: z.enum(['unchanged', 'restored']).nullable().default(null),
  /** Which attempt at its commands this is, or waits to be, from 1: with `retries` there may be more than one. */
  attempt: z.number().int().default(1),
  gates: z.array(GateResult),
  /** The metric that moves: the last one the step logged. */
  metric: z.object({ key: z.string(), value: Double, step: z.number() }).nullable(),
  /** Of a step that runs: what its code reported, or a progress bar at the end of its output. */
  progress: StepProgress.nullable().default(null),
  /** Null where it cannot be measured. */
  usage: StepUsage.nullable().default(null),
});
export type StepExecution = z.infer<typeof StepExecution>;

/** The code that an execution ran, as it was when it began. */
export const CodeVersion = z.object({
  /** The commit that was checked out; null without git, and before the first commit. */
  commit: z.string().nullable(),
  /** Null when none was checked out, too. */
  branch: z.string().nullable(),
  /** Where the code comes from, without a password. */
  repository: z.string().nullable(),
  /** Whether the work tree had more than the commit. */
  dirty: z.boolean(),
  /** Names a commit of the work tree as it was, for `git diff`; that which was checked out, when nothing had changed. */
  ref: z.string().nullable(),
  /** Without git: the digest of the sources in the store's cache. */
  archive: z.string().nullable(),
  /** What that does not hold, and why, in a person's words. */
  remarks: z.array(z.string()),
});
export type CodeVersion = z.infer<typeof CodeVersion>;

/** The machine that an execution ran on, as far as results can depend on it. */
export const Host = z.object({
  /** As Node names them: `linux`, `x64`. */
  platform: z.string(),
  arch: z.string(),
  /** Model of the processor. */
  cpu: z.string(),
  /** That programs may use. */
  cores: z.number().int(),
  /** OMP_NUM_THREADS; null where it is not set. */
  threads: z.string().nullable(),
  /** Version of the Python that its steps run; null where none is named, or it could not be asked. */
  python: z.string().nullable(),
});
export type Host = z.infer<typeof Host>;

/** Who or what started an execution. */
export const StartedBy = z.object({
  kind: z.enum(['person', 'schedule', 'trigger']),
  /** The time that was due, the files that changed, the version that is new; empty for a person. */
  detail: z.string(),
});
export type StartedBy = z.infer<typeof StartedBy>;

export const BY_A_PERSON: StartedBy = { kind: 'person', detail: '' };

/** What started an execution, in a person's words: `schedule: due 2026-11-30 03:00:00`. */
export function describeStart({ kind, detail }: StartedBy): string {
  return detail === '' ? kind : `${kind}: ${detail}`;
}

/** `queued` = until others have ended that use the same files. */
export const ExecutionStatus = z.enum([
  'queued',
  'preparing',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'cancelling',
  'cancelled',
  'rejected',
]);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

export const Execution = z.object({
  id: z.string(),
  pipeline: z.string(),
  /** Counts the executions of pipelines of this name, from 1. */
  number: z.number().int(),
  file: z.string(),
  status: ExecutionStatus,
  /** The execution's own run; its steps' runs are below it. */
  runId: z.string(),
  startTime: Time,
  endTime: Time.nullable(),
  message: z.string(),
  startedBy: StartedBy.default(BY_A_PERSON),
  /** Overrides it was started with. */
  set: StringMap,
  /** Absolute path of the Python that was named for it; null when none was, and when the pipeline names its environment. */
  python: z.string().nullable().default(null),
  /** Null while it is being recorded, and where it never was. */
  code: CodeVersion.nullable().default(null),
  /** Null while it is being recorded, and where it never was. */
  host: Host.nullable().default(null),
  /** Id of the execution that it goes on from. */
  resumes: z.string().nullable().default(null),
  /** Id of the execution that it runs again, elsewhere and for comparison only. */
  reproduces: z.string().nullable().default(null),
  /** Exit code that `modelthat run` ends with; null while it runs. */
  exitCode: z.number().int().nullable(),
  /** Versions that this execution registered. */
  versions: z.array(z.object({ name: z.string(), version: z.number().int(), stage: z.string() })),
  steps: z.array(StepExecution),
});
export type Execution = z.infer<typeof Execution>;

/** What happens with an execution that is asked for while another of the same pipeline runs. */
export const Concurrency = z.enum([
  /** It runs when the other has ended. */ 'queue',
  /** It is not made: the answer is RESOURCE_CONFLICT. */ 'skip',
  /** The other is cancelled, and so are those in the queue; then it runs. */ 'replace',
]);
export type Concurrency = z.infer<typeof Concurrency>;

/** What people call an execution, and the name of its run: `store-sales #3`. */
export function executionName({ pipeline, number }: Pick<Execution, 'pipeline' | 'number'>): string {
  return `${pipeline} #${number}`;
}

/** Exit codes of `modelthat run`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  badDefinition: 2,
  gateFailed: 3,
  rejected: 4,
  cancelled: 130,
} as const;

/**
 * Absolute path of a Python: its environment is that of a pipeline that names none. What the editor has selected, or what a
 * terminal has activated.
 */
const NamedPython = z.string().max(4_096).optional();

const ExecutionId = z.object({ executionId: z.string() });
const StepOf = ExecutionId.extend({ step: z.string() });

export const listPipelines = route({
  method: 'GET',
  path: '/api/v1/pipelines',
  access: 'tracking',
  summary: 'Pipelines defined in the workspace, with the problems in them',
  reply: z.object({
    items: z.array(Pipeline),
    /** That not all of the workspace was searched, in words. */
    remark: z.string().optional(),
  }),
});

export const checkPipeline = route({
  method: 'POST',
  path: '/api/v1/pipelines/check',
  access: 'owner',
  summary: 'Problems in a definition, saved or as typed',
  body: z.object({
    file: z.string(),
    /** The unsaved text; absent = the file as it is on disk. */ text: z.string().max(1_000_000).optional(),
  }),
  reply: z.object({ problems: z.array(Diagnostic) }),
});

/** Why a step runs that is never done: no change has made it stale. */
export const RUNS_EVERY_TIME = 'it makes nothing that could be kept: it runs every time';

/** What an execution would do with a step, and why. */
export const PlannedStep = StepDefinition.extend({
  /** `restore` = its outputs come from the cache. `blocked` = it cannot run, and will fail or be skipped. */
  action: z.enum(['run', 'skip', 'restore', 'blocked']),
  reason: z.string(),
  /** How long it is going to take by its last result, in milliseconds; null when it never ended well. */
  estimate: z.number().nullable(),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

/** What an execution would do. */
export const Plan = z.object({
  pipeline: z.string(),
  steps: z.array(PlannedStep),
  /** Steps that the end waits for: those that run, one after the other, on the way that takes longest. */
  criticalPath: z.array(z.string()),
  /** How long that is going to take, in milliseconds; null while a step on the way has no estimate. */
  estimate: z.number().nullable(),
  problems: z.array(Diagnostic),
});
export type Plan = z.infer<typeof Plan>;

export const planExecution = route({
  method: 'POST',
  path: '/api/v1/pipelines/plan',
  access: 'owner',
  summary: 'What running a pipeline would do, in order',
  body: z.object({
    file: z.string(),
    set: StringMap.default({}),
    only: z.array(z.string()).optional(),
    from: z.array(z.string()).optional(),
    force: z.boolean().default(false),
    python: NamedPython,
  }),
  reply: Plan,
});

export const startExecution = route({
  method: 'POST',
  path: '/api/v1/executions',
  access: 'owner',
  summary: 'Run a pipeline',
  repeatable: true,
  body: z.object({
    /** Absolute path of the definition, inside the workspace. */
    file: z.string(),
    set: StringMap.default({}),
    /** Only these steps; what they need is taken as done. */
    only: z.array(z.string()).optional(),
    /** Only these steps and all that need them, with those of `only`; what they need otherwise is taken as done. */
    from: z.array(z.string()).optional(),
    /** Whether steps run even if nothing that they depend on changed. */
    force: z.boolean().default(false),
    python: NamedPython,
    /** What happens while another execution of the pipeline runs; a person is told by default. */
    concurrency: Concurrency.default('skip'),
  }),
  reply: Execution,
});

export const resumeExecution = route({
  method: 'POST',
  path: '/api/v1/executions/:executionId/resume',
  access: 'owner',
  summary:
    'Run what is left of an execution that did not succeed, with its parameters: what succeeded in it runs only if what it depends on has changed',
  repeatable: true,
  params: ExecutionId,
  body: z.object({ concurrency: Concurrency.default('skip') }),
  reply: Execution,
});

export const listExecutions = route({
  method: 'GET',
  path: '/api/v1/executions',
  access: 'tracking',
  summary: 'Executions, newest first, without those that only run another one again',
  query: z.object({
    file: z.string().optional(),
    limit: QueryInt.min(1).max(200).default(20),
    pageToken: z.string().optional(),
  }),
  reply: page(Execution),
});

export const getExecution = route({
  method: 'GET',
  path: '/api/v1/executions/:executionId',
  access: 'tracking',
  summary: 'One execution with its steps',
  params: ExecutionId,
  reply: Execution,
});

export const cancelExecution = route({
  method: 'POST',
  path: '/api/v1/executions/:executionId/cancel',
  access: 'owner',
  summary:
    'Stop an execution: steps are asked to end, and ended by force after the grace period or at once with force',
  params: ExecutionId,
  body: z.object({ force: z.boolean().default(false) }),
  reply: Execution,
});

/** What a step worked with: digests by path relative to the pipeline's folder, null where nothing was. */
export const StepVersions = z.object({
  deps: z.record(z.string(), z.string().nullable()),
  /** The code that it ran and imported. */
  code: z.record(z.string(), z.string().nullable()),
  /** The parameters that it saw, by dotted name. */
  params: z.record(z.string(), z.unknown()),
  /** Hash of the Python environment's lock; null without one. */
  environment: z.string().nullable(),
});
export type StepVersions = z.infer<typeof StepVersions>;

export const getStepVersions = route({
  method: 'GET',
  path: '/api/v1/executions/:executionId/steps/:step/versions',
  access: 'tracking',
  summary: 'The versions of data, code, parameters and environment that a step worked with',
  params: StepOf,
  /** Null when its commands did not come to run. */
  reply: z.object({ versions: StepVersions.nullable() }),
});

/** In place of a step's name, in `getStepLog`: what making the Python environment printed. */
export const ENVIRONMENT_LOG = '.environment';

export const getStepLog = route({
  method: 'GET',
  path: '/api/v1/executions/:executionId/steps/:step/log',
  access: 'tracking',
  summary: 'A step’s output from a byte offset on',
  params: StepOf,
  query: z.object({
    offset: QueryInt.min(0).default(0),
    limit: QueryInt.min(1).max(1_048_576).default(262_144),
    /** In place of an offset: the last so many bytes. */
    tail: QueryInt.min(1).max(1_048_576).optional(),
  }),
  reply: z.object({
    text: z.string(),
    /** Where the text begins, and where to read on. */
    offset: z.number().int(),
    nextOffset: z.number().int(),
    /** Of the whole log so far, in bytes. */
    size: z.number().int(),
    /** True when the step has ended and this was the rest. */ complete: z.boolean(),
  }),
});

/** How often a text occurs in a part of a log, and the line with it that is nearest to the other part. */
export const LogFinding = z.object({
  count: z.number().int(),
  /** Where the line begins, and where one does that stands some lines before it, in bytes. */
  nearest: z.object({ line: z.number().int(), from: z.number().int() }).nullable(),
});
export type LogFinding = z.infer<typeof LogFinding>;

/** What is found outside of a part of a log. */
export const LogFindings = z.object({ before: LogFinding, after: LogFinding });
export type LogFindings = z.infer<typeof LogFindings>;

export const searchStepLog = route({
  method: 'GET',
  path: '/api/v1/executions/:executionId/steps/:step/log/search',
  access: 'tracking',
  summary:
    'Where a text occurs in a step’s output, without regard to case, before and after the part that one has',
  params: StepOf,
  query: z.object({
    text: z.string().min(1).max(1_000),
    /** Lines that begin before this byte are looked at; none, unless it is given. */
    before: QueryInt.min(0).default(0),
    /** And those that begin at this one, or later. */
    after: QueryInt.min(0).default(0),
  }),
  reply: LogFindings,
});

export const decideStep = route({
  method: 'POST',
  path: '/api/v1/executions/:executionId/steps/:step/decision',
  access: 'owner',
  summary: 'Approve or reject a step that waits for a person',
  params: StepOf,
  body: z.object({ decision: z.enum(['approve', 'reject']), reason: z.string().default('') }),
  reply: Execution,
});

/** A step's commands, ready to be started by a debugger. */
export const DebugPreparation = z.object({
  /** To be told when the session has ended. */
  id: z.string(),
  /** Program and arguments of each. */
  commands: z.array(z.array(z.string())),
  cwd: z.string(),
  /** The whole environment; with a token of its own. */
  env: StringMap,
});
export type DebugPreparation = z.infer<typeof DebugPreparation>;

export const prepareDebugging = route({
  method: 'POST',
  path: '/api/v1/pipelines/debug',
  access: 'owner',
  summary: 'What starts a step under a debugger: its commands and their environment. Nothing is run',
  body: z.object({ file: z.string(), step: z.string(), set: StringMap.default({}), python: NamedPython }),
  reply: DebugPreparation,
});

export const endDebugging = route({
  method: 'POST',
  path: '/api/v1/pipelines/debug/:debugId/end',
  access: 'owner',
  summary: 'Take back what a debug session was given',
  params: z.object({ debugId: z.string() }),
  body: z.object({}),
  reply: z.object({}),
});
