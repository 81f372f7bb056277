import type { CommandId } from './commands.ts';
import type { ViewId } from './names.ts';
import { all, context, folderOpen, not, trusted, type When } from './when.ts';

export interface ViewDeclaration {
  readonly name: string;
  readonly icon: `$(${string})`;
}

export const VIEW_DECLARATIONS: { readonly [Id in ViewId]: ViewDeclaration } = {
  'modelthat.experiments': { name: 'Experiments', icon: '$(beaker)' },
  'modelthat.pipelines': { name: 'Pipelines', icon: '$(run-all)' },
  'modelthat.models': { name: 'Models', icon: '$(package)' },
};

/** What an empty view says and offers next. */
export interface WelcomeDeclaration {
  readonly view: ViewId;
  readonly when: When;
  readonly contents: string;
}

const link = (text: string, command: CommandId) => `[${text}](command:${command})`;
const views = Object.keys(VIEW_DECLARATIONS) as ViewId[];
const everywhere = (when: When, contents: string): WelcomeDeclaration[] =>
  views.map(view => ({ view, when, contents }));

const empty = (view: ViewId) => all(context('modelthat.daemon', 'running'), context(`${view}.empty`, true));
const idle = all(folderOpen, trusted, context('modelthat.daemon', 'stopped'));

export const WELCOMES: readonly WelcomeDeclaration[] = [
  ...everywhere(
    not(folderOpen),
    'Open the folder of your project.\n[Open Folder](command:vscode.openFolder)',
  ),
  ...everywhere(
    all(folderOpen, not(trusted), not(context('modelthat.daemon', 'running'))),
    'Nothing is started in a folder that you do not trust.\n[Manage Workspace Trust](command:workbench.trust.manage)',
  ),
  ...everywhere(
    all(idle, context('modelthat.hasProject', false)),
    `Track experiments, run pipelines and keep models of this folder, without a server.\n${link('Start Tracking Here', 'modelthat.daemon.start')}\nIt keeps its data in a folder .modelthat that version control ignores.`,
  ),
  ...everywhere(
    all(idle, context('modelthat.hasProject', true)),
    `The daemon is stopped.\n${link('Start Daemon', 'modelthat.daemon.start')}`,
  ),
  {
    view: 'modelthat.experiments',
    when: empty('modelthat.experiments'),
    contents: `No runs yet. Run your training script in a terminal of this window: what it logs with mlflow appears here.\n${link('Open Terminal', 'modelthat.daemon.openTerminal')}`,
  },
  {
    view: 'modelthat.pipelines',
    when: empty('modelthat.pipelines'),
    contents:
      'No pipeline yet. Describe its steps in a file modelthat.yaml in this folder, or in a dvc.yaml.',
  },
  {
    view: 'modelthat.models',
    when: empty('modelthat.models'),
    contents: `No models yet. Log a model with mlflow, then register the run that has it.\n${link('Register Model of Run', 'modelthat.models.register')}`,
  },
];
