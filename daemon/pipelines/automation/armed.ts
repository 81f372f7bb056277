/** What waits for the events that start a pipeline. */
import type { Automation, AutomationKind } from '../../contract/automations.ts';
import type { StartedBy } from '../../contract/pipelines.ts';
import type { EventBus } from '../../events/bus.ts';
import type { RegistryService } from '../../registry/service.ts';
import { makesOf, type PipelineDefinition } from '../definition/model.ts';
import { PathIndex } from '../definition/path-index.ts';
import type { StepRuns } from '../step-runs.ts';
import { FileWatch } from './file-watch.ts';
import { ModelWatch } from './model-watch.ts';
import { describeSchedule, type Schedule } from './schedule.ts';
import { ScheduleTimer, type Settling } from './timer.ts';
import type { Trigger } from './triggers.ts';

/** A schedule, or triggers, that are waited for. */
export interface Armed extends Pick<Automation, 'next' | 'problem'> {
  /** Resolves when nothing is missed from then on. */
  readonly ready: Promise<unknown>;
  close(): void;
}

/** What waiting needs. */
export interface ArmedOptions {
  readonly definition: PipelineDefinition;
  readonly events: EventBus;
  readonly registry: RegistryService;
  readonly runs: StepRuns;
  /** Starts the pipeline. */
  start(by: StartedBy): void;
  /** Told when `problem` has changed. */
  changed(): void;
  /** Reports what should never happen. */
  defect(error: unknown): void;
}

/** A kind of automation in a person's words; undefined when the definition declares none. */
export function describe(
  { schedule, triggers = [] }: Pick<PipelineDefinition, 'schedule' | 'triggers'>,
  kind: AutomationKind,
): string | undefined {
  if (kind === 'schedule') return schedule ? describeSchedule(schedule) : undefined;
  return triggers.length > 0 ? triggers.map(describeTrigger).join('; ') : undefined;
}

function describeTrigger(trigger: Trigger): string {
  if (trigger.kind === 'files') return trigger.patterns.join(', ');
  const { model, stage } = trigger;
  return stage === null ? `new versions of ${model}` : `versions of ${model} that come to ${stage}`;
}

/**
 * Waits for the times of a schedule.
 *
 * @param settle called first: what is settled is not due again
 */
export function armSchedule(
  schedule: Schedule,
  settled: number,
  { start, settle }: { start(by: StartedBy): void; settle(settling: Settling): void },
): Armed {
  const timer = new ScheduleTimer(schedule, settled, settling => {
    settle(settling);
    if (settling.due !== null) start({ kind: 'schedule', detail: `due ${inWords(settling.due, schedule)}` });
  });
  return {
    get next() {
      return timer.next;
    },
    problem: null,
    ready: Promise.resolve(),
    close: () => timer.close(),
  };
}

/** Waits for what triggers a pipeline. */
export function armTriggers(triggers: readonly Trigger[], options: ArmedOptions): Armed {
  const made = new PathIndex<string>();
  for (const place of options.definition.steps.flatMap(makesOf)) made.add(place, place);
  let problem: string | null = null;
  const start = (detail: string) => options.start({ kind: 'trigger', detail });
  const failed = (what: string) => {
    problem = what;
    options.changed();
  };
  const watches = triggers.map(trigger =>
    trigger.kind === 'files'
      ? new FileWatch({ folder: options.definition.folder, trigger, made, changed: start, failed })
      : new ModelWatch({
          ...options,
          trigger,
          isOwn: version => isMadeBy(options, version.runId),
          appeared: start,
        }),
  );
  return {
    next: null,
    get problem() {
      return problem;
    },
    ready: Promise.all(watches.map(({ ready }) => ready)),
    close: () => {
      for (const watch of watches) void watch.close();
    },
  };
}

/** Whether an execution of the pipeline logged a run. */
async function isMadeBy({ runs, definition }: ArmedOptions, runId: string | null): Promise<boolean> {
  return runId !== null && (await runs.definitionOf(runId)) === definition.file;
}

function inWords(time: number, { timezone }: Schedule): string {
  // The Swedish way of writing dates is ISO's, in local time.
  return new Date(time).toLocaleString('sv-SE', timezone === null ? {} : { timeZone: timezone });
}
