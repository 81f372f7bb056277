/** What texts in a pipeline file stand for, so that the editor can complete, follow and rename them. */

/** The kinds of things that a text can stand for; `refersTo` in the JSON Schema of the file. */
export type RefersTo =
  /** Another step of the file. */
  | 'step'
  /** A parameter, or a group of them, by its dotted name. */
  | 'parameter'
  /** A file or folder that is read. */
  | 'input'
  /** A file or folder that the step makes. */
  | 'output'
  /** A folder. */
  | 'folder'
  /** A file of parameters. */
  | 'parameterFile'
  /** A command, which may name Python code. */
  | 'command'
  /** A comparison of metrics. */
  | 'gate'
  /** A comparison of parameters. */
  | 'condition'
  /** A metric by its name. */
  | 'metric'
  /** A registered model. */
  | 'model'
  /** Times in the notation of cron. */
  | 'cron';

/** How a remedy names what was probably meant. */
export function didYouMean(name: string): string {
  return `Did you mean “${name}”?`;
}

/** What a remedy says was probably meant. */
export function meantBy(remedy: string): string | undefined {
  return /(?:Did you mean|Write) “([^”]+)”/.exec(remedy)?.[1];
}
