import type { Automation } from '../../daemon/contract/automations.ts';
import {
  formatAge,
  formatDuration,
  formatMetric,
  formatProgress,
  formatUsage,
} from '../../daemon/contract/display.ts';
import {
  type Diagnostic,
  describeStart,
  type Execution,
  type ExecutionStatus,
  executionName,
  type Pipeline,
  type StepDefinition,
  type StepExecution,
  type StepStatus,
} from '../../daemon/contract/pipelines.ts';
import { COLOR, type Icon, plain, type Row } from './row.ts';

const STATUS_ICON: Record<StepStatus | ExecutionStatus, Icon> = {
  queued: { name: 'clock', color: COLOR.faint },
  pending: { name: 'circle-large-outline', color: COLOR.faint },
  preparing: { name: 'loading~spin', color: COLOR.active },
  running: { name: 'loading~spin', color: COLOR.active },
  waiting: { name: 'person', color: COLOR.warning },
  succeeded: { name: 'pass', color: COLOR.good },
  failed: { name: 'error', color: COLOR.bad },
  skipped: { name: 'debug-step-over', color: COLOR.faint },
  cancelling: { name: 'loading~spin', color: COLOR.warning },
  cancelled: { name: 'circle-slash', color: COLOR.faint },
  rejected: { name: 'thumbsdown', color: COLOR.bad },
};

const BLOCKED_ICON: Icon = { name: 'circle-slash', color: COLOR.warning };

const ENDED: readonly ExecutionStatus[] = ['succeeded', 'failed', 'cancelled', 'rejected'];

/** Whether an execution can still be stopped. */
export function isActive(execution: Execution): boolean {
  return !ENDED.includes(execution.status);
}

/** Whether something is left of an execution that has ended. */
export function isResumable(execution: Execution): boolean {
  return !isActive(execution) && execution.status !== 'succeeded';
}

/**
 * The line of a pipeline, with the state of its newest execution.
 *
 * @param stale how many of its steps are
 */
export function pipelineRow(
  store: string,
  pipeline: Pipeline,
  latest: Execution | undefined,
  now: number,
  stale = 0,
): Row {
  const problems = pipeline.problems.filter(problem => problem.severity === 'error').length;
  const state = problems > 0 ? counted(problems, 'problem') : latestState(latest, now, stale);
  return {
    id: `${store}/pipeline/${pipeline.file}`,
    label: pipeline.name,
    description: latest ? `#${latest.number} ${state}` : state,
    icon: pipelineIcon(problems, latest),
    kind: ['pipeline', ...activity(latest)].join('.'),
    opens: 'open',
    spoken: `Pipeline ${pipeline.name}, ${state}`,
    tooltip: [`**${plain(pipeline.name)}**`, plain(pipeline.file), plain(latest?.message ?? '')]
      .filter(Boolean)
      .join('\n\n'),
  };
}

function activity(execution: Execution | undefined): string[] {
  if (!execution) return [];
  if (!isActive(execution)) return isResumable(execution) ? ['resumable'] : [];
  return execution.status === 'cancelling' ? ['active', 'cancelling'] : ['active'];
}

function pipelineIcon(problems: number, latest: Execution | undefined): Icon {
  if (problems > 0) return { name: 'error', color: COLOR.bad };
  return latest ? STATUS_ICON[latest.status] : { name: 'run-all' };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function latestState(latest: Execution | undefined, now: number, stale: number): string {
  if (!latest) return 'never run';
  if (isActive(latest)) {
    const ended = latest.steps.filter(step => step.endTime !== null || step.status === 'skipped').length;
    return `${latest.status} · ${ended} of ${latest.steps.length} steps`;
  }
  const age = formatAge(latest.endTime ?? latest.startTime, now);
  return [latest.status, age, ...(stale > 0 ? [`${counted(stale, 'step')} stale`] : [])].join(' · ');
}

/** The line of a schedule, or of triggers. */
export function automationRow(parent: string, automation: Automation): Row {
  const { kind, description, on, next, last, problem } = automation;
  const due = next === null ? 'on' : `next ${new Date(next).toLocaleString()}`;
  const state = problem === null ? due : 'does not work';
  const facts = [description, on ? state : 'off'];
  const label = kind === 'schedule' ? 'Schedule' : 'Triggers';
  const lately = last && `Last: ${new Date(last.time).toLocaleString()}, ${last.because}`;
  return {
    id: `${parent}/automation/${kind}`,
    label,
    description: facts.join(' · '),
    icon: automationIcon(automation),
    kind: `automation.${on ? 'on' : 'off'}.${kind}`,
    opens: 'never',
    spoken: [label, ...facts].join(', '),
    tooltip: [description, state, lately, last?.message, problem]
      .filter(Boolean)
      .map(text => plain(String(text)))
      .join('\n\n'),
  };
}

function automationIcon({ kind, on, problem, last }: Automation): Icon {
  if (problem !== null || last?.message) return { name: 'warning', color: COLOR.warning };
  return { name: kind === 'schedule' ? 'clock' : 'zap', color: on ? COLOR.active : COLOR.faint };
}

/** The line of a problem in a pipeline file. */
export function diagnosticRow(parent: string, diagnostic: Diagnostic, index: number): Row {
  const { message, remedy = '', line, severity } = diagnostic;
  return {
    id: `${parent}/problem/${index}`,
    label: message,
    description: `line ${line}`,
    icon:
      severity === 'error' ? { name: 'error', color: COLOR.bad } : { name: 'warning', color: COLOR.warning },
    kind: 'diagnostic',
    opens: 'never',
    spoken: `${severity} in line ${line}: ${message}`,
    tooltip: [message, remedy].filter(Boolean).map(plain).join('\n\n'),
  };
}

/** The line that says that not all pipelines may be listed. */
export function remarkRow(store: string, remark: string): Row {
  return {
    id: `${store}/pipelines/remark`,
    label: remark,
    description: '',
    icon: { name: 'info' },
    kind: 'remark',
    opens: 'never',
    spoken: remark,
    tooltip: plain(remark),
  };
}

/**
 * The line of a step: its part in an execution, or only its definition when it has not run.
 *
 * @param definition.blocked why it cannot run any more, if it cannot
 * @param definition.stale why it would run again, if it would
 * @param definition.opens whether what it came to in earlier executions is below it
 */
export function stepRow(
  parent: string,
  definition: Pick<StepDefinition, 'name'> & {
    readonly blocked?: string | undefined;
    readonly stale?: string | undefined;
    readonly opens?: Row['opens'];
  },
  execution: StepExecution | undefined,
  now: number,
): Row {
  const { name, blocked, stale, opens = 'never' } = definition;
  const isStale = stale !== undefined && execution?.status === 'succeeded';
  const facts = [
    ...(blocked === undefined ? [] : [`blocked: ${blocked}`]),
    ...(execution ? stepFacts(execution, now) : []),
    ...(isStale ? [`stale: ${stale}`] : []),
  ];
  const icon = blocked === undefined ? STATUS_ICON[execution?.status ?? 'pending'] : BLOCKED_ICON;
  return {
    id: `${parent}/step/${name}`,
    label: name,
    description: facts.join(' · '),
    icon: isStale ? { ...icon, color: COLOR.warning } : icon,
    kind: stepKind(execution),
    opens,
    spoken: [`Step ${name}`, execution?.status ?? 'not run', ...facts].join(', '),
    tooltip: [stepTooltip(name, execution), isStale ? `Stale: ${plain(stale)}` : '']
      .filter(Boolean)
      .join('\n\n'),
  };
}

/** The line of what a step came to in one of the executions below it. */
export function stepResultRow(parent: string, execution: Execution, step: StepExecution, now: number): Row {
  const facts = [
    step.status,
    ...stepFacts(step, now),
    ...(step.endTime === null ? [] : [formatAge(step.endTime, now)]),
    ...overridesOf(execution),
  ];
  return {
    id: `${parent}/in/${execution.id}`,
    label: executionName(execution),
    description: facts.join(' · '),
    icon: STATUS_ICON[step.status],
    kind: stepKind(step),
    opens: 'never',
    spoken: [`In ${executionName(execution)}`, ...facts].join(', '),
    tooltip: stepTooltip(step.name, step),
  };
}

function overridesOf({ set }: Execution): string[] {
  return Object.entries(set).map(([name, value]) => `${name}=${value}`);
}

function stepKind(execution: StepExecution | undefined): string {
  if (!execution) return 'step.idle';
  const logged = execution.startTime !== null && execution.status !== 'waiting';
  return [
    'step',
    execution.status,
    ...(logged ? ['logged'] : []),
    ...(execution.runId ? ['tracked'] : []),
  ].join('.');
}

function stepFacts(execution: StepExecution, now: number): string[] {
  const { status, reused, startTime, endTime, attempt, progress, metric, message } = execution;
  const noteworthy =
    status === 'failed' || status === 'waiting' || status === 'preparing' || status === 'rejected';
  const duration = startTime === null ? [] : [formatDuration((endTime ?? now) - startTime)];
  return [
    ...(reused ? [reused] : duration),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(progress ? [formatProgress(progress)] : []),
    ...(metric ? [`${metric.key} ${formatMetric(metric.value)}`] : []),
    ...(noteworthy && message ? [message.split('\n', 1)[0] ?? ''] : []),
  ];
}

function stepTooltip(name: string, execution: StepExecution | undefined): string {
  if (!execution) return `**${plain(name)}** · not run`;
  const gates = execution.gates.map(
    gate =>
      `- $(${gate.passed ? 'pass' : 'error'}) ${plain(gate.gate)}${gate.observed === null ? '' : ` (${formatMetric(gate.observed)})`}`,
  );
  const usage = execution.usage ? formatUsage(execution.usage) : '';
  return [`**${plain(name)}** · ${execution.status}`, plain(execution.message), gates.join('\n'), usage]
    .filter(Boolean)
    .join('\n\n');
}

/** The line of an execution in a pipeline's history. */
export function executionRow(store: string, execution: Execution, now: number): Row {
  const { startedBy } = execution;
  const facts = [
    execution.status,
    formatDuration((execution.endTime ?? now) - execution.startTime),
    formatAge(execution.startTime, now),
    ...(startedBy.kind === 'person' ? [] : [`by ${startedBy.kind}`]),
    ...overridesOf(execution),
  ];
  return {
    id: `${store}/execution/${execution.id}`,
    label: executionName(execution),
    description: facts.join(' · '),
    icon: STATUS_ICON[execution.status],
    kind: ['execution', ...activity(execution)].join('.'),
    opens: 'closed',
    spoken: [`Execution ${executionName(execution)}`, ...facts].join(', '),
    tooltip: [
      `Started ${new Date(execution.startTime).toLocaleString()}`,
      plain(`By ${describeStart(startedBy)}`),
      plain(execution.message),
    ]
      .filter(Boolean)
      .join('\n\n'),
  };
}
