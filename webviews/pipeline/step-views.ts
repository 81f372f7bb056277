/** What the page says of each step: of an execution, or of what the next one would do. */
import { formatDuration, formatMetric } from '../../daemon/contract/display.ts';
import type { PipelineSnapshot, StepAction } from '../../daemon/contract/pipeline-messages.ts';
import type {
  PlannedStep,
  StepDefinition,
  StepExecution,
  StepStatus,
} from '../../daemon/contract/pipelines.ts';
import { STEP_ICON, type Tone } from '../ui/tones.ts';
import { forecast } from './forecast.ts';

/** A step as graph, table and details show it. */
export interface StepView {
  readonly name: string;
  readonly needs: readonly string[];
  readonly icon: string;
  readonly tone: Tone;
  /** Its state in a word or two. */
  readonly state: string;
  /** What else is worth knowing at a glance, in one line. */
  readonly facts: string;
  /** Why it is in this state; empty when there is nothing to say. */
  readonly why: string;
  /** Whether its commands ran in this execution, and so have a log. */
  readonly printed: boolean;
  /** How much is done, from 0 to 1; null when that is not known. */
  readonly progress: number | null;
  /** Whether the end waits for it. */
  readonly critical: boolean;
  readonly execution: StepExecution | null;
  readonly definition: StepDefinition | null;
  readonly actions: readonly StepAction[];
}

/** All that changes with the chosen execution and with time. */
export interface PipelineView {
  readonly steps: readonly StepView[];
  /** The critical path, in order. */
  readonly path: readonly string[];
  /** Milliseconds until the end, or that the next execution takes; null when that is not known. */
  readonly left: number | null;
}

/** The part of an estimate that a step can seem to have done before it has ended. */
const MOST_FORESEEN = 0.97;

const PLANNED: Record<PlannedStep['action'], readonly [icon: string, tone: Tone, state: string]> = {
  run: ['play', 'running', 'runs'],
  skip: ['debug-step-over', 'scheduled', 'skipped'],
  restore: ['history', 'finished', 'restored'],
  blocked: ['circle-slash', 'lost', 'blocked'],
};

/** The steps of a snapshot, as they stand now. */
export function pipelineView(snapshot: PipelineSnapshot, now: number): PipelineView {
  const { execution, plan } = snapshot;
  if (execution) return executionView(snapshot, execution.steps, now);
  const critical = new Set(plan?.criticalPath);
  const steps = plan
    ? plan.steps.map(step => plannedView(step, critical, snapshot))
    : snapshot.steps.map(idleView);
  return { steps, path: plan?.criticalPath ?? [], left: plan?.estimate ?? null };
}

function executionView(
  snapshot: PipelineSnapshot,
  steps: readonly StepExecution[],
  now: number,
): PipelineView {
  const { durations } = snapshot;
  const definitions = new Map(snapshot.steps.map(step => [step.name, step]));
  const needsOf = (name: string) => definitions.get(name)?.needs ?? [];
  const { path, left } = forecast(
    steps.map(step => ({ ...step, needs: needsOf(step.name) })),
    durations,
    now,
  );
  const critical = new Set(path.length > 1 ? path : []);
  return {
    path: [...critical],
    left,
    steps: steps.map(step => {
      const [icon, tone] = STEP_ICON[step.status];
      const definition = definitions.get(step.name) ?? null;
      return {
        name: step.name,
        needs: needsOf(step.name),
        icon,
        tone,
        state: step.reused ?? step.status,
        facts: stepFacts(step, now),
        why: step.message,
        printed: hasPrinted(step),
        progress: progressOf(step, durations[step.name], now),
        critical: critical.has(step.name),
        execution: step,
        definition,
        actions: stepActions(step, definition, snapshot.trusted),
      };
    }),
  };
}

function stepFacts(step: StepExecution, now: number): string {
  const { status, reused, startTime, endTime, attempt, metric, progress, message } = step;
  const talks: readonly StepStatus[] = ['failed', 'waiting', 'preparing', 'rejected', 'pending'];
  const duration = startTime === null || reused ? [] : [formatDuration((endTime ?? now) - startTime)];
  return [
    ...duration,
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(progress ? [progress.text || percent(progress.fraction)] : []),
    ...(metric ? [`${metric.key} ${formatMetric(metric.value)}`] : []),
    ...(talks.includes(status) && message ? [firstLine(message)] : []),
  ]
    .filter(Boolean)
    .join(' · ');
}

function percent(fraction: number | null): string {
  return fraction === null ? '' : `${Math.round(fraction * 100)} %`;
}

function hasPrinted({ status, startTime, reused }: StepExecution): boolean {
  return startTime !== null && reused === null && status !== 'waiting';
}

/** As its code reported; else foreseen from how long the step took before. */
function progressOf(
  { status, startTime, progress }: StepExecution,
  expected: number | undefined,
  now: number,
): number | null {
  if (status !== 'running' || startTime === null) return null;
  if (progress) return progress.fraction;
  return expected ? Math.min(MOST_FORESEEN, (now - startTime) / expected) : null;
}

function stepActions(
  step: StepExecution | null,
  definition: StepDefinition | null,
  trusted: boolean,
): StepAction[] {
  const decidable = step?.status === 'waiting' && trusted;
  const startable = definition !== null && trusted && step?.status !== 'running' && !decidable;
  return [
    ...(decidable ? (['approve', 'reject'] as const) : []),
    ...(startable ? (['runFrom', 'runOnly'] as const) : []),
    ...(startable && definition.command !== null ? (['debug'] as const) : []),
    ...(step && hasPrinted(step) ? (['openLog'] as const) : []),
    ...(step?.runId ? (['openRun'] as const) : []),
    ...(definition ? (['openDefinition'] as const) : []),
  ];
}

function plannedView(
  step: PlannedStep,
  critical: ReadonlySet<string>,
  { trusted }: PipelineSnapshot,
): StepView {
  const [icon, tone, state] = PLANNED[step.action];
  const takes = step.action === 'run' && step.estimate !== null && step.estimate > 0;
  return {
    name: step.name,
    needs: step.needs,
    icon,
    tone,
    state,
    facts: [...(takes ? [`about ${formatDuration(step.estimate ?? 0)}`] : []), firstLine(step.reason)].join(
      ' · ',
    ),
    why: step.reason,
    printed: false,
    progress: null,
    critical: critical.has(step.name) && critical.size > 1,
    execution: null,
    definition: step,
    actions: stepActions(null, step, trusted),
  };
}

function idleView(definition: StepDefinition): StepView {
  const [icon, tone] = STEP_ICON.pending;
  return {
    name: definition.name,
    needs: definition.needs,
    icon,
    tone,
    state: 'not run',
    facts: '',
    why: '',
    printed: false,
    progress: null,
    critical: false,
    execution: null,
    definition,
    actions: stepActions(null, definition, false),
  };
}

/** What changed from one snapshot to the next, to be spoken; empty when nothing did. */
export function spokenChanges(before: readonly StepView[], after: readonly StepView[]): string {
  const states = new Map(before.map(step => [step.name, step.state]));
  const changed = after.filter(({ name, state }) => states.has(name) && states.get(name) !== state);
  const [first, second, third, ...more] = changed.map(({ name, state }) => `${name} ${state}`);
  const told = [first, second, third].filter(Boolean).join(', ');
  return more.length > 0 ? `${told} and ${more.length} more` : told;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
