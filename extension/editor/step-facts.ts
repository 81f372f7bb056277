import { formatAge, formatDuration, formatMetric } from '../../daemon/contract/display.ts';
import {
  type Execution,
  type Plan,
  type PlannedStep,
  RUNS_EVERY_TIME,
  type StepExecution,
} from '../../daemon/contract/pipelines.ts';

/** What is known of a pipeline's steps. */
export interface PipelineFacts {
  /** Newest first. */
  readonly executions: readonly Execution[];
  readonly plan: Plan | null;
}

/** A line of a pipeline file that defines steps: one, or all that it is expanded into. */
export interface DefinedAt {
  readonly name: string;
  /** From 0. */
  readonly line: number;
}

const ICON: Partial<Record<StepExecution['status'], string>> = {
  running: '$(sync~spin)',
  preparing: '$(sync~spin)',
  waiting: '$(person)',
  succeeded: '$(pass)',
  failed: '$(error)',
  rejected: '$(thumbsdown)',
  cancelled: '$(circle-slash)',
};
/** Of several steps, the state that is told: the one that a person has to know of most. */
const TELLING: readonly StepExecution['status'][] = [
  'failed',
  'rejected',
  'waiting',
  'running',
  'preparing',
  'cancelled',
  'succeeded',
];

/** Names of the steps that a name in the file stands for: itself, or what `foreach` and `matrix` make of it. */
export function expandedNames(name: string, all: readonly string[]): string[] {
  return all.filter(each => each === name || each.startsWith(`${name}@`));
}

/** The last result of a step, with its time and metric, and whether it is stale: what stands above it in its file. */
export function stepFacts({ name }: DefinedAt, { executions, plan }: PipelineFacts, now: number): string {
  const result = lastResult(name, executions);
  const facts = [result ? resultFacts(result, now) : 'never run', staleness(name, plan, result?.step)];
  return facts.filter(Boolean).join(' · ');
}

interface Result {
  readonly step: StepExecution;
  /** How many steps the name stands for, and how many are in the same state. */
  readonly of: number;
  readonly alike: number;
}

function lastResult(name: string, executions: readonly Execution[]): Result | undefined {
  for (const { steps } of executions) {
    const names = new Set(
      expandedNames(
        name,
        steps.map(step => step.name),
      ),
    );
    const told = steps.filter(step => names.has(step.name) && TELLING.includes(step.status));
    const [step] = [...told].sort((a, b) => TELLING.indexOf(a.status) - TELLING.indexOf(b.status));
    if (step)
      return { step, of: told.length, alike: told.filter(({ status }) => status === step.status).length };
  }
  return undefined;
}

function resultFacts({ step, of, alike }: Result, now: number): string {
  const { status, startTime, endTime, reused, metric } = step;
  const ended = startTime !== null && endTime !== null;
  return [
    `${ICON[status] ?? ''} ${of > 1 ? `${alike} of ${of} ` : ''}${reused ?? status}`,
    ...(ended && of === 1 && reused === null ? [formatDuration(endTime - startTime)] : []),
    ...(metric && of === 1 ? [`${metric.key} ${formatMetric(metric.value)}`] : []),
    ...(ended ? [formatAge(endTime, now)] : []),
  ].join(' · ');
}

/** Why the step would run again; empty when it would not, or while it runs. */
function staleness(name: string, plan: Plan | null, last: StepExecution | undefined): string {
  if (!plan || !last || last.status !== 'succeeded') return '';
  const names = new Set(
    expandedNames(
      name,
      plan.steps.map(step => step.name),
    ),
  );
  const stale = plan.steps.filter(step => names.has(step.name) && isStale(step));
  const [first] = stale;
  return first ? `$(warning) stale: ${first.reason}` : '';
}

/** Why steps of a plan would run again, by their names. */
export function staleIn({ steps }: Plan): Record<string, string> {
  return Object.fromEntries(steps.filter(isStale).map(({ name, reason }) => [name, reason]));
}

/** A step without commands, as an approval, is never stale; nor is one that runs every time. */
function isStale({ action, command, reason }: PlannedStep): boolean {
  return action === 'run' && command !== null && reason !== RUNS_EVERY_TIME;
}
