/** Rules for the stages of registered models, as `registry:` in modelthat.yaml gives them, and what they say of a version. */
import * as z from 'zod';
import { ApprovalRequest } from './approvals.ts';
import { GateResult, ModelVersion, RuledStage, Stage } from './models.ts';
import { Diagnostic } from './pipelines.ts';
import { route } from './route.ts';

/** People with a part in a version who can be kept from approving it. */
export const PARTIES = ['trainer', 'registrar', 'requester'] as const;
export const Party = z.enum(PARTIES);
export type Party = z.infer<typeof Party>;

/** Who has to approve a version before it comes to a stage. */
export const ApprovalRule = z.object({
  /** How many different people. */
  count: z.number().int().min(1),
  /** Who may; anybody with the right to, when it is empty. */
  by: z.array(z.string()),
  /** Who may not, whatever `by` says. */
  except: z.array(Party),
});
export type ApprovalRule = z.infer<typeof ApprovalRule>;

/** What has to hold before a version comes to a stage, and what comes with it. */
export const StageRules = z.object({
  /** Comparisons of metrics, with parameters filled in: `rmspe <= champion.rmspe * 1.02`. */
  gates: z.array(z.string()),
  /** Whether the data checks of the execution that made the version must have passed. */
  checks: z.boolean(),
  /** Whether it must take and give what the version in Production does. */
  signature: z.boolean(),
  /** The most that its files may take, in bytes. */
  maxSize: z.number().nullable(),
  approval: ApprovalRule.nullable(),
  /** Whether the version that was there before is archived; null = as whoever moves it asks for. */
  archive: z.boolean().nullable(),
  /** The alias that follows the stage. */
  alias: z.string().nullable(),
});
export type StageRules = z.infer<typeof StageRules>;

/** The rules of one model. */
export const ModelRules = z.object({
  /** Whether they bind MLflow's clients, too, and not only what goes through modelthat. */
  enforce: z.boolean(),
  stages: z.object({ Staging: StageRules, Production: StageRules }),
});
export type ModelRules = z.infer<typeof ModelRules>;

/** All rules of a workspace. */
export const RegistryRules = z.object({
  /** Absolute path of the file that they stand in; null when there is none. */
  file: z.string().nullable(),
  /** For models without rules of their own; null when there are none. */
  all: ModelRules.nullable(),
  /** By the model's name; what they leave out is as for all. */
  models: z.record(z.string(), ModelRules),
  /** With an error among them no version can come to Staging or Production until it is corrected. */
  problems: z.array(Diagnostic),
});
export type RegistryRules = z.infer<typeof RegistryRules>;

/** How far the approvals of a version for a stage have come. */
export const ApprovalState = z.object({
  needed: z.number().int(),
  /** People who approved this very content. */
  given: z.array(z.string()),
});
export type ApprovalState = z.infer<typeof ApprovalState>;

/** What the rules say of moving a version to a stage now. */
export const RuleCheck = z.object({
  stage: Stage,
  /** Whether it could be moved at once. */
  allowed: z.boolean(),
  conditions: z.array(GateResult),
  /** Null when the stage asks for none. */
  approval: ApprovalState.nullable(),
  /** The newest request for this version and stage. */
  request: ApprovalRequest.nullable(),
});
export type RuleCheck = z.infer<typeof RuleCheck>;

/** In the details of PERMISSION_DENIED when rules refuse a move. */
export const Refusal = z.object({
  /** What kept it: conditions that do not hold, an approval that is missing, or a person who said no. */
  refused: z.enum(['conditions', 'approval', 'rejected']),
  conditions: z.array(GateResult),
  request: ApprovalRequest.nullable(),
});
export type Refusal = z.infer<typeof Refusal>;

export const getRules = route({
  method: 'GET',
  path: '/api/v1/rules',
  access: 'tracking',
  summary: 'The rules for stages of registered models, with what is wrong with them',
  reply: RegistryRules,
});

export const checkRules = route({
  method: 'GET',
  path: '/api/v1/models/:name/versions/:version/check',
  access: 'tracking',
  summary: 'What the rules say of moving a version to a stage now',
  params: z.object({ name: z.string(), version: z.coerce.number().int().positive() }),
  query: z.object({ stage: RuledStage }),
  reply: RuleCheck,
});

export const rollBack = route({
  method: 'POST',
  path: '/api/v1/models/:name/rollback',
  access: 'owner',
  summary: 'Bring the version that was in Production before back, archiving the present one',
  params: z.object({ name: z.string() }),
  body: z.object({
    /** Another version that was in Production, in place of the last one. */
    version: z.number().int().positive().optional(),
    reason: z.string().default(''),
  }),
  reply: ModelVersion,
});
