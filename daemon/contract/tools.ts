/** What an assistant can do here: the tools of the Model Context Protocol and of the editor's language models. */
import * as z from 'zod';

/** What a tool is called, told and given. */
interface ToolDeclaration {
  readonly title: string;
  /** For the model: what it is for, and what it answers. */
  readonly description: string;
  readonly input: z.ZodObject;
  /** It changes or starts something, so that a person is asked first; the question for given input. */
  readonly question?: (input: never) => string;
}

const Limit = (initial: number, most: number) =>
  z.number().int().min(1).max(most).default(initial).describe('How many at most');
const RunId = z.string().min(1).max(64).describe('Id of a run, as list_runs tells it');
const File = z
  .string()
  .min(1)
  .max(4_096)
  .describe('Absolute path of the pipeline’s file, as list_pipelines tells it');
const Overrides = z
  .record(z.string(), z.string())
  .default({})
  .describe('Other values of parameters, by dotted name: {"train.lr": "0.05"}');

const RunPipeline = z.object({
  file: File,
  set: Overrides,
  only: z.array(z.string()).optional().describe('Only these steps; what they need is taken as done'),
});
const CancelExecution = z.object({ execution: z.string().describe('Id of the execution') });

/** All tools, by their names. */
export const TOOLS = {
  list_runs: {
    title: 'List runs',
    description:
      'Training runs with their parameters and metrics, newest first or in another order. Use it to find runs before looking at one.',
    input: z.object({
      experiment: z.string().optional().describe('Name of an experiment; all without it'),
      filter: z
        .string()
        .default('')
        .describe('MLflow’s search language: metrics.rmse < 0.1 AND params.model = "lgbm"'),
      order: z.array(z.string()).default([]).describe('For example ["metrics.rmse ASC"]'),
      limit: Limit(20, 100),
    }),
  },
  get_run: {
    title: 'Look at a run',
    description:
      'All that is known of a run: parameters, metrics with their extremes, data, source, versions of models that came of it, and how its step ended where it belongs to a pipeline.',
    input: z.object({ run: RunId }),
  },
  get_metric_history: {
    title: 'Look at the course of metrics',
    description:
      'How metrics of a run went from step to step, as at most so many points with the mean and extremes around each.',
    input: z.object({
      run: RunId,
      metrics: z.array(z.string()).min(1).max(20),
      points: z.number().int().min(2).max(200).default(50),
    }),
  },
  compare_runs: {
    title: 'Compare runs',
    description:
      'Parameters and metrics in which runs differ, with the best run by each metric whose better direction is known.',
    input: z.object({ runs: z.array(RunId).min(2).max(20) }),
  },
  list_pipelines: {
    title: 'List pipelines',
    description:
      'The pipelines of the workspace: steps, parameters, goals, problems, and how each last ended.',
    input: z.object({}),
  },
  get_execution: {
    title: 'Look at an execution',
    description:
      'How an execution of a pipeline and its steps went, with the end of the log of steps that failed. Without an id, the newest.',
    input: z.object({ execution: z.string().optional().describe('Id of the execution') }),
  },
  plan_pipeline: {
    title: 'Plan a pipeline',
    description: 'What running a pipeline would do, step by step, and why. It runs nothing.',
    input: z.object({ file: File, set: Overrides }),
  },
  list_models: {
    title: 'List models',
    description:
      'Registered models with their versions, stages and metrics. With a name, that model’s versions alone.',
    input: z.object({
      name: z.string().optional().describe('Name of a registered model'),
      limit: Limit(20, 100),
    }),
  },
  run_pipeline: {
    title: 'Run a pipeline',
    description: 'Starts a pipeline, or some of its steps. A person is asked first.',
    input: RunPipeline,
    question: ({ file, set, only }: z.infer<typeof RunPipeline>) => {
      const what = only ? `the steps ${only.join(', ')} of ${file}` : file;
      const values = Object.entries(set).map(([key, value]) => `${key}=${value}`);
      return `Run ${what}${values.length > 0 ? ` with ${values.join(', ')}` : ''}? It runs programs of this project.`;
    },
  },
  cancel_execution: {
    title: 'Cancel an execution',
    description: 'Ends an execution that runs. A person is asked first.',
    input: CancelExecution,
    question: ({ execution }: z.infer<typeof CancelExecution>) => `Cancel the execution ${execution}?`,
  },
} as const satisfies Record<string, ToolDeclaration>;

export type ToolName = keyof typeof TOOLS;
export const TOOL_NAMES = Object.keys(TOOLS) as ToolName[];

/** What a tool is given, parsed. */
export type ToolInput<Name extends ToolName> = z.infer<(typeof TOOLS)[Name]['input']>;

/** The question to ask a person before a tool does something; undefined of tools that only look. @param input parsed */
export function questionOf(name: ToolName, input: unknown): string | undefined {
  const declaration: ToolDeclaration = TOOLS[name];
  return declaration.question?.(input as never);
}

/** Whether a tool changes or starts something. */
export function acts(name: ToolName): boolean {
  return 'question' in TOOLS[name];
}

/** Path of the Model Context Protocol's face. */
export const MCP_PATH = '/mcp';
/** Header of a request to it that lets its session have tools that act; it needs the owner's token. */
export const MCP_ACTIONS_HEADER = 'x-modelthat-actions';
