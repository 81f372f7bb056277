/** Reads what starts a pipeline without a person. */
import path from 'node:path';
import picomatch from 'picomatch';
import { CronError, nextDue, type Schedule } from '../automation/schedule.ts';
import type { Trigger } from '../automation/triggers.ts';
import { parseDuration, ValueError } from './attempts.ts';
import { isInside } from './graph.ts';
import { makesOf, type Step } from './model.ts';
import { PathIndex } from './path-index.ts';
import type { PipelineSource } from './schema.ts';
import type { Source, SourcePath } from './source.ts';

/** How long files must have been left alone before they start anything, in milliseconds. */
const QUIET_MS = 2_000;

/** What is declared of a pipeline. */
export interface Automations {
  readonly schedule: Schedule | undefined;
  readonly triggers: readonly Trigger[];
}

interface Context {
  readonly folder: string;
  readonly workspace: string;
  readonly steps: readonly Step[];
}

/** Reads `schedule` and `triggers`, and reports what is wrong with them. */
export function readAutomations(source: Source, content: PipelineSource, context: Context): Automations {
  const triggers = (content.triggers ?? []).flatMap((trigger, index) =>
    readTrigger(source, ['triggers', index], trigger, context),
  );
  return { schedule: readSchedule(source, content.schedule), triggers };
}

function readSchedule(source: Source, declared: PipelineSource['schedule']): Schedule | undefined {
  if (declared === undefined) return undefined;
  const { cron, timezone, missed } = typeof declared === 'string' ? { cron: declared } : declared;
  const schedule: Schedule = { cron, timezone: timezone ?? null, missed: missed ?? 'once' };
  const at: SourcePath = typeof declared === 'string' ? ['schedule'] : ['schedule', 'cron'];
  try {
    if (nextDue(schedule, Date.now()) === null)
      source.error(at, `“${cron}” never comes`, 'Name a time that there is.');
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    const place = error.about === 'timezone' ? ['schedule', 'timezone'] : at;
    source.error(place, error.message, error.remedy);
  }
  return schedule;
}

type TriggerSource = NonNullable<PipelineSource['triggers']>[number];

function readTrigger(source: Source, at: SourcePath, trigger: TriggerSource, context: Context): Trigger[] {
  if (typeof trigger === 'string') return readFiles(source, at, [trigger], QUIET_MS, context);
  if ('drift' in trigger) {
    source.warnAtKey([...at, 'drift'], '“drift” is not supported yet', 'Remove it: it has no effect.');
    return [];
  }
  if ('model' in trigger) return [{ kind: 'model', model: trigger.model, stage: trigger.stage ?? null }];
  return readFiles(source, [...at, 'files'], trigger.files, readQuiet(source, at, trigger.quiet), context);
}

function readQuiet(source: Source, at: SourcePath, quiet: unknown): number {
  if (quiet === undefined) return QUIET_MS;
  try {
    return parseDuration(quiet);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    source.error([...at, 'quiet'], error.message, error.remedy);
    return QUIET_MS;
  }
}

function readFiles(
  source: Source,
  at: SourcePath,
  patterns: readonly string[],
  quiet: number,
  { folder, workspace, steps }: Context,
): Trigger[] {
  const made = new PathIndex<string>();
  for (const step of steps) for (const place of makesOf(step)) made.add(place, step.name);
  for (const pattern of patterns.filter(each => !each.startsWith('!'))) {
    const base = path.resolve(folder, picomatch.scan(pattern).base);
    const [maker] = made.holding(base);
    if (base !== workspace && !isInside(base, workspace))
      source.error(
        at,
        `“${pattern}” lies outside the workspace “${workspace}”`,
        'Watch files inside the workspace.',
      );
    else if (maker !== undefined)
      source.warn(
        at,
        `“${pattern}” never starts the pipeline: step “${maker}” writes there, and what the pipeline writes does not start it`,
        'Watch the data that it reads.',
      );
  }
  return [{ kind: 'files', patterns, quiet }];
}
