import type { CommandId } from './commands.ts';
import { context, type When } from './when.ts';

interface WalkthroughStep {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly button: readonly [title: string, command: CommandId];
  /** What ticks it off besides the button's command, wherever that is called. */
  readonly done?: When;
  /** What its picture shows, for those who do not see it. */
  readonly picture: string;
}

/** From nothing to a promoted model. The picture of a step is media/walkthrough/<id>.svg. */
const STEPS: readonly WalkthroughStep[] = [
  {
    id: 'start',
    title: 'Start the daemon',
    text: 'It tracks runs, runs pipelines and keeps models on this machine, in a folder .modelthat that version control ignores. There is no server to administer.',
    button: ['Start Daemon', 'modelthat.daemon.start'],
    done: context('modelthat.daemon', 'running'),
    picture: 'A terminal and a script send what they log to a daemon on the same machine.',
  },
  {
    id: 'run',
    title: 'Run a pipeline',
    text: 'Describe the steps in a file modelthat.yaml, then run all of them, or one from the line above it. A script that you run in a terminal of this window is tracked too.',
    button: ['Run Pipeline', 'modelthat.pipelines.run'],
    picture: 'Steps of a pipeline: two have succeeded, one is running, one is to come.',
  },
  {
    id: 'look',
    title: 'Look at a run',
    text: 'Its page has a chart for each metric, which grows while the run goes on, and its parameters, tags and artifacts.',
    button: ['Open Run', 'modelthat.runs.open'],
    picture: 'The page of a run with two falling curves and a list of parameters.',
  },
  {
    id: 'promote',
    title: 'Promote a model',
    text: 'Move a version of a model to Staging or Production. The reason that you give is kept with its history.',
    button: ['Promote Version', 'modelthat.models.promote'],
    picture: 'A version of a model moves from Staging to Production.',
  },
];

/** The walkthrough as the manifest has it. */
export const WALKTHROUGH = {
  id: 'start',
  title: 'Get Started with modelthat',
  description: 'From nothing to a promoted model, without leaving the editor.',
  steps: STEPS.map(({ id, title, text, button: [label, command], done, picture }) => ({
    id,
    title,
    description: `${text}\n[${label}](command:${command})`,
    media: { svg: `media/walkthrough/${id}.svg`, altText: picture },
    completionEvents: [`onCommand:${command}`, ...(done ? [`onContext:${done}`] : [])],
  })),
};
