/** What a running daemon adds to what files say. */
export interface DaemonFacts {
  /** Names of registered models. */
  readonly models: readonly string[];
  /** Names of metrics that executions of the pipeline logged. */
  readonly metrics: readonly string[];
  /** How each step's last run went, in words, by the step's name. */
  readonly results: ReadonlyMap<string, string>;
}

/** While no daemon runs. */
export const NO_FACTS: DaemonFacts = { models: [], metrics: [], results: new Map() };
