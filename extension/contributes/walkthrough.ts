import type { CommandId } from './commands.ts';

interface WalkthroughStep {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** The first is the step's; it is ticked off when any of them is called, from wherever. */
  readonly buttons: readonly (readonly [title: string, command: CommandId])[];
  /** What its picture shows, for those who do not see it. */
  readonly picture: string;
}

/** From an empty folder to a promoted model. The picture of a step is media/walkthrough/<id>.svg. */
const STEPS: readonly WalkthroughStep[] = [
  {
    id: 'sample',
    title: 'Begin with a sample project',
    text: 'It makes data, trains a small model with MLflow and registers it: five short files, put into the folder that is open. Or go to the last step with a project of your own.',
    buttons: [['Create Sample Project', 'modelthat.samples.create']],
    picture: 'The files of the sample project beside the two steps of its pipeline.',
  },
  {
    id: 'run',
    title: 'Run the pipeline',
    text: 'The file modelthat.yaml describes its steps; run all of them, or one from the line above it. A daemon on this machine does it and keeps what comes of it in a folder .modelthat: there is no server to administer. The first time, it makes a Python environment.',
    buttons: [['Run Pipeline', 'modelthat.pipelines.run']],
    picture: 'Steps of a pipeline: two have succeeded, one is running, one is to come.',
  },
  {
    id: 'look',
    title: 'Look at a run',
    text: 'Its page has a chart for each metric, which grows while the run goes on, and its parameters, notes and artifacts.',
    buttons: [['Open Run', 'modelthat.runs.open']],
    picture: 'The page of a run with two falling curves and a list of parameters.',
  },
  {
    id: 'compare',
    title: 'Try another value, and compare',
    text: 'Run the pipeline with another value of a parameter. Then select both runs in the table and press Compare.',
    buttons: [
      ['Run with Parameters', 'modelthat.pipelines.runWithParameters'],
      ['Show Run Table', 'modelthat.runs.table'],
    ],
    picture: 'Two runs beside each other: their curves in one chart, and the values in which they differ.',
  },
  {
    id: 'promote',
    title: 'Promote the model',
    text: 'Move a version of the model to Staging, whose gate it has to pass, or to Production. The reason that you give is kept with its history.',
    buttons: [['Promote Version', 'modelthat.models.promote']],
    picture: 'A version of a model moves from Staging to Production.',
  },
  {
    id: 'connect',
    title: 'Connect your own MLflow script',
    text: 'It needs no change: run it in a terminal of this window, and its runs appear in the sidebar. Only a call of set_tracking_uri has to go. What MLflow has kept in mlruns or in a database so far can be imported.',
    buttons: [
      ['Open Tracked Terminal', 'modelthat.daemon.openTerminal'],
      ['Import MLflow Runs', 'modelthat.runs.import'],
    ],
    picture: 'A terminal and a script send what they log to a daemon on the same machine.',
  },
];

/** The walkthrough as the manifest has it. */
export const WALKTHROUGH = {
  id: 'start',
  title: 'Get Started with modelthat',
  description: 'From an empty folder to a promoted model, without leaving the editor.',
  steps: STEPS.map(({ id, title, text, buttons, picture }) => ({
    id,
    title,
    description: [text, ...buttons.map(([label, command]) => `[${label}](command:${command})`)].join('\n'),
    media: { svg: `media/walkthrough/${id}.svg`, altText: picture },
    completionEvents: buttons.map(([, command]) => `onCommand:${command}`),
  })),
};
