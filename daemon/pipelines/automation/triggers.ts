/** What triggers a pipeline, as definitions declare it. */
import type { Stage } from '../../contract/models.ts';

/** Files that start a pipeline when they change. */
export interface FileTrigger {
  readonly kind: 'files';
  /** As in the definition, relative to its folder; those with `!` before them are left out. */
  readonly patterns: readonly string[];
  /** How long they must have been left alone, in milliseconds. */
  readonly quiet: number;
}

/** New versions of a registered model that start a pipeline. */
export interface ModelTrigger {
  readonly kind: 'model';
  readonly model: string;
  /** The stage that a version comes to; null = any new version. */
  readonly stage: Stage | null;
}

export type Trigger = FileTrigger | ModelTrigger;
