import * as z from 'zod';
import { Stage } from '../../contract/models.ts';

/** A key of the vocabulary that is read, reported as not supported yet, and has no effect. */
const planned = z.unknown().optional().meta({ planned: true });

const Text = z.string().min(1);
const Texts = z.union([Text.transform(one => [one]), z.array(Text)]);
const Scalar = z.union([z.string(), z.number(), z.boolean()]);

/** A value that may also come from a parameter, by `${…}`. */
const NumberOrText = z.union([Text, z.number()], { error: 'must be a number or text' });
const Duration = z.union([Text, z.number()], { error: 'must be a duration such as 90s, 15m or 2h' });
const Retries = z.union(
  [
    NumberOrText,
    z.strictObject({
      times: NumberOrText,
      wait: Duration.optional(),
      backoff: NumberOrText.optional(),
      max_wait: Duration.optional(),
    }),
  ],
  { error: 'must be a number, or a mapping with “times” and, if you like, “wait”, “backoff” and “max_wait”' },
);

/** Letters, digits, `-` and `_`, as DVC has it: a step's name is also a file name and a part of a URL. */
const STEP_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_-]{0,99}$/u;

export const StepSource = z.strictObject({
  /** A command, or several that run one after the other until one fails. */
  run: Texts.optional(),
  after: Texts.default([]),
  deps: Texts.default([]),
  outs: Texts.default([]),
  /** Names of the parameters that the step sees, and so depends on; without it, all. */
  params: Texts.optional(),
  /** JSON files whose numbers are logged to the step's run. */
  metrics: Texts.default([]),
  /** A file with the results of data checks. */
  checks: Text.optional(),
  model: z.strictObject({ register: Text }).optional(),
  gates: Texts.default([]),
  promote: z.strictObject({ model: Text, to: Stage }).optional(),
  /** What a person is asked to approve before the steps after this one run. */
  approval: Text.optional(),
  /** Folder to run in; the step's paths are relative to it. */
  cwd: Text.optional(),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), Scalar).default({}),
  desc: z.string().optional(),
  /** How long each attempt at the commands may take. */
  timeout: Duration.optional(),
  /** How often commands that fail are tried again. */
  retries: Retries.optional(),
  /** Names that one step at a time may hold, over all executions. */
  mutex: Texts.default([]),
  /** Whether it runs once what it needs has ended, however that ended. */
  always: z.boolean().default(false),
  /** A condition on parameters, without which the step is left out. */
  when: z.union([Text, z.boolean()], { error: 'must be a condition, or true or false' }).optional(),
  tune: planned,
  uses: planned,
  foreach: planned,
  matrix: planned,
  resources: planned,
  notebook: planned,
  plots: planned,
});
export type StepSource = z.infer<typeof StepSource>;

export const PipelineSource = z.strictObject({
  name: Text.max(200).optional(),
  env: z.strictObject({ python: Text.optional() }).default({}),
  /** A file of parameters, or the parameters themselves. */
  params: z.union([Text, z.record(z.string(), z.unknown())]).optional(),
  metrics: z.record(z.string(), z.enum(['minimize', 'maximize'])).default({}),
  steps: z.record(z.string().regex(STEP_NAME), StepSource),
  desc: z.string().optional(),
  registry: planned,
  schedule: planned,
  triggers: planned,
});
export type PipelineSource = z.infer<typeof PipelineSource>;

/** What users of DVC and of CI files write for our keys. */
export const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['cmd', 'run'],
  ['command', 'run'],
  ['wdir', 'cwd'],
  ['needs', 'after'],
  ['depends_on', 'after'],
  ['outputs', 'outs'],
  ['inputs', 'deps'],
  ['stages', 'steps'],
]);
