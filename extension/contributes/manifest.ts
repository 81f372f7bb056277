import { PIPELINE_FILES } from '../../daemon/contract/pipelines.ts';
import { COMMANDS, type CommandDeclaration, type Menu } from './commands.ts';
import { languageModelTools } from './language-model-tools.ts';
import { ARTIFACT_SCHEME, PANELS, VIEW_CONTAINER } from './names.ts';
import { SETTINGS } from './settings.ts';
import { PROBLEM_MATCHER_DECLARATION, TASK_DEFINITION } from './tasks.ts';
import { VIEW_DECLARATIONS, WELCOMES } from './views.ts';
import { WALKTHROUGH } from './walkthrough.ts';
import { all, trusted } from './when.ts';

const CATEGORY = 'modelthat';
const MENUS: readonly Menu[] = ['view/title', 'view/item/context', 'editor/title', 'explorer/context'];

/** The blocks of package.json that are generated from the declarations beside this file. */
export function manifest() {
  return {
    activationEvents: [
      ...PIPELINE_FILES.flatMap(name => [`workspaceContains:${name}`, `workspaceContains:*/${name}`]),
      'workspaceContains:.modelthat',
      'workspaceContains:mlruns',
      'workspaceContains:mlflow.db',
      'onUri',
      `onFileSystem:${ARTIFACT_SCHEME}`,
      ...PANELS.map(panel => `onWebviewPanel:${panel}`),
    ],
    capabilities: {
      untrustedWorkspaces: {
        supported: 'limited',
        description:
          'Shows what a running daemon knows. Starts and executes nothing until the workspace is trusted.',
        restrictedConfigurations: Object.entries(SETTINGS)
          .filter(([, setting]) => setting.restricted)
          .map(([id]) => id),
      },
      virtualWorkspaces: { supported: false, description: 'Runs and pipelines need files on a disk.' },
    },
    contributes: {
      commands: commandEntries.map(([command, { title, icon }]) => ({
        command,
        title,
        category: CATEGORY,
        ...(icon && { icon }),
      })),
      viewsContainers: {
        activitybar: [{ id: VIEW_CONTAINER, title: 'modelthat', icon: 'media/activity-bar.svg' }],
      },
      views: {
        [VIEW_CONTAINER]: Object.entries(VIEW_DECLARATIONS).map(([id, view]) => ({ id, ...view })),
      },
      viewsWelcome: WELCOMES,
      taskDefinitions: [TASK_DEFINITION],
      problemMatchers: [PROBLEM_MATCHER_DECLARATION],
      walkthroughs: [WALKTHROUGH],
      languageModelTools: languageModelTools(),
      menus: {
        commandPalette: commandEntries.flatMap(([command, { palette, runsPrograms }]) =>
          palette ? [{ command, when: runsPrograms ? all(palette, trusted) : palette }] : [],
        ),
        ...Object.fromEntries(MENUS.map(menu => [menu, placesIn(menu)])),
      },
      configuration: {
        title: 'modelthat',
        properties: Object.fromEntries(
          Object.entries(SETTINGS).map(([id, { restricted: _, ...setting }], order) => [
            id,
            { ...setting, order },
          ]),
        ),
      },
    },
  };
}

const commandEntries: [string, CommandDeclaration][] = Object.entries(COMMANDS);

function placesIn(menu: Menu) {
  return commandEntries.flatMap(([command, { places = [], runsPrograms }]) =>
    places
      .filter(place => place.menu === menu)
      .map(({ when, group }) => ({ command, when: runsPrograms ? all(when, trusted) : when, group })),
  );
}
