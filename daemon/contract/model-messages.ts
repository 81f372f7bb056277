/** What the page of a model and its host in the extension say to each other. */
import * as z from 'zod';
import { type ApprovalEvidence, type ApprovalRequest, Decision } from './approvals.ts';
import type { Evaluation } from './evaluations.ts';
import type { ModelSummary, ModelVersion, Transition, VersionFiles } from './models.ts';
import type { Goal } from './pipelines.ts';

/** What a person can do to the version that is shown, or to its model. */
export const ModelAction = z.enum([
  'promote',
  'rollBack',
  'evaluate',
  'showCard',
  'openRun',
  'showLineage',
  'copyUri',
]);
export type ModelAction = z.infer<typeof ModelAction>;

/** From the page of a model. Parsed by the host: a page has shown text that scripts logged, so it is not believed. */
export const ModelPageMessage = z.discriminatedUnion('type', [
  /** The page is there, or is visible again, and wants everything; null = the version that matters most now. */
  z.object({ type: z.literal('ready'), version: z.number().int().nullable() }),
  z.object({ type: z.literal('choose'), version: z.number().int() }),
  /** More of the earlier versions. */
  z.object({ type: z.literal('listMore') }),
  z.object({ type: z.literal('act'), action: ModelAction }),
  /** What a person wrote for the card of the version that is shown. */
  z.object({
    type: z.literal('writeCard'),
    purpose: z.string().max(100_000),
    limits: z.string().max(100_000),
  }),
  /** A person's answer to a request for approval. */
  z.object({
    type: z.literal('decide'),
    request: z.number().int(),
    decision: Decision,
    reason: z.string().max(10_000),
  }),
]);
export type ModelPageMessage = z.infer<typeof ModelPageMessage>;

/** The version that is shown, with what is known of it alone. */
export interface VersionDetail {
  readonly version: ModelVersion;
  readonly files: VersionFiles;
  /** Of the run that it came from; null when that is not known, or gone. */
  readonly runName: string | null;
  /** Newest first. */
  readonly requests: readonly ApprovalRequest[];
  /** What data sets found of it, newest first. */
  readonly evaluations: readonly Evaluation[];
  /** Of the request that waits for an answer. */
  readonly evidence: ApprovalEvidence | null;
}

/** Everything that the page of a model shows. */
export interface ModelSnapshot {
  readonly model: ModelSummary;
  /** What "better" means, by metric; those that matter first. */
  readonly goals: Readonly<Record<string, Goal>>;
  /** Newest first. */
  readonly versions: readonly ModelVersion[];
  /** Whether there are earlier ones. */
  readonly moreVersions: boolean;
  /** The version in Production. */
  readonly champion: ModelVersion | null;
  /** Of all versions, newest first. */
  readonly transitions: readonly Transition[];
  /** Versions that wait for approval. */
  readonly pending: readonly number[];
  /** Null when the model has no versions. */
  readonly chosen: VersionDetail | null;
}

/** To the page of a model. */
export type ToModelPage =
  | { readonly type: 'snapshot'; readonly store: string; readonly snapshot: ModelSnapshot }
  | { readonly type: 'problem'; readonly message: string };

/** What the page keeps over a reload of the window, and what the panel is restored from. */
export const ModelPageState = z.object({
  store: z.string(),
  name: z.string(),
  version: z.number().int().nullable().default(null),
  /** The metric that the timeline shows; empty = the one that versions are judged by. */
  metric: z.string().default(''),
});
export type ModelPageState = z.infer<typeof ModelPageState>;
