import type { ProcessIdentity } from '../../processes/table.ts';

/** One step's commands, ready to start. */
export interface Job {
  readonly executionId: string;
  readonly step: string;
  /** Program and arguments of each command, run one after the other until one fails. */
  readonly commands: readonly (readonly string[])[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A started job, as a later daemon finds it again: plain data. */
export type JobHandle = ProcessIdentity;

/** How a job ended. */
export interface JobEnd {
  /** Null when nobody could record it. */
  readonly exitCode: number | null;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** In a person's words, empty for exit code 0. */
  readonly message: string;
}

/** Where steps run. */
export interface Executor {
  /** Starts a job. Its output goes to the step's log, and it outlives the daemon. */
  submit(job: Job): Promise<JobHandle>;

  /** Forgets the job that a step had: `recover` does not find it any more. */
  discard(executionId: string, step: string): void;

  /** The job of a step that an earlier daemon began to start; undefined when it never started. */
  recover(executionId: string, step: string): Promise<JobHandle | undefined>;

  /** Whether a job still runs. */
  isRunning(handle: JobHandle): Promise<boolean>;

  /** Resolves when the job has ended, also one that an earlier daemon started. */
  watch(executionId: string, step: string, handle: JobHandle): Promise<JobEnd>;

  /**
   * Ends the job and everything it started.
   *
   * @param hurry aborted when it is to end at once, by force
   * @returns what was done, in a person's words
   */
  cancel(executionId: string, step: string, handle: JobHandle, hurry: AbortSignal): Promise<string>;
}
