import type { CodeVersion, Host } from '../contract/pipelines.ts';
import type { ExecutionScope } from '../contract/principal.ts';
import type { Approvals } from './approvals.ts';
import type { StepMemory } from './cache/model.ts';
import type { CacheUse } from './cache/use.ts';
import type { PipelineDefinition, Step } from './definition/model.ts';
import type { Executor } from './executors/executor.ts';
import type { ExecutionFiles } from './files.ts';
import type { StepJudge } from './judge.ts';
import type { Machine } from './machine.ts';
import type { ExecutionEnvironment, ExecutionRecord } from './model.ts';
import type { Mutexes } from './mutexes.ts';
import type { StepChecks } from './step-checks.ts';
import type { StepMeter } from './step-meter.ts';
import type { StepRuns } from './step-runs.ts';

/** Makes, forgets and restores the tokens of steps. */
export interface StepTokens {
  /** @param scope what it is tied to; absent = to no step */
  issue(scope?: ExecutionScope): string;
  restore(token: string, scope: ExecutionScope): void;
  revoke(token: string): void;
}

/** What every execution of this daemon runs with. */
export interface Engine {
  readonly executor: Executor;
  readonly meter: StepMeter;
  readonly runs: StepRuns;
  readonly judge: StepJudge;
  readonly checks: StepChecks;
  readonly approvals: Approvals;
  /** What is remembered of the steps of a pipeline: whose rules hold depends on whose file it is. */
  memoryOf(definition: PipelineDefinition): StepMemory;
  /** Held while steps use the cache, so that nothing they are about to use is taken out of it. */
  readonly cacheUse: CacheUse;
  readonly files: ExecutionFiles;
  readonly tokens: StepTokens;
  /** What steps share of it, over all executions. */
  readonly machine: Machine;
  /** What steps exclude each other by, over all executions. */
  readonly mutexes: Mutexes;
  /** Address of this daemon. */
  readonly url: string;
  /**
   * Makes what an execution needs before its steps can run: the environment that it asks for, unless it is there.
   *
   * @param progress told what is being done, in a person's words
   * @throws ApiError that says what to do
   */
  prepare(
    execution: ExecutionRecord,
    signal: AbortSignal,
    progress: (message: string) => void,
  ): Promise<ExecutionEnvironment | null>;
  /** Records the code as it is when an execution begins. Never fails: it says what did. */
  recordCode(execution: ExecutionRecord): Promise<CodeVersion>;
  /** Describes the machine as it is when an execution begins. Never fails. */
  recordHost(execution: ExecutionRecord): Promise<Host>;
  /**
   * Hash of the lock of the environment that a pipeline asks for, if it is made already; for one that asks for none, of that
   * of the named Python.
   *
   * @throws ApiError INVALID_PARAMETER_VALUE when that is no Python
   */
  environment(definition: PipelineDefinition, python: string | undefined): Promise<string | null>;
  /** The values of the secrets that a step names, by the names of their variables. */
  secrets(step: Step): Record<string, string>;
  /** Why a step cannot run here, whatever was done before it; undefined when it can. */
  hindrance(step: Step): Promise<string | undefined>;
  /** Ends what remembers steps. */
  close(): Promise<void>;
  /** Reports what should never happen. */
  defect(error: unknown): void;
}
