import path from 'node:path';
import { NEWEST, NEXT } from '../../daemon/contract/execution-choice.ts';
import { flattenParameters } from '../../daemon/contract/parameters.ts';
import type { ExecutionLink, PipelineSnapshot } from '../../daemon/contract/pipeline-messages.ts';
import {
  type Execution,
  executionName,
  getExecution,
  listExecutions,
  listPipelines,
  type Pipeline,
  type Plan,
} from '../../daemon/contract/pipelines.ts';
import { planOf } from '../daemon/plan.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { collect } from '../trees/pages.ts';

/** The parts that a pipeline page is made of, which grow old apart from each other. */
export const PARTS = ['definition', 'executions', 'shown', 'plan'] as const;
export type PipelinePart = (typeof PARTS)[number];

/** Loads what a pipeline page shows, and keeps the parts that have not changed. */
export class PipelineLoader {
  readonly #connection: StoreConnection;
  readonly #file: string;
  /** Which execution is wanted: its id, `newest` or `next`. */
  chosen: string = NEWEST;
  /** How many executions are listed. */
  limit = 20;
  #stale = new Set<PipelinePart>(PARTS);
  #pipeline: Pipeline | undefined;
  #executions: { items: Execution[]; more: boolean } = { items: [], more: false };
  #shown: Execution | undefined;
  #plan: { plan: Plan | null; problem: string } = NO_PLAN;

  constructor(connection: StoreConnection, file: string) {
    this.#connection = connection;
    this.#file = file;
  }

  /** The pipeline, once it was loaded. */
  get pipeline(): Pipeline | undefined {
    return this.#pipeline;
  }

  /** The execution that is shown. */
  get shown(): Execution | undefined {
    return this.#shown;
  }

  /** The file as the command line is to name it in the project's folder; empty when it finds it by itself. */
  get shortFile(): string {
    const relative = path.relative(this.#connection.workspace, this.#file);
    return relative === 'modelthat.yaml' ? '' : relative;
  }

  /** Has these parts loaded anew the next time. */
  forget(...parts: readonly PipelinePart[]): void {
    for (const part of parts) this.#stale.add(part);
  }

  /** Not to be called again before it is done. @throws ApiError as the daemon answers, Error when the file is no pipeline */
  async load(trusted: boolean): Promise<PipelineSnapshot> {
    const stale = this.#stale;
    this.#stale = new Set();
    try {
      await this.#reload(stale);
    } catch (error) {
      this.forget(...stale);
      throw error;
    }
    return this.#snapshot(trusted);
  }

  async #reload(stale: ReadonlySet<PipelinePart>): Promise<void> {
    await Promise.all([
      stale.has('definition') && this.#loadPipeline(),
      stale.has('executions') && this.#loadExecutions(),
    ]);
    const wanted = this.#wanted();
    if (wanted !== this.#shown?.id || stale.has('shown')) await this.#loadShown(wanted);
    // Planning reads what steps depend on: only where it is looked at.
    if (this.#shown) this.forget('plan');
    else if (stale.has('plan')) await this.#loadPlan();
  }

  /** Id of the execution to show. */
  #wanted(): string | undefined {
    if (this.chosen === NEXT) return undefined;
    return this.chosen === NEWEST ? this.#executions.items[0]?.id : this.chosen;
  }

  async #loadPipeline(): Promise<void> {
    const { items } = await this.#connection.call(listPipelines, {});
    const pipeline = items.find(({ file }) => file === this.#file);
    if (!pipeline) throw new Error(`${this.#file} is not a pipeline file that the daemon reads.`);
    this.#pipeline = pipeline;
  }

  async #loadExecutions(): Promise<void> {
    this.#executions = await collect(this.limit, page =>
      this.#connection.call(listExecutions, { query: { file: this.#file, ...page } }),
    );
  }

  async #loadShown(executionId: string | undefined): Promise<void> {
    this.#shown =
      executionId === undefined
        ? undefined
        : await this.#connection.call(getExecution, { params: { executionId } });
  }

  async #loadPlan(): Promise<void> {
    try {
      const plan = await planOf(this.#connection, this.#file);
      this.#plan = { plan, problem: '' };
    } catch (error) {
      this.#plan = { plan: null, problem: error instanceof Error ? error.message : String(error) };
    }
  }

  #snapshot(trusted: boolean): PipelineSnapshot {
    const { items, more } = this.#executions;
    const execution = this.#shown ?? null;
    const { plan, problem } = execution ? NO_PLAN : this.#plan;
    return {
      name: this.#pipeline?.name ?? '',
      file: this.shortFile,
      parameters: flattenParameters(this.#pipeline?.params),
      steps: this.#pipeline?.steps ?? [],
      problems: this.#pipeline?.problems ?? [],
      executions: items.map(link),
      moreExecutions: more,
      title: execution ? executionName(execution) : (this.#pipeline?.name ?? ''),
      execution,
      plan,
      planProblem: problem,
      durations: durationsOf(items),
      trusted,
    };
  }
}

const NO_PLAN = { plan: null, problem: '' };

function link({ id, number, status, startTime, endTime, set }: Execution): ExecutionLink {
  return { id, number, status, startTime, endTime, set };
}

/** How long each step took when it last ran to its end. @param executions newest first */
export function durationsOf(executions: readonly Execution[]): Record<string, number> {
  const durations: Record<string, number> = {};
  for (const { name, status, reused, startTime, endTime } of executions.flatMap(({ steps }) => steps)) {
    if (status !== 'succeeded' || reused !== null || startTime === null || endTime === null) continue;
    durations[name] ??= endTime - startTime;
  }
  return durations;
}
