// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the examples show the syntax of templates
/** The rules for stages of registered models under `registry:` in a pipeline file. */
import * as z from 'zod';
import type { RuledStage } from '../../contract/models.ts';
import {
  type ApprovalRule,
  type ModelRules,
  PARTIES,
  type RegistryRules,
  type StageRules,
} from '../../contract/rules.ts';
import { checkAlias } from '../../registry/model.ts';
import { parseMemory } from './resources.ts';
import type { Source, SourcePath } from './source.ts';
import type { ValueReader } from './values.ts';

const Text = z.string().min(1);
const texts = z.union([Text.transform(one => [one]), z.array(Text)]);

const Approval = z.union(
  [
    z.literal(true),
    z.strictObject({
      count: z.number().int().min(1, 'must be at least 1').max(100, 'must be at most 100').optional().meta({
        description: 'How many different people have to approve; 1 unless it is given.',
      }),
      by: texts.optional().meta({
        description: 'Who may approve, by the names of their tokens or accounts; anybody unless it is given.',
        examples: [['ada', 'grace']],
      }),
      except: z
        .union([z.enum(PARTIES).transform(one => [one]), z.array(z.enum(PARTIES))])
        .optional()
        .meta({
          description:
            'Who may not: who trained the version (the user of its run), registered it, or asked for the approval.',
          examples: [['trainer', 'registrar']],
        }),
    }),
  ],
  { error: 'must be true, or a mapping with “count”, “by” and “except”' },
);

const StageSource = z.strictObject({
  gates: z
    .union([
      Text.meta({ refersTo: 'gate' }).transform(one => [one]),
      z.array(Text.meta({ refersTo: 'gate' })),
    ])
    .optional()
    .meta({
      description:
        'Comparisons of metrics, of the run behind the version and of its evaluations, that must hold: with a threshold, or with `champion.<metric>`, that of the version in Production.',
      examples: [['rmspe < ${gates.rmspe}', 'rmspe <= champion.rmspe * 1.02', 'latency_ms < 50']],
    }),
  checks: z.boolean().optional().meta({
    description: 'Whether the data checks of the execution that made the version must have passed.',
  }),
  signature: z.literal('compatible').optional().meta({
    description:
      'The version must take what callers of the one in Production send, and give what they read, by the models’ signatures.',
  }),
  max_size: z
    .union([Text, z.number()])
    .optional()
    .meta({
      description: 'The most that the version’s files may take.',
      examples: ['200MB'],
    }),
  approval: Approval.optional().meta({
    description: 'People who have to approve the version before it comes to the stage.',
    examples: [true, { count: 2, by: ['ada', 'grace'], except: ['trainer'] }],
  }),
  archive: z.boolean().optional().meta({
    description:
      'Whether the version that was there before is archived; in Production it is unless this says `false`.',
  }),
});
type StageSource = z.infer<typeof StageSource>;

const rules = {
  enforce: z.boolean().optional().meta({
    description:
      'Whether the rules bind MLflow’s clients, too: their transitions and changes of these aliases are refused (403). Without it they are only recorded.',
  }),
  Staging: StageSource.optional().meta({
    description: 'What a version has to fulfil for Staging, and so for Production, too.',
  }),
  Production: StageSource.optional().meta({ description: 'What it has to fulfil for Production besides.' }),
  aliases: z
    .strictObject({
      Staging: Text.optional().meta({
        description: 'Alias of the version in Staging.',
        examples: ['challenger'],
      }),
      Production: Text.optional().meta({
        description: 'Alias of the version in Production.',
        examples: ['champion'],
      }),
    })
    .optional()
    .meta({ description: 'Aliases that follow the stages.' }),
};
const ModelSource = z.strictObject(rules);
type ModelSource = z.infer<typeof ModelSource>;

export const RegistrySource = z.strictObject({
  ...rules,
  models: z
    .record(Text.meta({ refersTo: 'model' }), ModelSource)
    .optional()
    .meta({ description: 'Rules of single models; each takes the place of the same rule for all.' }),
});
export type RegistrySource = z.infer<typeof RegistrySource>;

/** Reads the rules of a file, and reports in the source what is wrong with them. */
export function readRegistry(
  source: Source,
  content: RegistrySource,
  values: ValueReader,
): Pick<RegistryRules, 'all' | 'models'> {
  const read = (at: SourcePath, own: ModelSource, fallback: ModelSource): ModelRules => {
    const Staging = readStage(source, values, at, own, fallback, 'Staging');
    const Production = readStage(source, values, at, own, fallback, 'Production');
    if (Staging.alias !== null && Staging.alias === Production.alias)
      source.error([...at, 'aliases'], 'both stages have the same alias', 'Give each an alias of its own.');
    return { enforce: own.enforce ?? fallback.enforce ?? false, stages: { Staging, Production } };
  };
  const { models = {}, ...all } = content;
  return {
    all: Object.keys(all).length === 0 ? null : read(['registry'], all, {}),
    models: Object.fromEntries(
      Object.entries(models).map(([name, own]) => [name, read(['registry', 'models', name], own, all)]),
    ),
  };
}

function readStage(
  source: Source,
  values: ValueReader,
  at: SourcePath,
  own: ModelSource,
  fallback: ModelSource,
  stage: RuledStage,
): StageRules {
  const stages: StageSource = { ...fallback[stage], ...own[stage] };
  const here = [...at, stage];
  const alias = own.aliases?.[stage] ?? fallback.aliases?.[stage] ?? null;
  if (own.aliases?.[stage] !== undefined) checkName(source, [...at, 'aliases', stage], own.aliases[stage]);
  return {
    gates: (stages.gates ?? []).map((gate, index) => values.gate([...here, 'gates', index], gate)),
    checks: stages.checks ?? false,
    signature: stages.signature !== undefined,
    maxSize: values.value([...here, 'max_size'], stages.max_size, parseMemory) ?? null,
    approval: readApproval(stages.approval),
    archive: stages.archive ?? (stage === 'Production' ? true : null),
    alias,
  };
}

function readApproval(approval: StageSource['approval']): ApprovalRule | null {
  if (approval === undefined) return null;
  if (approval === true) return { count: 1, by: [], except: [] };
  const { count = 1, by = [], except = [] } = approval;
  return { count, by, except };
}

function checkName(source: Source, at: SourcePath, alias: string): void {
  try {
    checkAlias(alias);
  } catch (error) {
    source.error(at, (error as Error).message, 'Choose another name.');
  }
}
