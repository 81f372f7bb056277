import { PIPELINE_FILES } from '../../daemon/contract/pipelines.ts';
import { all, context, file, folderOpen, inPython, inView, item, never, type When } from './when.ts';

/** Places other than the palette where a command can stand. */
export type Menu = 'view/title' | 'view/item/context' | 'editor/title' | 'explorer/context';

/** One place of a command. */
export interface Place {
  readonly menu: Menu;
  readonly when: When;
  /** `navigation@1` and `inline@1` show the icon; other groups are in the menu behind it. */
  readonly group: string;
}

export interface CommandDeclaration {
  /** Verb first; an ellipsis when it asks something before it acts. */
  readonly title: string;
  readonly icon?: `$(${string})`;
  /** When the palette offers it; absent = always. */
  readonly palette?: When;
  readonly places?: readonly Place[];
  /** It has programs run: offered, and done, only in a workspace that is trusted. */
  readonly runsPrograms?: true;
}

const running = context('modelthat.daemon', 'running');
const stopped = all(folderOpen, context('modelthat.daemon', 'stopped'));
const failed = all(folderOpen, context('modelthat.daemon', 'failed'));

const onItem = (kind: RegExp, group: string): Place => ({
  menu: 'view/item/context',
  when: item(kind),
  group,
});
const onTitle = (when: When, group: string): Place => ({ menu: 'view/title', when, group });

/** Names of the files that describe pipelines. */
const PIPELINE_FILE = new RegExp(`^(${PIPELINE_FILES.map(name => name.replace('.', '\\.')).join('|')})$`);

const inExperiments = inView('modelthat.experiments');
const inPipelines = inView('modelthat.pipelines');
const inModels = inView('modelthat.models');
const refresh = (view: When) => onTitle(all(view, running), 'navigation@9');

/** Every command: its title, its icon and where it stands. Item commands ask for what they need without an item. */
export const COMMANDS = {
  'modelthat.daemon.start': {
    title: 'Start Daemon',
    icon: '$(debug-start)',
    runsPrograms: true,
    palette: folderOpen,
    places: [
      ...[inExperiments, inPipelines, inModels].flatMap(view => [
        onTitle(all(view, stopped), 'navigation@1'),
        onTitle(all(view, failed), 'navigation@1'),
      ]),
      onItem(/^store\.(stopped|failed)/, 'inline@1'),
    ],
  },
  'modelthat.daemon.stop': {
    title: 'Stop Daemon',
    icon: '$(debug-stop)',
    palette: running,
    places: [onItem(/^store\.running/, '1_daemon@1')],
  },
  'modelthat.daemon.showLog': {
    title: 'Show Log',
    icon: '$(output)',
    places: [onItem(/^problem/, 'inline@2')],
  },
  'modelthat.daemon.openTerminal': {
    title: 'Open Tracked Terminal',
    icon: '$(terminal)',
    runsPrograms: true,
    palette: folderOpen,
  },
  'modelthat.views.refresh': {
    title: 'Refresh',
    icon: '$(refresh)',
    places: [refresh(inExperiments), refresh(inPipelines), refresh(inModels), onItem(/^problem/, 'inline@1')],
  },
  'modelthat.views.loadMore': { title: 'Load More', palette: never },

  'modelthat.samples.create': { title: 'Create Sample Project…' },

  'modelthat.runs.open': {
    title: 'Open Run',
    icon: '$(graph-line)',
    palette: running,
    places: [onItem(/^(run|execution)\b/, 'inline@1'), onItem(/^(run|execution)\b/, '1_open@1')],
  },
  'modelthat.runs.table': {
    title: 'Show Run Table',
    icon: '$(table)',
    palette: running,
    places: [onItem(/^experiment\b/, 'inline@1'), onItem(/^experiment\b/, '1_open@1')],
  },
  'modelthat.runs.copyId': {
    title: 'Copy Run ID',
    palette: running,
    places: [onItem(/^run\b/, '5_copy@1')],
  },
  'modelthat.runs.close': {
    title: 'Close Silent Run…',
    palette: running,
    places: [onItem(/^run\.running\b/, '6_end@1')],
  },
  'modelthat.runs.delete': {
    title: 'Delete Run',
    palette: running,
    places: [onItem(/^run\.(?!running)/, '9_delete@1')],
  },
  'modelthat.runs.export': {
    title: 'Export Run…',
    palette: running,
    places: [onItem(/^run\b/, '5_copy@2')],
  },
  'modelthat.runs.import': { title: 'Import MLflow Runs…', palette: folderOpen, runsPrograms: true },
  'modelthat.runs.restore': { title: 'Restore Deleted Run…', palette: running },

  'modelthat.sources.openRun': {
    title: 'Open Last Run of This File',
    icon: '$(graph-line)',
    palette: all(running, inPython),
  },
  'modelthat.sources.compare': {
    title: 'Compare Runs of This File',
    icon: '$(git-compare)',
    palette: all(running, inPython),
  },
  'modelthat.sources.run': {
    title: 'Run This File and Track It',
    icon: '$(play)',
    runsPrograms: true,
    palette: all(folderOpen, inPython),
  },

  'modelthat.pipelines.run': {
    title: 'Run Pipeline',
    icon: '$(play)',
    runsPrograms: true,
    palette: folderOpen,
    places: [
      onItem(/^pipeline\b/, 'inline@1'),
      onItem(/^pipeline\b/, '1_run@1'),
      { menu: 'editor/title', when: file(PIPELINE_FILE), group: 'navigation@1' },
    ],
  },
  'modelthat.pipelines.runWithParameters': {
    title: 'Run Pipeline with Parameters…',
    runsPrograms: true,
    palette: folderOpen,
    places: [onItem(/^pipeline\b/, '1_run@2')],
  },
  'modelthat.pipelines.open': {
    title: 'Show Pipeline',
    icon: '$(type-hierarchy)',
    palette: running,
    places: [
      onItem(/^(pipeline|execution)\b/, 'inline@3'),
      onItem(/^(pipeline|execution|step)\b/, '1_open@2'),
      { menu: 'editor/title', when: all(file(PIPELINE_FILE), running), group: 'modelthat@1' },
    ],
  },
  'modelthat.pipelines.plan': {
    title: 'Plan Pipeline',
    icon: '$(list-ordered)',
    runsPrograms: true,
    palette: folderOpen,
    places: [
      onItem(/^pipeline\b/, '1_run@3'),
      { menu: 'editor/title', when: file(PIPELINE_FILE), group: 'modelthat@2' },
    ],
  },
  'modelthat.pipelines.openFile': {
    title: 'Open Pipeline File',
    icon: '$(go-to-file)',
    palette: running,
    places: [onItem(/^(pipeline|step)\b/, '3_file@1')],
  },
  'modelthat.automations.turnOn': {
    title: 'Turn On Schedule or Triggers…',
    icon: '$(circle-large-outline)',
    runsPrograms: true,
    palette: running,
    places: [onItem(/^automation\.off\b/, 'inline@1'), onItem(/^automation\.off\b/, '1_switch@1')],
  },
  'modelthat.automations.turnOff': {
    title: 'Turn Off Schedule or Triggers…',
    icon: '$(pass-filled)',
    palette: running,
    places: [onItem(/^automation\.on\b/, 'inline@1'), onItem(/^automation\.on\b/, '1_switch@1')],
  },
  'modelthat.steps.run': {
    title: 'Run Step',
    icon: '$(play)',
    runsPrograms: true,
    palette: running,
    places: [onItem(/^step\.(?!.*\b(running|waiting)\b)/, 'inline@2'), onItem(/^step\b/, '1_run@1')],
  },
  'modelthat.steps.runFromHere': {
    title: 'Run from Here',
    icon: '$(run-below)',
    runsPrograms: true,
    palette: running,
    places: [onItem(/^step\b/, '1_run@2')],
  },
  'modelthat.steps.debug': {
    title: 'Debug Step',
    icon: '$(debug-alt)',
    runsPrograms: true,
    palette: running,
    places: [onItem(/^step\b/, '1_run@3')],
  },
  'modelthat.steps.showLog': {
    title: 'Show Step Log',
    icon: '$(output)',
    palette: running,
    places: [onItem(/^step\..*\blogged\b/, 'inline@1'), onItem(/^step\..*\blogged\b/, '2_log@1')],
  },
  'modelthat.steps.openRun': {
    title: 'Open Run of Step',
    icon: '$(graph-line)',
    palette: never,
    places: [onItem(/^step\..*\btracked\b/, '1_open@1')],
  },
  'modelthat.steps.approve': {
    title: 'Approve…',
    icon: '$(check)',
    runsPrograms: true,
    palette: running,
    places: [onItem(/^step\..*\bwaiting\b/, 'inline@3')],
  },
  'modelthat.steps.reject': {
    title: 'Reject…',
    icon: '$(close)',
    palette: running,
    places: [onItem(/^step\..*\bwaiting\b/, 'inline@4')],
  },
  'modelthat.executions.followLog': {
    title: 'Follow Log in Terminal',
    icon: '$(terminal)',
    palette: running,
    places: [onItem(/^(pipeline|execution)\b/, '2_log@1')],
  },
  'modelthat.executions.resume': {
    title: 'Resume Execution',
    icon: '$(debug-continue)',
    runsPrograms: true,
    palette: running,
    places: [
      onItem(/^(pipeline|execution)\.resumable$/, 'inline@2'),
      onItem(/^(pipeline|execution)\.resumable$/, '1_run@3'),
    ],
  },
  'modelthat.executions.stop': {
    title: 'Stop Execution',
    icon: '$(debug-stop)',
    palette: running,
    places: [
      onItem(/^(pipeline|execution)\.active$/, 'inline@2'),
      onItem(/^(pipeline|execution)\.active\b/, '6_end@1'),
    ],
  },
  'modelthat.executions.forceStop': {
    title: 'Force Stop Execution',
    icon: '$(stop-circle)',
    palette: running,
    places: [
      onItem(/^(pipeline|execution)\.active\.cancelling$/, 'inline@2'),
      onItem(/^(pipeline|execution)\.active\b/, '6_end@2'),
    ],
  },

  'modelthat.reproductions.start': {
    title: 'Reproduce',
    icon: '$(history)',
    runsPrograms: true,
    palette: running,
    places: [
      onItem(/^run\.(finished|failed)\b/, '1_open@5'),
      onItem(/^execution(?!\.active)/, '1_run@4'),
      onItem(/^version\b.*\btracked\b/, '2_open@2'),
    ],
  },

  'modelthat.models.open': {
    title: 'Open Model',
    icon: '$(package)',
    palette: running,
    places: [onItem(/^model\b/, 'inline@1'), onItem(/^(model|stage|version)\b/, '2_open@1')],
  },
  'modelthat.models.export': {
    title: 'Export Model with Its Runs…',
    palette: running,
    places: [onItem(/^model\b/, '5_copy@2')],
  },
  'modelthat.archives.import': { title: 'Import Archive…', palette: folderOpen },
  'modelthat.models.approve': {
    title: 'Approve Version…',
    icon: '$(check)',
    palette: running,
    places: [onItem(/^version\..*\bpending\b/, 'inline@1'), onItem(/^version\..*\bpending\b/, '1_stage@1')],
  },
  'modelthat.models.reject': {
    title: 'Reject Version…',
    icon: '$(close)',
    palette: running,
    places: [onItem(/^version\..*\bpending\b/, '1_stage@2')],
  },
  'modelthat.models.promote': {
    title: 'Promote Version…',
    icon: '$(arrow-up)',
    palette: running,
    places: [
      onItem(/^version\b/, 'inline@2'),
      onItem(/^version\b/, '1_stage@3'),
      {
        menu: 'editor/title',
        when: all(context('modelthat.registersModel', true), running),
        group: 'navigation@2',
      },
    ],
  },
  'modelthat.models.rollBack': {
    title: 'Roll Back Production…',
    icon: '$(discard)',
    palette: running,
    places: [onItem(/^(model\.used|stage\.production\.used|version\.production\b.*)$/, '1_stage@4')],
  },
  'modelthat.models.compare': {
    title: 'Compare with Production',
    icon: '$(git-compare)',
    palette: running,
    places: [onItem(/^version\.(?!production)/, '2_open@2')],
  },
  'modelthat.models.evaluate': {
    title: 'Evaluate Version…',
    icon: '$(beaker)',
    runsPrograms: true,
    palette: running,
    places: [onItem(/^version\b/, '2_open@5')],
  },
  'modelthat.models.showCard': {
    title: 'Show Model Card',
    icon: '$(note)',
    palette: running,
    places: [onItem(/^version\b/, '2_open@6')],
  },
  'modelthat.models.openRun': {
    title: 'Open Run of Version',
    icon: '$(graph-line)',
    palette: never,
    places: [onItem(/^version\..*\btracked\b/, '2_open@3')],
  },
  'modelthat.models.showLineage': {
    title: 'Show Lineage of Version',
    icon: '$(references)',
    palette: running,
    places: [onItem(/^version\b/, '2_open@4')],
  },
  'modelthat.runs.showLineage': {
    title: 'Show Lineage of Run',
    icon: '$(references)',
    palette: running,
    places: [onItem(/^run\b/, '1_open@6')],
  },
  'modelthat.files.showLineage': {
    title: 'Show Lineage of File',
    icon: '$(references)',
    palette: running,
    places: [{ menu: 'explorer/context', when: running, group: '4_search@9' }],
  },
  'modelthat.models.register': {
    title: 'Register Model of Run…',
    palette: running,
    places: [onItem(/^run\.(?!running)/, '2_model@1')],
  },
  'modelthat.models.copyUri': {
    title: 'Copy Model URI',
    palette: never,
    places: [onItem(/^(stage\..*\bused|version)\b/, '5_copy@1')],
  },
  'modelthat.models.copyLink': {
    title: 'Copy Link to Model Page',
    palette: never,
    places: [onItem(/^(model|version)\b/, '5_copy@2')],
  },
} as const satisfies Record<`modelthat.${string}.${string}`, CommandDeclaration>;

export type CommandId = keyof typeof COMMANDS;
