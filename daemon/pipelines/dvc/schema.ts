// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the messages show the syntax they are about
/** The vocabulary of `dvc.yaml`. */
import * as z from 'zod';
import type { RefersTo } from '../../contract/references.ts';

const Text = z.string();

/** A text that stands for something the editor can follow. */
const naming = (refersTo: RefersTo) => Text.meta({ refersTo });

const Vars = z.array(
  z.union([naming('parameterFile'), z.record(z.string(), z.unknown())], {
    error: 'must be a file, or a mapping of names to values',
  }),
);

/** The words for a value that is of no fitting kind. */
const words = (text: string) => ({
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is missing' : text),
});

const PATH = 'must be a path, or a path with a mapping below it';

const described = {
  desc: Text.optional().meta({ description: 'What it is, in words; without effect on what runs.' }),
  type: Text.optional().meta({ description: 'The kind of thing that it is, such as `model` or `dataset`.' }),
  labels: z.array(Text).optional().meta({ description: 'Words to find it by.' }),
  meta: z.unknown().optional().meta({ description: 'Data of your own; DVC does not read it.' }),
};

const OutFlags = z.strictObject({
  cache: z
    .boolean()
    .optional()
    .meta({ description: 'Whether DVC keeps its content in its cache; `true` unless given.' }),
  persist: z.boolean().optional().meta({
    description: 'Whether it stays where it is when the stage runs, instead of being removed first.',
  }),
  checkpoint: z.boolean().optional().meta({ description: 'Of DVC 2; without effect since.' }),
  remote: Text.optional().meta({ description: 'The DVC remote that it is pushed to.' }),
  push: z.boolean().optional().meta({ description: 'Whether `dvc push` uploads it; `true` unless given.' }),
  ...described,
});

const axes = {
  template: Text.optional().meta({
    description: 'How it is drawn: a template of DVC, or a Vega-Lite file.',
    examples: [
      'linear',
      'simple',
      'scatter',
      'smooth',
      'confusion',
      'confusion_normalized',
      'bar_horizontal',
    ],
  }),
  x_label: Text.optional().meta({ description: 'The label of the x axis.' }),
  y_label: Text.optional().meta({ description: 'The label of the y axis.' }),
  title: Text.optional().meta({ description: 'The title above the plot.' }),
};

const PlotFlags = OutFlags.extend({
  ...axes,
  x: Text.optional().meta({ description: 'The column, or field, of the x axis.' }),
  y: Text.optional().meta({ description: 'The column, or field, of the y axis.' }),
  header: z.boolean().optional().meta({
    description: 'Whether the first row of a CSV or TSV file names its columns; `true` unless given.',
  }),
});

const outsWith = (flags: typeof OutFlags) =>
  z.array(z.union([naming('output'), z.record(naming('output'), flags)], { error: PATH })).default([]);

/** A stage, as it is written and once templates are filled in. */
export const StageSource = z.strictObject({
  cmd: z
    .union([naming('command'), z.array(naming('command'))], words('must be a command, or a list of commands'))
    .meta({
      description: 'A command, whose lines run one after the other in a shell, or a list of commands.',
    }),
  wdir: naming('folder')
    .optional()
    .meta({ description: 'Folder to run in; the paths of the stage are relative to it.' }),
  deps: z
    .array(naming('input'))
    .default([])
    .meta({ description: 'Files and folders that the stage reads. When they change, it runs again.' }),
  params: z
    .array(
      z.union(
        [naming('parameter'), z.record(naming('parameterFile'), z.array(naming('parameter')).nullable())],
        {
          error: 'must be the name of a parameter, or a file with a list of names below it',
        },
      ),
    )
    .default([])
    .meta({
      description:
        'Parameters that the stage depends on: names in `params.yaml`, or names by file; a file without names means all of it.',
    }),
  vars: Vars.default([]).meta({
    description: 'Values for `${…}` in this stage: files, `file:name,name`, or mappings.',
  }),
  outs: outsWith(OutFlags).meta({
    description: 'Files and folders that the stage makes; kept in DVC’s cache and restored from it.',
  }),
  metrics: outsWith(OutFlags).meta({ description: 'Files of metrics that the stage makes.' }),
  plots: outsWith(PlotFlags).meta({ description: 'Files to plot that the stage makes.' }),
  frozen: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether it is never run, and no stage before it is for its sake.' }),
  always_changed: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether it runs each time, changed or not.' }),
  desc: described.desc,
  meta: described.meta,
});
export type StageSource = z.infer<typeof StageSource>;

/** Several stages in one entry, as it is written. */
export const MatrixSource = StageSource.extend({
  matrix: z
    .record(
      z.string(),
      z.union([Text, z.array(z.unknown())], { error: 'must be a list of values, or a ${…} that names one' }),
    )
    .meta({
      description:
        'Makes a stage for each combination of values; `${item.<name>}` is the value of one of the names.',
    }),
});
export const ForeachSource = z.strictObject({
  foreach: z
    .union(
      [Text, z.array(z.unknown()), z.record(z.string(), z.unknown())],
      words('must be a list, a mapping, or a ${…} that names one'),
    )
    .meta({
      description: 'Makes a stage of `do` for each value: `${item}`, and of a mapping also `${key}`.',
    }),
  do: StageSource.meta({ description: 'The stage that is made for each value of `foreach`.' }),
});

const PlotSource = z.strictObject({
  x: z
    .union([Text, z.record(naming('input'), Text)])
    .optional()
    .meta({ description: 'The column of the x axis, or columns by file.' }),
  y: z
    .union([Text, z.array(Text), z.record(naming('input'), z.union([Text, z.array(Text)]))], {
      error: 'must be columns, or columns by file',
    })
    .optional()
    .meta({ description: 'The columns of the y axis, or columns by file.' }),
  ...axes,
});

const ArtifactSource = z.strictObject({
  path: naming('input').meta({ description: 'The file or folder.' }),
  ...described,
});

/** The file but for what is in its stages, each of which is one of the above. */
export const DvcFileSource = z.strictObject({
  stages: z.record(z.string(), z.unknown()).default({}).meta({ description: 'The stages, by their names.' }),
  vars: Vars.default([]).meta({
    description: 'Values for `${…}` besides those of `params.yaml`: files, `file:name,name`, or mappings.',
  }),
  params: z
    .array(naming('parameterFile'))
    .optional()
    .meta({ description: 'Files of parameters that `dvc params` shows, too.' }),
  metrics: z
    .array(naming('input'))
    .optional()
    .meta({ description: 'Files of metrics that `dvc metrics` shows, too.' }),
  plots: z
    .array(z.union([naming('input'), z.record(z.string(), PlotSource.nullable())], { error: PATH }))
    .optional()
    .meta({ description: 'Plots that `dvc plots` draws, by name, or files of them.' }),
  artifacts: z
    .record(z.string(), ArtifactSource)
    .optional()
    .meta({ description: 'Models and data sets to be found by name, as DVC’s registry has them.' }),
  datasets: z
    .unknown()
    .optional()
    .meta({ description: 'Data sets of other repositories or clouds that stages depend on by `ds://name`.' }),
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
