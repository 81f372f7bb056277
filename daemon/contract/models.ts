import * as z from 'zod';
import { route } from './route.ts';
import { Double, page, QueryInt, StringMap, Time } from './values.ts';

/** MLflow's stages, in the order a version moves through them. */
export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const;
export const Stage = z.enum(STAGES);
export type Stage = z.infer<typeof Stage>;

/** Stages that rules can be about: versions compete for them. */
export const RULED_STAGES = ['Staging', 'Production'] as const satisfies readonly Stage[];
export const RuledStage = z.enum(RULED_STAGES);
export type RuledStage = z.infer<typeof RuledStage>;

/** One condition a version had to meet, as it was found. */
export const GateResult = z.object({
  /** As written, with `${…}` filled in: `rmspe < 0.1`. */
  gate: z.string(),
  passed: z.boolean(),
  observed: Double.nullable(),
  expected: Double.nullable(),
  /** Why it could not be judged, or what was compared. */
  message: z.string().optional(),
});
export type GateResult = z.infer<typeof GateResult>;

export const ModelVersion = z.object({
  name: z.string(),
  version: z.number().int(),
  stage: Stage,
  aliases: z.array(z.string()),
  status: z.enum(['PENDING_REGISTRATION', 'READY', 'FAILED_REGISTRATION']),
  description: z.string(),
  source: z.string(),
  runId: z.string().nullable(),
  createdAt: Time,
  updatedAt: Time,
  tags: StringMap,
  /** Last values of the metrics of the run behind the version, and of the runs that judged it. */
  metrics: z.record(z.string(), Double),
  gates: z.array(GateResult),
});
export type ModelVersion = z.infer<typeof ModelVersion>;

export const RegisteredModel = z.object({
  name: z.string(),
  description: z.string(),
  createdAt: Time,
  updatedAt: Time,
  tags: StringMap,
  /** Newest first. */
  versions: z.array(ModelVersion),
});
export type RegisteredModel = z.infer<typeof RegisteredModel>;

/** A registered model without its versions. */
export const ModelSummary = z.object({
  name: z.string(),
  description: z.string(),
  createdAt: Time,
  updatedAt: Time,
  /** The stages that have versions, with how many there are and the newest of them. */
  stages: z.array(z.object({ stage: Stage, count: z.number().int(), newest: z.number().int() })),
});
export type ModelSummary = z.infer<typeof ModelSummary>;

/**
 * The names of the metrics that one of the versions has: without those of the machine (`system/…`), and without `rmspe@run` and
 * such where they say what `rmspe` says.
 */
export function metricNames(versions: readonly Pick<ModelVersion, 'metrics'>[]): string[] {
  const names = new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)));
  const repeats = (name: string) => {
    const plain = name.slice(0, name.lastIndexOf('@'));
    return (
      plain !== '' &&
      names.has(plain) &&
      versions.every(({ metrics }) => metrics[name] === undefined || metrics[name] === metrics[plain])
    );
  };
  return [...names].filter(name => !name.startsWith('system/') && !(name.includes('@') && repeats(name)));
}

/**
 * The metric that a version is judged by: the first of the goals, else of those that its gates are about, that it has.
 *
 * @param goals names of metrics, those that matter first
 */
export function judgingMetric(
  { metrics, gates }: Pick<ModelVersion, 'metrics' | 'gates'>,
  goals: readonly string[],
): string | undefined {
  const judged = gates.map(({ gate }) => gate.split(/\s/, 1)[0] ?? '');
  return [...goals, ...judged].find(name => metrics[name] !== undefined);
}

/** One column or tensor that a model takes or gives, as its `MLmodel` file has it. */
export const SignatureField = z.looseObject({
  name: z.string().optional(),
  type: z.unknown().optional(),
  required: z.boolean().optional(),
});

/** What the files of a version say of it. */
export const VersionFiles = z.object({
  /** Bytes of all of them; null when they are not here to be read. */
  size: z.number().nullable(),
  /** What the model takes and gives; null where it does not say. */
  signature: z
    .object({
      inputs: z.array(SignatureField).readonly().nullable(),
      outputs: z.array(SignatureField).readonly().nullable(),
    })
    .nullable(),
});
export type VersionFiles = z.infer<typeof VersionFiles>;

/** One entry of a version's history. */
export const Transition = z.object({
  name: z.string(),
  version: z.number().int(),
  from: Stage,
  to: Stage,
  at: Time,
  /** Who asked, as far as the token tells: "owner", "tracking", "execution <id>, step <name>", a person's name. */
  by: z.string(),
  reason: z.string(),
  /** SHA-256 of the version's files, for a move to Staging or Production; null for others, and when none could be had. */
  digest: z.string().nullable(),
});
export type Transition = z.infer<typeof Transition>;

/** What came of asking for a stage. */
export const Promotion = ModelVersion.extend({
  /** The request that has to be approved before the version moves; null when it moved. */
  request: z.number().int().nullable(),
});
export type Promotion = z.infer<typeof Promotion>;

const ModelName = z.object({ name: z.string() });
const VersionOf = z.object({ name: z.string(), version: z.coerce.number().int().positive() });

const PAGE = { limit: QueryInt.min(1).max(200).default(50), pageToken: z.string().optional() };

export const listModels = route({
  method: 'GET',
  path: '/api/v1/models',
  access: 'execution',
  summary: 'Registered models with their versions',
  reply: z.object({ items: z.array(RegisteredModel) }),
});

export const listModelSummaries = route({
  method: 'GET',
  path: '/api/v1/model-summaries',
  access: 'execution',
  summary: 'Registered models without their versions, by name',
  query: z.object({
    /** The only one that is wanted. */
    name: z.string().optional(),
    ...PAGE,
  }),
  reply: page(ModelSummary),
});

export const listVersions = route({
  method: 'GET',
  path: '/api/v1/models/:name/versions',
  access: 'execution',
  summary: 'Versions of a model, newest first',
  params: ModelName,
  query: z.object({
    /** Those in it alone. */
    stage: Stage.optional(),
    ...PAGE,
  }),
  reply: page(ModelVersion),
});

export const listVersionsOfRun = route({
  method: 'GET',
  path: '/api/v1/runs/:runId/versions',
  access: 'execution',
  summary: 'Versions of models that came from a run',
  params: z.object({ runId: z.string() }),
  reply: z.object({ items: z.array(ModelVersion) }),
});

export const getVersion = route({
  method: 'GET',
  path: '/api/v1/models/:name/versions/:version',
  access: 'execution',
  summary: 'One version of a model',
  params: VersionOf,
  reply: ModelVersion,
});

export const getVersionFiles = route({
  method: 'GET',
  path: '/api/v1/models/:name/versions/:version/files',
  access: 'tracking',
  summary: 'What the files of a version say of it: size and signature',
  params: VersionOf,
  reply: VersionFiles,
});

export const getModel = route({
  method: 'GET',
  path: '/api/v1/models/:name',
  access: 'execution',
  summary: 'One registered model',
  params: ModelName,
  reply: RegisteredModel,
});

export const registerVersion = route({
  method: 'POST',
  path: '/api/v1/models/:name/versions',
  access: 'execution',
  summary: 'Make a model that a run logged a new version; the model is created when it is new',
  repeatable: true,
  params: ModelName,
  body: z.object({
    runId: z.string(),
    /** Name or artifact path of the logged model; needed when the run logged several. */ model: z
      .string()
      .optional(),
    description: z.string().default(''),
  }),
  reply: ModelVersion,
});

export const promoteVersion = route({
  method: 'POST',
  path: '/api/v1/models/:name/versions/:version/promote',
  access: 'owner',
  summary: 'Move a version to a stage, as far as the rules allow, or ask for the approval that they want',
  params: VersionOf,
  body: z.object({
    stage: Stage,
    archiveExisting: z.boolean().default(true),
    reason: z.string().default(''),
    /** Ask for approval once more of a content that a person rejected. */
    again: z.boolean().default(false),
  }),
  reply: Promotion,
});

export const listTransitions = route({
  method: 'GET',
  path: '/api/v1/models/:name/transitions',
  access: 'tracking',
  summary: 'Who moved which version where, newest first',
  params: ModelName,
  reply: z.object({ items: z.array(Transition) }),
});

export const CARD_FORMATS = ['md', 'html'] as const;
export type CardFormat = (typeof CARD_FORMATS)[number];

/** Tags of a version, else of its model, with what people write for its card: it is shown as it is. */
export const CARD_TAGS = { purpose: 'card.purpose', limits: 'card.limits' } as const;

const CardText = z.string().max(100_000).optional();

export const writeModelCard = route({
  method: 'POST',
  path: '/api/v1/models/:name/versions/:version/card',
  access: 'tracking',
  summary:
    'Write what a version is for, and where it must not be used; what is left out stays, and an empty text is taken away',
  params: VersionOf,
  body: z.strictObject({ purpose: CardText, limits: CardText }),
  reply: ModelVersion,
});

export const getModelCard = route({
  method: 'GET',
  path: '/api/v1/models/:name/versions/:version/card',
  access: 'tracking',
  summary: 'One page with what is known of a version: Markdown, or HTML that needs nothing else',
  params: VersionOf,
  query: z.object({ format: z.enum(CARD_FORMATS).default('md') }),
  reply: z.object({ format: z.enum(CARD_FORMATS), text: z.string() }),
});
