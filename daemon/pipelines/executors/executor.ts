/** One step's commands, ready to start. */
export interface Job {
  readonly executionId: string;
  readonly step: string;
  /** Program and arguments of each command, run one after the other until one fails. */
  readonly commands: readonly (readonly string[])[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A started job, as a later daemon finds it again: plain data, which its executor alone understands. */
export type JobHandle = Readonly<Record<string, string | number>>;

/** How a job ended. */
export interface JobEnd {
  /** Null when nobody could record it. */
  readonly exitCode: number | null;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** In a person's words, empty for exit code 0. */
  readonly message: string;
  /** CPU time of all its processes in seconds; null when nobody could record it. */
  readonly cpuSeconds: number | null;
}

/** What a job takes of the machine that it runs on, at a moment. */
export interface JobUsage {
  /** CPU time until now, in seconds. */
  readonly cpuSeconds: number;
  /** Percent of all the machine's cores since the last look; null at the first. */
  readonly cpu: number | null;
  /** Bytes. */
  readonly memory: number;
  /** All of the machine's memory, in bytes. */
  readonly memoryTotal: number;
  /** Those GPUs that it computes on. */
  readonly gpus: readonly {
    readonly index: number;
    /** Percent of the time in which it did something. */
    readonly utilization: number;
    /** MiB. */
    readonly memoryUsed: number;
    readonly memoryTotal: number;
  }[];
}

/** Where steps run. What it needs to find a job again is in the handle, the names, or files of its own. */
export interface Executor {
  /** How many jobs it runs at the same time. */
  readonly capacity: number;

  /** Starts a job, which outlives the daemon. */
  submit(job: Job): Promise<JobHandle>;

  /** Forgets the job that a step had: `recover` does not find it any more. */
  discard(executionId: string, step: string): void;

  /** The job of a step that an earlier daemon began to start; undefined when it never started. */
  recover(executionId: string, step: string): Promise<JobHandle | undefined>;

  /** Whether a job still runs. */
  isRunning(handle: JobHandle): Promise<boolean>;

  /**
   * Resolves when the job has ended, also one that an earlier daemon started. Its output is added to the step's log
   * while it runs, and is all there at the end.
   */
  watch(executionId: string, step: string, handle: JobHandle): Promise<JobEnd>;

  /** What a job takes at the moment; undefined when it has ended, or cannot be measured. */
  usage(handle: JobHandle): Promise<JobUsage | undefined>;

  /**
   * Brings what a job that ended well has made to these paths of the workspace.
   *
   * @throws Error that says what could not be brought
   */
  fetch(executionId: string, step: string, handle: JobHandle, outputs: readonly string[]): Promise<void>;

  /**
   * What a job that has ended left running, in a person's words; empty when nothing, or where it cannot be told.
   *
   * @param ranFor milliseconds: looking for it must not take long beside that
   */
  remains(executionId: string, step: string, handle: JobHandle, ranFor: number): Promise<string>;

  /**
   * Ends the job and everything it started.
   *
   * @param hurry aborted when it is to end at once, by force
   * @returns what was done, in a person's words
   */
  cancel(executionId: string, step: string, handle: JobHandle, hurry: AbortSignal): Promise<string>;
}
