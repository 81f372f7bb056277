/** What the pipeline page and its host in the extension say to each other. */
import * as z from 'zod';
import { NEWEST } from './execution-choice.ts';
import type { Parameter } from './parameters.ts';
import type { Diagnostic, Execution, LogFindings, Plan, StepDefinition } from './pipelines.ts';
import { StringMap } from './values.ts';

/** What a person can do to a pipeline, or to the execution that is shown. */
export const PipelineAction = z.enum(['run', 'stop', 'forceStop', 'openRun', 'openFile', 'startDaemon']);
export type PipelineAction = z.infer<typeof PipelineAction>;

/** What a person can do to a step. */
export const StepAction = z.enum([
  'runFrom',
  'runOnly',
  'debug',
  'approve',
  'reject',
  'openRun',
  'openDefinition',
  'openLog',
]);
export type StepAction = z.infer<typeof StepAction>;

/** Which part of a log: so many bytes from an offset on, or the last ones. */
export const LogPart = z.union([
  z.object({ offset: z.number().int().min(0), limit: z.number().int().min(1).max(1_048_576) }),
  z.object({ tail: z.number().int().min(1).max(1_048_576) }),
]);
export type LogPart = z.infer<typeof LogPart>;

/** A text to look for outside of the part of a log that begins and ends at these bytes. */
export const LogSearch = z.object({
  executionId: z.string(),
  step: z.string(),
  text: z.string().min(1).max(1_000),
  before: z.number().int().min(0),
  after: z.number().int().min(0),
});
export type LogSearch = z.infer<typeof LogSearch>;

/** A place in a file, as a program printed it. */
export const LogPlace = z.object({
  path: z.string().min(1).max(1_000),
  line: z.number().int().min(1).max(10_000_000),
});
export type LogPlace = z.infer<typeof LogPlace>;

/** From the pipeline page. Parsed by the host: a page has shown text that scripts printed, so it is not believed. */
export const PipelinePageMessage = z.discriminatedUnion('type', [
  /** The page is there, or is visible again, and wants everything about this execution. */
  z.object({ type: z.literal('ready'), chosen: z.string() }),
  /** Another execution to show: its id, `newest` or `next`. */
  z.object({ type: z.literal('choose'), chosen: z.string() }),
  /** More of the earlier executions. */
  z.object({ type: z.literal('listMore') }),
  z.object({ type: z.literal('act'), action: PipelineAction }),
  z.object({ type: z.literal('actOnStep'), action: StepAction, step: z.string() }),
  /** What would run with these overrides? */
  z.object({ type: z.literal('tryParameters'), set: StringMap }),
  z.object({ type: z.literal('runWithParameters'), set: StringMap }),
  /** The command line that runs with these overrides, to the clipboard. */
  z.object({ type: z.literal('copyCommand'), set: StringMap }),
  /** A part of a step's log. */
  z.object({ type: z.literal('readLog'), executionId: z.string(), step: z.string(), part: LogPart }),
  LogSearch.extend({ type: z.literal('searchLog') }),
  LogPlace.extend({ type: z.literal('openPlace'), step: z.string() }),
]);
export type PipelinePageMessage = z.infer<typeof PipelinePageMessage>;

/** An execution in the list to choose from. */
export type ExecutionLink = Pick<Execution, 'id' | 'number' | 'status' | 'startTime' | 'endTime' | 'set'>;

/** Everything the pipeline page shows but logs. */
export interface PipelineSnapshot {
  readonly name: string;
  /** Path of the definition as `modelthat run` is to name it in the project's folder; empty when it finds it by itself. */
  readonly file: string;
  /** As the definition has them now; those of an earlier execution may be others. */
  readonly steps: readonly StepDefinition[];
  readonly problems: readonly Diagnostic[];
  readonly parameters: readonly Parameter[];
  /** Newest first. */
  readonly executions: readonly ExecutionLink[];
  readonly moreExecutions: boolean;
  /** What the chosen execution is called; the pipeline's name when there is none. */
  readonly title: string;
  /** The chosen execution; null when the next one is chosen, or none was made yet. */
  readonly execution: Execution | null;
  /** What the next execution would do; null unless that is chosen. */
  readonly plan: Plan | null;
  /** Why there is no plan though it is chosen; else empty. */
  readonly planProblem: string;
  /** How long steps took when they last ran to their end, in milliseconds. */
  readonly durations: Readonly<Record<string, number>>;
  /** Whether programs may be run: the workspace is trusted. */
  readonly trusted: boolean;
}

/** A part of a step's log. */
export interface LogPiece {
  readonly executionId: string;
  readonly step: string;
  readonly text: string;
  readonly offset: number;
  readonly nextOffset: number;
  readonly size: number;
  readonly complete: boolean;
}

/** What was found outside of a part of a step's log. */
export interface LogFound extends LogSearch {
  readonly findings: LogFindings;
}

/** A part of the page to look at. */
export interface PagePlace {
  /** An execution: its id, `newest` or `next`. */
  readonly chosen?: string | undefined;
  readonly step?: string | undefined;
  /** Whether the form is open that runs with other parameters. */
  readonly form?: boolean | undefined;
}

/** To the pipeline page. */
export type ToPipelinePage =
  | {
      readonly type: 'snapshot';
      readonly store: string;
      readonly file: string;
      readonly snapshot: PipelineSnapshot;
    }
  /** Something is to be looked at that was asked for elsewhere. */
  | ({ readonly type: 'reveal' } & PagePlace)
  /** What would run with these overrides, or why nothing would. */
  | {
      readonly type: 'tried';
      readonly set: Readonly<Record<string, string>>;
      readonly plan: Plan | null;
      readonly problem: string;
    }
  | { readonly type: 'log'; readonly piece: LogPiece }
  | { readonly type: 'logFound'; readonly found: LogFound }
  | { readonly type: 'problem'; readonly message: string };

/** What the page keeps over a reload of the window, and what the panel is restored from. */
export const PipelinePageState = z.object({
  store: z.string(),
  /** Absolute path of the definition. */
  file: z.string(),
  chosen: z.string().default(NEWEST),
  step: z.string().nullable().default(null),
  view: z.enum(['graph', 'table']).default('graph'),
  /** Whether the form of parameters is open, and what was written into it, by path. */
  form: z.boolean().default(false),
  written: StringMap.default({}),
  /** Height of the part below the graph, in pixels. */
  detailHeight: z.number().min(80).max(4_000).default(300),
});
export type PipelinePageState = z.infer<typeof PipelinePageState>;
