/** What is kept of a step that ended well, so that it need not run again while nothing it depends on changes. */
import { makesOf, type PipelineDefinition, type Step } from '../definition/model.ts';
import type { JobHandle } from '../executors/executor.ts';
import type { Content } from '../inputs/content.ts';
import type { StepInputs } from '../inputs/model.ts';
import type { StepState } from '../inputs/read.ts';

/** How a step once ended with certain inputs. */
export interface StepResult {
  /** Names the inputs. */
  readonly key: string;
  /** The pipeline's file, relative to the workspace, with `/`. */
  readonly file: string;
  readonly step: string;
  readonly executionId: string;
  /** What people call the execution: `store-sales #3`. */
  readonly executionName: string;
  /** The run it logged to; null when it logged nothing. */
  readonly runId: string | null;
  readonly endTime: number;
  /** How long its commands took, in milliseconds. */
  readonly duration: number;
  readonly inputs: StepInputs;
  /** What each of its outputs held, by path relative to the pipeline's folder. */
  readonly outputs: Readonly<Record<string, Content>>;
  /** Versions that it registered. */
  readonly versions: readonly { readonly name: string; readonly version: number }[];
}

/** What of an earlier result stands for a step's commands. */
export type EarlierResult = Pick<StepResult, 'runId' | 'versions'>;

/** Whether a step leaves nothing that could be kept: there is nothing to tell that it was done. */
export function makesNothing(step: Step): boolean {
  return makesOf(step).length === 0 && step.register === null;
}

/** What is to be done with a step. */
export type Decision =
  /** It runs, because of `reason`. */
  | { readonly action: 'run'; readonly reason: string }
  /** Everything is as it was, its outputs too. */
  | { readonly action: 'skip'; readonly reason: string; readonly result: StepResult }
  /** Its outputs come from the cache. */
  | { readonly action: 'restore'; readonly reason: string; readonly result: StepResult };

/** What earlier executions of a pipeline left, as far as some steps may use it again. */
export interface Known {
  readonly byKey: ReadonlyMap<string, StepResult>;
  /** The newest result by the name of its step. */
  readonly newest: ReadonlyMap<string, StepResult>;
}

/** What is told of a step that is to be kept. */
export type Ended = Pick<
  StepResult,
  'executionId' | 'executionName' | 'runId' | 'endTime' | 'duration' | 'versions'
>;

/** What was kept of a step. */
export interface Kept {
  /** Why its outputs are not kept for later; empty when they are. */
  readonly remark: string;
  /** What its outputs held; null where that is not known. */
  readonly outputs: StepResult['outputs'] | null;
}

/** How it is told that others are in the way, and how waiting for them is ended. */
export interface Waiting {
  readonly signal: AbortSignal;
  /** Told who is waited for, in a person's words. */
  readonly busy: (message: string) => void;
}

/**
 * What is remembered of steps that ran: decides which need not run, puts their outputs back, makes room for those that run,
 * and keeps what they made.
 */
export interface StepMemory {
  /** Steps as they stand now. @param instead what paths are going to hold, in place of what they hold now */
  states(
    definition: PipelineDefinition,
    steps: readonly Step[],
    environment: string | null,
    instead?: ReadonlyMap<string, Content>,
  ): Promise<StepState[]>;

  /** What is known that could be used again for steps in these states. */
  known(definition: PipelineDefinition, steps: readonly Step[], states: readonly StepState[]): Promise<Known>;

  /** Whether a step in this state has to run, and why. */
  decide(definition: PipelineDefinition, step: Step, state: StepState, known: Known): Promise<Decision>;

  /** Puts back those outputs of a result that are not there as they were. @throws Error that says why it cannot */
  restore(
    definition: PipelineDefinition,
    step: Step,
    result: StepResult,
    state: StepState,
    waiting: Waiting,
  ): Promise<void>;

  /** Makes room for what a step writes, and starts it. @throws what starting does, and Error when there is no room */
  launch(
    definition: PipelineDefinition,
    step: Step,
    start: () => Promise<JobHandle>,
    waiting: Waiting,
  ): Promise<JobHandle>;

  /**
   * Keeps how a step ended, unless its inputs changed meanwhile.
   *
   * @param before its inputs when it was started
   */
  keep(definition: PipelineDefinition, step: Step, before: StepInputs, ended: Ended): Promise<Kept>;

  /** Lets others at what a step read and wrote, once it has ended, however it did. */
  release(definition: PipelineDefinition, step: Step): Promise<void>;

  close(): Promise<void>;
}
