// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the examples show the syntax of templates
import * as z from 'zod';
import { Stage } from '../../contract/models.ts';
import { Concurrency } from '../../contract/pipelines.ts';
import type { RefersTo } from '../../contract/references.ts';
import { RETRY_DEFAULTS } from './attempts.ts';
import { RegistrySource } from './registry.ts';

/** A key of the vocabulary that is read, reported as not supported yet, and has no effect. */
const planned = z.unknown().optional().meta({ planned: true, description: 'Not supported yet.' });

const Text = z.string().min(1);
const listOf = (text: typeof Text) => z.union([text.transform(one => [one]), z.array(text)]);
const Scalar = z.union([z.string(), z.number(), z.boolean()]);

/** A text that stands for something the editor can follow. */
const naming = (refersTo: RefersTo) => Text.meta({ refersTo });

/** A value that may also come from a parameter, by `${…}`. */
const NumberOrText = z.union([Text, z.number()], {
  error: ({ input }) => (input === undefined ? 'is missing' : 'must be a number or text'),
});
const Duration = z
  .union([Text, z.number()], { error: 'must be a duration such as 90s, 15m or 2h' })
  .meta({ examples: ['90s', '15m', '2h'] });
const Retries = z.union(
  [
    NumberOrText,
    z.strictObject({
      times: NumberOrText.meta({ description: 'Further attempts after the first.' }),
      wait: Duration.optional().meta({
        description: `Time before the second attempt; \`${RETRY_DEFAULTS.wait}\` unless it is given.`,
      }),
      backoff: NumberOrText.optional().meta({
        description: `What the wait is multiplied by after each further attempt; \`${RETRY_DEFAULTS.backoff}\` unless it is given.`,
      }),
      max_wait: Duration.optional().meta({
        description: `The longest wait; \`${RETRY_DEFAULTS.max_wait}\` unless it is given.`,
      }),
    }),
  ],
  { error: 'must be a number, or a mapping with “times” and, if you like, “wait”, “backoff” and “max_wait”' },
);

const Resources = z.strictObject({
  cpu: NumberOrText.optional().meta({
    description: 'Cores that the step holds while it runs, such as 4 or 0.5; 1 unless it is given.',
  }),
  memory: NumberOrText.optional().meta({
    description: 'Memory that it holds, such as 8GB; none is counted unless it is given.',
  }),
  gpu: NumberOrText.optional().meta({
    description: 'GPUs that it holds. It sees these alone, by CUDA_VISIBLE_DEVICES.',
  }),
});

/** Letters, digits, `-` and `_`, as DVC has it: a step's name is also a file name and a part of a URL. */
const STEP_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_-]{0,99}$/u;

/** An axis is a part of `${item.axis}`. */
const AXIS = /^[\p{L}_][\p{L}\p{N}_-]*$/u;

export const StepSource = z
  .strictObject({
    run: listOf(naming('command'))
      .optional()
      .meta({
        description:
          'A command, or several that run one after the other until one fails. No shell is involved.',
        examples: ['python -m package.module', 'python train.py --rate ${train.rate}'],
      }),
    after: listOf(naming('step'))
      .default([])
      .meta({ description: 'Steps that must have succeeded first, besides those that make its `deps`.' }),
    deps: listOf(naming('input'))
      .default([])
      .meta({ description: 'Files and folders that the step reads. When they change, it runs again.' }),
    outs: listOf(naming('output')).default([]).meta({
      description: 'Files and folders that the step makes; kept in the cache and restored from it.',
    }),
    params: listOf(naming('parameter')).optional().meta({
      description: 'Parameters, or groups of them, that the step sees, and so depends on; without it, all.',
    }),
    metrics: listOf(naming('output'))
      .default([])
      .meta({ description: 'JSON files that the step makes, whose numbers are logged to its run.' }),
    checks: naming('output').optional().meta({
      description:
        'A JSON file that the step makes with the results of data checks: of Great Expectations, or a list of `{name, passed, observed, expected}`.',
    }),
    model: z
      .strictObject({
        register: naming('model').meta({ description: 'Name of the registered model.' }),
      })
      .optional()
      .meta({ description: 'Makes the model that this step logs a new version of a registered model.' }),
    gates: listOf(naming('gate'))
      .default([])
      .meta({
        description:
          'Comparisons of metrics that must hold, or the step fails: with a threshold, or with `champion.<metric>`, that of the version in Production.',
        examples: ['rmspe < 0.12', 'rmspe <= champion.rmspe * 1.02'],
      }),
    promote: z
      .strictObject({
        model: naming('model').meta({ description: 'Name of the registered model.' }),
        to: Stage.meta({ description: 'The stage that its newest version of this execution moves to.' }),
      })
      .optional()
      .meta({ description: 'Moves a model version to a stage when the gates hold.' }),
    approval: Text.optional().meta({
      description: 'What a person is asked to approve before the steps after this one run.',
      examples: ['Production'],
    }),
    cwd: naming('folder')
      .optional()
      .meta({ description: 'Folder to run in; the paths of the step are relative to it.' }),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), Scalar)
      .default({})
      .meta({ description: 'Environment variables of the commands.' }),
    desc: z.string().optional().meta({ description: 'What the step is for, in words.' }),
    timeout: Duration.optional().meta({
      description: 'How long each attempt at the commands may take before its processes are ended.',
    }),
    retries: Retries.optional().meta({
      description: 'How often commands that fail are tried again.',
      examples: [3],
    }),
    mutex: listOf(Text)
      .default([])
      .meta({
        description: 'Names that one step at a time may hold, over all executions.',
        examples: ['gpu'],
      }),
    always: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether it runs once what it needs has ended, however that ended.' }),
    when: z
      .union([naming('condition'), z.boolean()], { error: 'must be a condition, or true or false' })
      .optional()
      .meta({
        description: 'A condition on parameters, without which the step is left out.',
        examples: ['${train.enabled}', "${data.stores} > 100 and ${mode} == 'full'"],
      }),
    notebook: naming('input')
      .optional()
      .meta({
        description:
          'A Jupyter notebook that papermill executes with the step’s parameters, in place of `run`. The executed notebook is kept with the step’s run.',
        examples: ['notebooks/report.ipynb'],
      }),
    uses: naming('folder')
      .optional()
      .meta({
        description:
          'The folder of a component, in place of `run`: its `component.yaml` says what it reads, makes and runs.',
        examples: ['components/csv-source'],
      }),
    with: z.record(z.string(), z.unknown()).default({}).meta({
      description:
        'Inputs, outputs and parameters of the component: paths relative to this file, and values.',
    }),
    plots: listOf(naming('output')).default([]).meta({
      description:
        'Files and folders with plots that the step makes: outputs that are also kept as artifacts of its run.',
    }),
    foreach: z
      .union([naming('parameter'), z.array(z.unknown()), z.record(z.string(), z.unknown())], {
        error: 'must be a list, a mapping, or ${name} of a parameter that is one',
      })
      .optional()
      .meta({
        description:
          'Makes a step of each value, named `train@value`. `${item}` stands for the value, and in a mapping `${key}` for its key.',
        examples: [['cnn', 'rnn'], '${models}'],
      }),
    matrix: z
      .record(z.string().regex(AXIS), z.union([Text, z.array(z.unknown())]))
      .optional()
      .meta({
        description:
          'Makes a step of each combination of values, named `train@value-value`. `${item.axis}` stands for a value.',
        examples: [{ model: ['cnn', 'rnn'], rate: [0.1, 0.01] }],
      }),
    secrets: listOf(Text)
      .default([])
      .meta({
        description:
          'Names of secrets that the step gets as variables. Set them with `modelthat secrets set`; their values are stored nowhere else and hidden in logs.',
        examples: ['API_KEY'],
      }),
    resources: Resources.optional().meta({
      description: 'What the step holds of the machine while it runs; it waits until that is free.',
      examples: [{ cpu: 2, memory: '8GB', gpu: 1 }],
    }),
    tune: planned,
  })
  .meta({ description: 'A step: a command to run, gates to judge, or an approval to wait for.' });
export type StepSource = z.infer<typeof StepSource>;

const Cron = Text.meta({
  description:
    'Minute, hour, day of the month, month and day of the week; a field of seconds may stand before them.',
  examples: ['0 3 * * 1'],
});
const Schedule = z.union(
  [
    Cron,
    z.strictObject({
      cron: Cron,
      timezone: Text.optional().meta({
        description: 'Whose hours these are; those of the machine unless it is given.',
        examples: ['Europe/Berlin'],
      }),
      missed: z.enum(['once', 'skip']).optional().meta({
        description:
          'What is done about times that came while nothing ran: one execution for all of them (`once`, unless it is given), or none (`skip`).',
      }),
    }),
  ],
  { error: 'must be a cron line, or a mapping with “cron” and, if you like, “timezone” and “missed”' },
);

const A_TRIGGER = 'must be patterns of files, or mappings with “files” or “model”';
const Trigger = z.union(
  [
    Text,
    z.strictObject({
      files: listOf(Text).meta({
        description: 'Patterns of files, relative to this file; those with `!` before them are left out.',
        examples: ['data/raw/**'],
      }),
      quiet: Duration.optional().meta({
        description: 'How long the files must have been left alone; `2s` unless it is given.',
      }),
    }),
    z.strictObject({
      model: Text.meta({ description: 'A registered model that gets a new version.' }),
      stage: Stage.optional().meta({
        description: 'The stage that the version comes to; any, unless it is given.',
      }),
    }),
    z.strictObject({ drift: Text.meta({ description: 'Not supported yet.' }) }),
  ],
  { error: A_TRIGGER },
);

export const PipelineSource = z.strictObject({
  name: Text.max(200)
    .optional()
    .meta({ description: 'What the pipeline is called; its folder’s name unless given.' }),
  env: z
    .strictObject({
      python: naming('input')
        .optional()
        .meta({ description: 'A file of Python requirements.', examples: ['requirements.txt'] }),
    })
    .default({})
    .meta({ description: 'Environment that the steps run in, made once for each set of requirements.' }),
  params: z
    .union([
      naming('parameterFile'),
      z.array(naming('parameterFile')).min(1),
      z.record(z.string(), z.unknown()),
    ])
    .optional()
    .meta({
      description:
        'A file of parameters, several of which a later one has its way, or the parameters themselves; `params.yaml`, where there is one, unless given. `${…}` refers to them.',
      examples: ['params.yaml'],
    }),
  metrics: z
    .record(z.string(), z.enum(['minimize', 'maximize']))
    .default({})
    .meta({ description: 'What “best” means: each metric with its goal.' }),
  steps: z
    .record(z.string().regex(STEP_NAME), StepSource)
    .meta({ description: 'The steps, by their names.' }),
  desc: z.string().optional().meta({ description: 'What the pipeline is for, in words.' }),
  concurrency: Concurrency.default('queue').meta({
    description:
      'What happens with an execution that a schedule or a trigger asks for while another runs: it waits (`queue`), it is left out (`skip`), or the one that runs is cancelled (`replace`).',
  }),
  registry: RegistrySource.optional().meta({
    description:
      'Rules for the stages of registered models: for all, and for single ones below `models`. They are read from the file at the workspace’s root.',
    examples: [{ enforce: true, Staging: { gates: ['rmspe < 0.12'] }, Production: { approval: true } }],
  }),
  schedule: Schedule.optional().meta({
    description:
      'When the pipeline is started by itself. It holds once a person has turned it on: `modelthat schedules on`.',
    examples: ['0 3 * * 1'],
  }),
  triggers: z
    .union([Trigger.transform(one => [one]), z.array(Trigger)], { error: A_TRIGGER })
    .optional()
    .meta({
      description:
        'What starts the pipeline when it changes: files, or versions of a registered model. It holds once a person has turned it on: `modelthat schedules on`.',
      examples: [['data/raw/**']],
    }),
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
