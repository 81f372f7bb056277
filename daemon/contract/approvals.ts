/** Requests for approval of a model version for a stage, and what people answer. */
import * as z from 'zod';
import { Actor } from './audit.ts';
import { GateResult, ModelVersion, Stage } from './models.ts';
import { VersionDifferences } from './origins.ts';
import { route } from './route.ts';
import { Double, Time } from './values.ts';

/** What a person answered. */
export const ApprovalAnswer = z.object({
  approved: z.boolean(),
  by: Actor,
  at: Time,
  reason: z.string(),
});
export type ApprovalAnswer = z.infer<typeof ApprovalAnswer>;

/**
 * `pending`: waits for people. `approved`: all who were needed approved, and the version moved. `rejected`: a person said
 * no. `void`: the version is not what was asked about any more.
 */
export const RequestState = z.enum(['pending', 'approved', 'rejected', 'void']);
export type RequestState = z.infer<typeof RequestState>;

export const ApprovalRequest = z.object({
  id: z.number().int(),
  model: z.string(),
  version: z.number().int(),
  stage: Stage,
  state: RequestState,
  /** SHA-256 of the version's files: approvals are of this content. Null when the files are not here to be read. */
  digest: z.string().nullable(),
  requestedBy: Actor,
  requestedAt: Time,
  /** Why the version is to come to the stage. */
  reason: z.string(),
  answers: z.array(ApprovalAnswer),
  /** When it was approved, rejected or found to be void. */
  closedAt: Time.nullable(),
  /** Why it is void; empty otherwise. */
  note: z.string(),
});
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

/** A version on the rows that have one value of a column, beside the version in Production. */
export const SliceEvidence = z.object({
  /** File name of the data set. */
  data: z.string(),
  column: z.string(),
  value: z.string(),
  rows: z.number().int(),
  metric: z.string(),
  candidate: Double.nullable(),
  /** Null where the version in Production was not evaluated on that data set by these slices. */
  champion: Double.nullable(),
});
export type SliceEvidence = z.infer<typeof SliceEvidence>;

/** What a person is shown before they answer. */
export const ApprovalEvidence = z.object({
  request: ApprovalRequest,
  /** How many people have to approve by the rules of now. */
  needed: z.number().int(),
  /** Null when it was deleted. */
  version: ModelVersion.nullable(),
  /** The version now in Production, if there is one. */
  champion: ModelVersion.nullable(),
  /** Of either version, by name. */
  metrics: z.array(z.object({ key: z.string(), candidate: Double.nullable(), champion: Double.nullable() })),
  /** Of the newest evaluation that has some. */
  slices: z.array(SliceEvidence),
  /** Between what led to it and what led to the version in Production; null where one of them is missing. */
  differences: VersionDifferences.nullable(),
  /** What else the rules ask for, as it is now. */
  conditions: z.array(GateResult),
  /** What the version's files come to now. */
  digest: z.string().nullable(),
  /** Whether that is another content than the one asked about: an answer would void the request. */
  changed: z.boolean(),
  /** Why the one who asks may not approve; null when they may. */
  obstacle: z.string().nullable(),
});
export type ApprovalEvidence = z.infer<typeof ApprovalEvidence>;

/** A person's answer to a request. */
export const Decision = z.enum(['approve', 'reject']);
export type Decision = z.infer<typeof Decision>;

const RequestOf = z.object({ id: z.coerce.number().int().positive() });

export const listApprovals = route({
  method: 'GET',
  path: '/api/v1/approvals',
  access: 'tracking',
  summary: 'Requests for approval of model versions, newest first',
  query: z.object({
    state: RequestState.optional(),
    model: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
  }),
  reply: z.object({ items: z.array(ApprovalRequest) }),
});

export const getApproval = route({
  method: 'GET',
  path: '/api/v1/approvals/:id',
  access: 'tracking',
  summary: 'One request for approval with the evidence for it',
  params: RequestOf,
  reply: ApprovalEvidence,
});

export const decideApproval = route({
  method: 'POST',
  path: '/api/v1/approvals/:id/decision',
  access: 'approver',
  summary: 'Approve or reject a request; the last approval that is needed moves the version',
  params: RequestOf,
  body: z.object({ decision: Decision, reason: z.string().default('') }),
  reply: ApprovalRequest,
});
