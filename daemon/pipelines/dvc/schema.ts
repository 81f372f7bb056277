// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the messages show the syntax they are about
/** The vocabulary of `dvc.yaml`. */
import * as z from 'zod';

const Text = z.string();
const Vars = z.array(
  z.union([Text, z.record(z.string(), z.unknown())], {
    error: 'must be a file, or a mapping of names to values',
  }),
);

/** The words for a value that is of no fitting kind. */
const words = (text: string) => ({
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is missing' : text),
});

const PATH = 'must be a path, or a path with a mapping below it';

const OutFlags = z.strictObject({
  /** Whether DVC keeps its content in its cache. */
  cache: z.boolean().optional(),
  /** Whether it stays where it is when the stage runs. */
  persist: z.boolean().optional(),
  /** Of DVC 2; without effect since. */
  checkpoint: z.boolean().optional(),
  remote: Text.optional(),
  push: z.boolean().optional(),
  desc: Text.optional(),
  type: Text.optional(),
  labels: z.array(Text).optional(),
  meta: z.unknown().optional(),
});

const PlotFlags = OutFlags.extend({
  template: Text.optional(),
  x: Text.optional(),
  y: Text.optional(),
  x_label: Text.optional(),
  y_label: Text.optional(),
  title: Text.optional(),
  header: z.boolean().optional(),
});

const outsWith = (flags: typeof OutFlags) =>
  z.array(z.union([Text, z.record(z.string(), flags)], { error: PATH })).default([]);

/** A stage, as it is written and once templates are filled in. */
export const StageSource = z.strictObject({
  /** One text, whose lines run one after the other, or a list of commands. */
  cmd: z.union([Text, z.array(Text)], words('must be a command, or a list of commands')),
  wdir: Text.optional(),
  deps: z.array(Text).default([]),
  /** Names in `params.yaml`, or names by file; without any, all of the file. */
  params: z
    .array(
      z.union([Text, z.record(z.string(), z.array(Text).nullable())], {
        error: 'must be the name of a parameter, or a file with a list of names below it',
      }),
    )
    .default([]),
  vars: Vars.default([]),
  outs: outsWith(OutFlags),
  metrics: outsWith(OutFlags),
  plots: outsWith(PlotFlags),
  frozen: z.boolean().default(false),
  always_changed: z.boolean().default(false),
  desc: Text.optional(),
  meta: z.unknown().optional(),
});
export type StageSource = z.infer<typeof StageSource>;

/** Several stages in one entry, as it is written. */
export const MatrixSource = StageSource.extend({
  matrix: z.record(
    z.string(),
    z.union([Text, z.array(z.unknown())], { error: 'must be a list of values, or a ${…} that names one' }),
  ),
});
export const ForeachSource = z.strictObject({
  foreach: z.union(
    [Text, z.array(z.unknown()), z.record(z.string(), z.unknown())],
    words('must be a list, a mapping, or a ${…} that names one'),
  ),
  do: StageSource,
});

const PlotSource = z.strictObject({
  x: z.union([Text, z.record(z.string(), Text)]).optional(),
  y: z
    .union([Text, z.array(Text), z.record(z.string(), z.union([Text, z.array(Text)]))], {
      error: 'must be columns, or columns by file',
    })
    .optional(),
  x_label: Text.optional(),
  y_label: Text.optional(),
  title: Text.optional(),
  template: Text.optional(),
});

const ArtifactSource = z.strictObject({
  path: Text,
  desc: Text.optional(),
  type: Text.optional(),
  labels: z.array(Text).optional(),
  meta: z.unknown().optional(),
});

/** The file but for what is in its stages, each of which is one of the above. */
export const DvcFileSource = z.strictObject({
  stages: z.record(z.string(), z.unknown()).default({}),
  vars: Vars.default([]),
  params: z.array(Text).optional(),
  metrics: z.array(Text).optional(),
  plots: z.array(z.union([Text, z.record(z.string(), PlotSource.nullable())], { error: PATH })).optional(),
  artifacts: z.record(z.string(), ArtifactSource).optional(),
  datasets: z.unknown().optional(),
});
export type DvcFileSource = z.infer<typeof DvcFileSource>;

/** What users of modelthat.yaml and of CI files write for DVC's keys. */
export const DVC_SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['run', 'cmd'],
  ['command', 'cmd'],
  ['cwd', 'wdir'],
  ['outputs', 'outs'],
  ['inputs', 'deps'],
  ['dependencies', 'deps'],
  ['steps', 'stages'],
  ['variables', 'vars'],
  ['locked', 'frozen'],
]);
