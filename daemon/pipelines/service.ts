import { setImmediate } from 'node:timers/promises';
import { invalid } from '../contract/errors.ts';
import type { Concurrency, Diagnostic, Pipeline, Plan, StartedBy } from '../contract/pipelines.ts';
import { blockedSteps } from './blocked.ts';
import { criticalPath } from './critical-path.ts';
import type { PipelineDefinition } from './definition/model.ts';
import { type ReadOptions, type ReadResult, readDefinition } from './definition/read.ts';
import { findProject, isDvcFile } from './dvc/project.ts';
import { readDvcPipeline } from './dvc/read.ts';
import type { Engine } from './engine.ts';
import { findPipelines, MAX_FOLDERS } from './find.ts';
import { describeStep, plan } from './planner.ts';
import { selectSteps } from './selection.ts';
import { locate } from './workspace.ts';

/** What an execution is asked for with. */
export interface ExecutionRequest {
  /** Absolute path of the definition. */
  readonly file: string;
  /** Overrides of parameters. */
  readonly set: Readonly<Record<string, string>>;
  /** Names of steps, or of groups of steps. */
  readonly only?: readonly string[] | undefined;
  /** Steps that are asked for with all that need them. */
  readonly from?: readonly string[] | undefined;
  /** Whether steps run even if nothing that they depend on changed. */
  readonly force: boolean;
  /** Absolute path of the Python whose environment is that of a pipeline that names none. */
  readonly python?: string | undefined;
  /** What happens while another execution of the pipeline runs; without it, it is refused. */
  readonly concurrency?: Concurrency | undefined;
  /** Who or what asks; a person, if it does not say. */
  readonly startedBy?: StartedBy | undefined;
}

/** The pipelines that a workspace defines. */
export class PipelineService {
  readonly #engine: Pick<Engine, 'memoryOf' | 'approvals' | 'environment' | 'hindrance'>;
  readonly #workspace: string;

  /** @param workspace real path of the folder whose pipelines may run */
  constructor(
    engine: Pick<Engine, 'memoryOf' | 'approvals' | 'environment' | 'hindrance'>,
    workspace: string,
  ) {
    this.#engine = engine;
    this.#workspace = workspace;
  }

  /** Pipelines found in the workspace, and what to know when it was too large to look through. */
  async list(): Promise<{ items: Pipeline[]; remark?: string }> {
    const { files, complete } = await findPipelines(this.#workspace);
    const items: Pipeline[] = [];
    for (const file of files) {
      items.push(await this.#describe(file));
      // Reading definitions must not hold up other requests, however many there are.
      await setImmediate();
    }
    if (complete) return { items };
    const remark = `Only the ${MAX_FOLDERS} folders nearest to the root of ${this.#workspace} were searched. Have git ignore folders of data and outputs.`;
    return { items, remark };
  }

  async #describe(file: string): Promise<Pipeline> {
    const { definition, name, problems } = await this.#read({ file });
    return {
      name,
      file,
      steps: definition?.steps.map(describeStep) ?? [],
      blocked: definition ? Object.fromEntries(blockedSteps(definition)) : {},
      params: definition?.params ?? {},
      metrics: { ...definition?.metrics },
      problems: [...problems],
    };
  }

  /** Problems in a definition, as on disk or as typed. */
  async check(file: string, text: string | undefined): Promise<Diagnostic[]> {
    const options = { file: locate(file, this.#workspace) };
    return [...(await this.#read(text === undefined ? options : { ...options, text })).problems];
  }

  /** Reads a definition by the rules that its file's name stands for. */
  async #read(options: Omit<ReadOptions, 'workspace'>): Promise<ReadResult> {
    const { file } = options;
    const workspace = this.#workspace;
    if (!isDvcFile(file)) return readDefinition({ ...options, workspace });
    return readDvcPipeline({ ...options, workspace }, await findProject(file, workspace));
  }

  /** What an execution would do. @throws ApiError as `read` does */
  async plan(request: ExecutionRequest): Promise<Plan> {
    const { definition, problems, only } = await this.read(request);
    const environment = await this.#engine.environment(definition, request.python);
    const options = { only, force: request.force, environment, hindrance: this.#engine.hindrance };
    const steps = await plan(this.#engine, definition, options);
    const { steps: onPath, estimate } = criticalPath(steps);
    return { pipeline: definition.name, steps, criticalPath: onPath, estimate, problems };
  }

  /**
   * A definition that can run, with what was asked of it checked.
   *
   * @throws ApiError INVALID_PARAMETER_VALUE with `details.problems` for a bad definition
   */
  async read({ file, set, only, from }: ExecutionRequest) {
    const real = locate(file, this.#workspace);
    const result = await this.#read({ file: real, set });
    const definition = requireRunnable(result, real);
    return {
      definition,
      problems: [...result.problems],
      only: selectSteps(definition.steps, { only, from }),
    };
  }
}

/**
 * The definition that was read.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE with `details.problems` when it cannot run
 */
export function requireRunnable({ definition, problems }: ReadResult, file: string): PipelineDefinition {
  if (definition) return definition;
  const [first] = problems.filter(problem => problem.severity === 'error');
  const place = first ? `${first.file}:${first.line}:${first.column}: ${first.message}` : file;
  throw invalid(`The pipeline cannot run: ${place}. ${first?.remedy ?? ''}`.trim(), { problems });
}
