/** What an execution is, and the rules of its states. */
import type { Actor } from '../contract/audit.ts';
import { ApiError, invalid } from '../contract/errors.ts';
import {
  EXIT,
  type Execution,
  type ExecutionStatus,
  executionName,
  type StepExecution,
  type StepStatus,
  type StepVersions,
} from '../contract/pipelines.ts';
import type { PipelineDefinition, Step } from './definition/model.ts';
import type { JobHandle } from './executors/executor.ts';
import type { Content } from './inputs/content.ts';
import { keyOf, type StepInputs } from './inputs/model.ts';

/** A Python environment that an execution runs in. */
export interface ExecutionEnvironment {
  /** Folder of the environment. */
  readonly root: string;
  /** Folder with its programs. */
  readonly bin: string;
  /** Hash of its lock and interpreter. */
  readonly hash: string;
}

/** How a step succeeded in the execution that another one goes on from. */
export interface Done {
  /** What people call that execution. */
  readonly executionName: string;
  /** Names what it depended on; null for a step without commands. */
  readonly key: string | null;
  readonly runId: string | null;
  readonly message: string;
}

/** An execution as it is kept: what clients see, and what a later daemon needs to go on with it. */
export interface ExecutionRecord extends Omit<Execution, 'steps'> {
  readonly experimentId: string;
  /** Read when the execution began: later edits of the file do not change it. */
  readonly definition: PipelineDefinition;
  /** Steps that were asked for; null = all. */
  readonly only: readonly string[] | null;
  /** Whether steps run even if nothing that they depend on changed. */
  readonly force: boolean;
  /** What succeeded in the execution that it goes on from, by the names of the steps. */
  readonly done?: Readonly<Record<string, Done>>;
  /** Whether it came from another store: its commands are shown, and never run. */
  readonly imported?: boolean;
  /** Whether it is being ended by force. */
  readonly forced?: boolean;
  /** What people call the execution that it was cancelled for. */
  readonly replacedBy?: string;
  /** Null until it is made, and for a pipeline without one. */
  readonly environment: ExecutionEnvironment | null;
}

/** A step's state as it is kept. */
export interface StepRecord extends StepExecution {
  /** Id that the run of this attempt has, or will have when the step's code starts one. */
  readonly reservedRunId: string;
  /** When this attempt's commands were started; none before. */
  readonly attemptStartTime?: number | null;
  /** When the next attempt is due, while a failed one is followed by a wait. */
  readonly retryAt?: number | null;
  /** Whether this attempt took longer than it may, and its processes are being ended. */
  readonly timedOut?: boolean;
  /** Whether it was left out for a condition: its own, or that of a step whose data it needs. */
  readonly leftOut?: boolean;
  /** Ids of the GPUs that it holds. */
  readonly gpus?: readonly string[];
  /** The process that runs it, or ran it. */
  readonly process: JobHandle | null;
  readonly gateFailed: boolean;
  /** What it depended on when its commands were started; null before, and where that is of no use. */
  readonly inputs: StepInputs | null;
  /** What each of its outputs held when it had ended, by path relative to the pipeline's folder, as far as it is known. */
  readonly outputs?: Readonly<Record<string, Content>> | null;
  /** What a person approved with it. */
  readonly approval?: Approval | null;
}

/** A version of a model as a person approved it. */
export interface ApprovedVersion {
  readonly name: string;
  readonly version: number;
  /** Null when its files were not here to be read. */
  readonly digest: string | null;
}

/** An answer that holds for as long as nothing behind it changes. */
export interface Approval {
  readonly by: string;
  /** The same as the registry knows people; older approvals do not say. */
  readonly actor?: Actor;
  /** The versions that the execution had by then, with what their files came to: the registry takes it for these. */
  readonly versions?: readonly ApprovedVersion[];
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly reason: string;
  /** What people call the execution that asked. */
  readonly executionName: string;
}

/** Both, as the store gives them back. */
export interface KeptExecution {
  readonly execution: ExecutionRecord;
  /** In the order of the definition. */
  readonly steps: readonly StepRecord[];
}

const ENDED: ReadonlySet<ExecutionStatus | StepStatus> = new Set([
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  'rejected',
]);

/** Whether a state is final. */
export function hasEnded(status: ExecutionStatus | StepStatus): boolean {
  return ENDED.has(status);
}

/** What is to happen with a pending step. */
export type Readiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'skip'; readonly because: string };

/**
 * Whether a step can run.
 *
 * @param needs the states of the steps it needs, those left out that were not asked for
 * @param always whether it is enough that they have ended
 */
export function readiness(
  needs: readonly Pick<StepRecord, 'name' | 'status' | 'leftOut'>[],
  always = false,
): Readiness {
  if (always) return { kind: needs.every(need => hasEnded(need.status)) ? 'ready' : 'wait' };
  const isMet = ({ status, leftOut }: (typeof needs)[number]) => status === 'succeeded' || leftOut;
  const unmet = needs.find(need => hasEnded(need.status) && !isMet(need));
  if (unmet) return { kind: 'skip', because: `it needs “${unmet.name}”, which was ${inWords(unmet.status)}` };
  return { kind: needs.every(isMet) ? 'ready' : 'wait' };
}

/**
 * Why a step is left out for a condition; undefined when it is not.
 *
 * @param isLeftOut whether that is so of a step that it needs
 */
export function whyLeftOut(
  { unless, needsData = [] }: Pick<Step, 'unless' | 'needsData'>,
  isLeftOut: (name: string) => boolean,
): string | undefined {
  if (unless !== undefined) return `its condition does not hold: ${unless}`;
  const maker = needsData.find(isLeftOut);
  return maker === undefined ? undefined : `it needs the data of “${maker}”, which is left out`;
}

function inWords(status: StepStatus): string {
  return status === 'failed' ? 'not successful' : status;
}

/** Whether something has to be made ready before the steps of an execution can run. */
export function isPrepared(execution: BeginsWith): boolean {
  return execution.environment !== null || !(wantsEnvironment(execution) || execution.reproduces);
}

/** Whether its steps cannot run without an environment. Older records say nothing of a Python. */
export function wantsEnvironment({
  definition,
  python,
}: Pick<ExecutionRecord, 'definition' | 'python'>): boolean {
  return definition.requirements !== null || Boolean(python);
}

/** What says how an execution begins. */
type BeginsWith = Pick<ExecutionRecord, 'definition' | 'environment' | 'python' | 'reproduces'>;

/** The state of an execution that begins. */
export function firstStatus(execution: BeginsWith): ExecutionStatus {
  return isPrepared(execution) ? 'running' : 'preparing';
}

/**
 * How an execution ends, once all its steps have.
 *
 * @param cancelled why, if it was
 */
export function outcome(
  steps: readonly Pick<StepRecord, 'name' | 'status' | 'gateFailed' | 'message'>[],
  cancelled: string | undefined,
): { status: ExecutionStatus; exitCode: number; message: string } {
  if (cancelled !== undefined) return { status: 'cancelled', exitCode: EXIT.cancelled, message: cancelled };
  const failed = steps.filter(step => step.status === 'failed');
  const [first] = failed.toSorted((a, b) => Number(a.gateFailed) - Number(b.gateFailed));
  if (first) {
    const exitCode = first.gateFailed ? EXIT.gateFailed : EXIT.failed;
    return { status: 'failed', exitCode, message: `“${first.name}” failed: ${first.message}` };
  }
  const rejected = steps.find(step => step.status === 'rejected');
  if (rejected) {
    return {
      status: 'rejected',
      exitCode: EXIT.rejected,
      message: `“${rejected.name}”: ${rejected.message}`,
    };
  }
  return { status: 'succeeded', exitCode: EXIT.ok, message: '' };
}

/**
 * What succeeded in an execution that did not, for another one to go on from.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE when nothing is left of it, RESOURCE_CONFLICT while it goes on
 */
export function doneIn({ execution, steps }: KeptExecution): Record<string, Done> {
  const name = executionName(execution);
  if (!hasEnded(execution.status)) {
    throw new ApiError(
      'RESOURCE_CONFLICT',
      `${name} has not ended: it is ${execution.status}. Wait for it, or cancel it.`,
    );
  }
  if (execution.status === 'succeeded')
    throw invalid(`Nothing is left of ${name}: it succeeded. Start the pipeline again with modelthat run.`);
  const done = steps
    .filter(step => step.status === 'succeeded')
    .map(({ name: step, inputs, runId, message }): [string, Done] => [
      step,
      { executionName: name, key: inputs && keyOf(inputs), runId, message },
    ]);
  return Object.fromEntries(done);
}

/** What clients see of an execution. */
export function toExecution({ execution, steps }: KeptExecution): Execution {
  const { experimentId: _e, definition: _d, only: _o, force: _f, environment: _env, ...rest } = execution;
  const { forced: _forced, replacedBy: _by, done: _done, imported: _imported, ...seen } = rest;
  return { ...seen, steps: steps.map(toStepExecution) };
}

/** What clients see of a step's inputs. */
export function toStepVersions({ deps, code, params, environment }: StepInputs): StepVersions {
  return { deps, code, params, environment };
}

function toStepExecution(step: StepRecord): StepExecution {
  const { reservedRunId: _r, process: _p, gateFailed: _g, inputs: _i, outputs: _o, ...rest } = step;
  const {
    attemptStartTime: _a,
    retryAt: _at,
    timedOut: _t,
    leftOut: _l,
    gpus: _gpus,
    approval: _approval,
    ...seen
  } = rest;
  return seen;
}
