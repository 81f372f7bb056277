/** Names that the manifest and the code share. Each is written here once, so that a typo does not compile. */

/** The container in the activity bar. */
export const VIEW_CONTAINER = 'modelthat';

export const VIEWS = ['modelthat.experiments', 'modelthat.pipelines', 'modelthat.models'] as const;
export type ViewId = (typeof VIEWS)[number];

/** Type of the run page's webview panels; restores them after a reload. */
export const RUN_PANEL = 'modelthat.run';
/** Type of the webview panels with tables of runs. */
export const RUNS_PANEL = 'modelthat.runs';
/** Type of the webview panels that compare runs. */
export const COMPARE_PANEL = 'modelthat.compare';
/** Type of the pipeline page's webview panels. */
export const PIPELINE_PANEL = 'modelthat.pipeline';
/** Type of the model page's webview panels. */
export const MODEL_PANEL = 'modelthat.model';
/** Type of the lineage page's webview panels. */
export const LINEAGE_PANEL = 'modelthat.lineage';

/** Types of all webview panels. */
export const PANELS = [
  RUN_PANEL,
  RUNS_PANEL,
  COMPARE_PANEL,
  PIPELINE_PANEL,
  MODEL_PANEL,
  LINEAGE_PANEL,
] as const;

/** Scheme of the addresses under which the editor reads artifacts. */
export const ARTIFACT_SCHEME = 'modelthat-artifact';

/** Type of the tasks that run pipelines. */
export const TASK_TYPE = 'modelthat';
/** Name of what finds problems in the output of these tasks. */
export const PROBLEM_MATCHER = 'modelthat';

/** Where the daemons of this window stand, taken together. */
export type DaemonState = 'stopped' | 'starting' | 'running' | 'failed';

/** Whether a view has loaded and has nothing to show. */
export type EmptyKey = `${ViewId}.empty`;

/** Context keys and the values they take. */
export interface ContextValues extends Record<EmptyKey, boolean> {
  'modelthat.daemon': DaemonState;
  /** Whether a folder of the window holds a store or a pipeline file. */
  'modelthat.hasProject': boolean;
  /** Whether the file in front registers a model that has versions. */
  'modelthat.registersModel': boolean;
}
export type ContextKey = keyof ContextValues;
