import { formatAge, formatDuration, formatMetric } from '../../daemon/contract/display.ts';
import { type Experiment, type Run, type RunStatus, silentSince } from '../../daemon/contract/runs.ts';
import { COLOR, type Icon, markdownTable, plain, type Row } from './row.ts';

const SHOWN_PARAMS = 3;
const TOOLTIP_ROWS = 12;

const STATUS_ICON: Record<RunStatus, Icon> = {
  RUNNING: { name: 'loading~spin', color: COLOR.active },
  SCHEDULED: { name: 'clock' },
  FINISHED: { name: 'pass', color: COLOR.good },
  FAILED: { name: 'error', color: COLOR.bad },
  KILLED: { name: 'circle-slash', color: COLOR.faint },
  LOST: { name: 'warning', color: COLOR.warning },
};

/** The line of an experiment. */
export function experimentRow(store: string, experiment: Experiment, now: number): Row {
  const { id, name, runCount, runningCount, lastRunAt } = experiment;
  const counts = [
    count(runCount, 'run'),
    ...(runningCount > 0 ? [`${runningCount} running`] : []),
    ...(lastRunAt === null ? [] : [formatAge(lastRunAt, now)]),
  ];
  return {
    id: `${store}/experiment/${id}`,
    label: name,
    description: counts.join(' · '),
    icon: { name: 'beaker', ...(runningCount > 0 && { color: COLOR.active }) },
    kind: 'experiment',
    opens: runCount > 0 ? 'closed' : 'never',
    spoken: `Experiment ${name}, ${counts.join(', ')}`,
  };
}

/** Names of the parameters that are not the same in all of these runs: what tells them apart. */
export function varyingParams(runs: readonly Run[]): string[] {
  const names = new Set(runs.flatMap(run => Object.keys(run.params)));
  return [...names].filter(name => new Set(runs.map(run => run.params[name])).size > 1);
}

/** What a list of runs knows that one run does not. */
export interface RunContext {
  readonly now: number;
  /** Metrics that say which run is best; they come first. */
  readonly goals: readonly string[];
  /** Parameters worth showing beside the name. */
  readonly params: readonly string[];
}

/** The line of a run: its state, its headline metric, and the parameters that set it apart. */
export function runRow(store: string, run: Run, { now, goals, params }: RunContext): Row {
  const silent = silentSince(run, now);
  const state = silent === undefined ? run.status.toLowerCase() : `silent since ${formatAge(silent, now)}`;
  const metric = headlineMetric(run, goals);
  const facts = [
    ...(metric ? [metric] : []),
    ...params
      .flatMap(name => (run.params[name] === undefined ? [] : [`${name}=${run.params[name]}`]))
      .slice(0, SHOWN_PARAMS),
    ...(silent === undefined ? [] : [state]),
  ];
  return {
    id: `${store}/run/${run.id}`,
    label: run.name,
    description: facts.length > 0 ? facts.join(' · ') : formatAge(run.startTime, now),
    icon: silent === undefined ? STATUS_ICON[run.status] : { name: 'debug-pause', color: COLOR.warning },
    kind: ['run', run.status.toLowerCase(), ...(silent === undefined ? [] : ['silent'])].join('.'),
    opens: run.childCount > 0 ? 'closed' : 'never',
    spoken: [`Run ${run.name}`, state, ...facts].join(', '),
    tooltip: runTooltip(run, state, now),
  };
}

/** `rmspe 0.0932`: the first goal that the run logged, else the metric it logged last. */
export function headlineMetric(run: Run, goals: readonly string[]): string | undefined {
  const latest = Object.entries(run.metrics)
    .filter(([key]) => !key.startsWith('system/'))
    .sort(([, a], [, b]) => b.timestamp - a.timestamp)[0]?.[0];
  const key = goals.find(goal => run.metrics[goal]) ?? latest;
  const metric = key === undefined ? undefined : run.metrics[key];
  return metric && `${key} ${formatMetric(metric.last)}`;
}

function runTooltip(run: Run, state: string, now: number): string {
  const duration = formatDuration((run.endTime ?? now) - run.startTime);
  const metrics = Object.entries(run.metrics).map(([key, { last }]) => [key, formatMetric(last)] as const);
  return [
    `**${plain(run.name)}** · ${state} · ${duration}`,
    `Started ${new Date(run.startTime).toLocaleString()} by ${plain(run.user || 'unknown')}`,
    table('Metrics', metrics),
    table('Parameters', Object.entries(run.params)),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  const more = rows.length > TOOLTIP_ROWS ? `\n\n… and ${rows.length - TOOLTIP_ROWS} more` : '';
  return `**${title}**\n\n${markdownTable(rows.slice(0, TOOLTIP_ROWS))}${more}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
