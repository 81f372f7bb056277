/** What is kept of a step that ended well, so that it need not run again while nothing it depends on changes. */
import type { Content } from '../inputs/content.ts';
import type { StepInputs } from '../inputs/model.ts';

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

/** What is to be done with a step. */
export type Decision =
  /** It runs, because of `reason`. */
  | { readonly action: 'run'; readonly reason: string }
  /** Everything is as it was, its outputs too. */
  | { readonly action: 'skip'; readonly reason: string; readonly result: StepResult }
  /** Its outputs come from the cache. */
  | { readonly action: 'restore'; readonly reason: string; readonly result: StepResult };
