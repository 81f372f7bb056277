/** Types of the settings, by name. */
export interface SettingValues {
  'modelthat.storePath': string;
  'modelthat.artifacts': string;
  'modelthat.terminals.track': boolean;
  'modelthat.editor.codeLens': boolean;
  'modelthat.editor.inlineMetrics': boolean;
  'modelthat.editor.inlineParameters': boolean;
  'modelthat.assistants.allowActions': boolean;
  'modelthat.notifications.after': number;
}
export type SettingId = keyof SettingValues;

interface SettingDeclaration<Value> {
  readonly type: 'string' | 'boolean' | 'number';
  readonly default: Value;
  readonly markdownDescription: string;
  /** A path or program must not come from the workspace alone: `machine-overridable` and restricted. */
  readonly scope: 'window' | 'resource' | 'machine' | 'machine-overridable';
  /** Not taken from a workspace that is not trusted. */
  readonly restricted?: true;
}

/** Every setting with its default; also where the code takes the default from. */
export const SETTINGS: { readonly [Id in SettingId]: SettingDeclaration<SettingValues[Id]> } = {
  'modelthat.storePath': {
    type: 'string',
    default: '',
    markdownDescription:
      'Folder of the store: an absolute path, or one relative to the project. Empty means `.modelthat` in the project. It must be on a local disk.',
    scope: 'machine-overridable',
    restricted: true,
  },
  'modelthat.artifacts': {
    type: 'string',
    default: '',
    markdownDescription:
      'Where a store that is started from here keeps artifacts: `local` (its own folder), or `s3://bucket/prefix?endpoint=https://…&region=…&pathStyle=true` for S3-compatible storage. Credentials are found as by the AWS command line: environment, profile, login. Empty leaves it as it is.',
    scope: 'machine-overridable',
    restricted: true,
  },
  'modelthat.terminals.track': {
    type: 'boolean',
    default: true,
    markdownDescription:
      'Points new terminals at the daemon (`MLFLOW_TRACKING_URI` and its credentials), so that training scripts are tracked without a change. A `MLFLOW_TRACKING_URI` of your own is never overridden.',
    scope: 'window',
  },
  'modelthat.editor.codeLens': {
    type: 'boolean',
    default: true,
    markdownDescription:
      'Shows *Run* above the steps of a pipeline file, with their last results and what is stale, and the newest version of a model where a file registers it. In Python code that logs, how its last run stands.',
    scope: 'window',
  },
  'modelthat.editor.inlineMetrics': {
    type: 'boolean',
    default: true,
    markdownDescription:
      'Shows behind each line that logs a metric what it came to in the last run, with the best, and the differences to the run before and to Production.',
    scope: 'window',
  },
  'modelthat.editor.inlineParameters': {
    type: 'boolean',
    default: true,
    markdownDescription:
      'Shows behind each parameter of a pipeline what the best run and the one in Production used, where that is another value.',
    scope: 'window',
  },
  'modelthat.assistants.allowActions': {
    type: 'boolean',
    default: false,
    markdownDescription:
      'Lets the editor’s assistants run and cancel pipelines with their tools, after asking you each time. Without it they only read runs, pipelines and models.',
    // What an assistant may do is for the person to say, and never for a repository.
    scope: 'machine',
    restricted: true,
  },
  'modelthat.notifications.after': {
    type: 'number',
    default: 30,
    markdownDescription:
      'Tells when an execution of a pipeline ends, or waits for you, that took longer than so many seconds. `0` tells of all, `-1` of none.',
    scope: 'window',
  },
};
