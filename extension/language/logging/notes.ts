/** What stands beside calls that log: which metrics they logged, and in which words they are told. */
import { formatAge, formatChange, formatDuration, formatMetric } from '../../../daemon/contract/display.ts';
import { goalOf } from '../../../daemon/contract/goals.ts';
import type { Goal } from '../../../daemon/contract/pipelines.ts';
import type { SourceMetric, SourceResults, SourceRun, ValueOfRun } from '../../../daemon/contract/sources.ts';
import type { LoggingCall, LoggingFile } from './calls.ts';
import { matches } from './constants.ts';

/** More metrics than this stand behind a count. */
const SHOWN = 3;

/** Goals of the project's pipelines, those that matter first. */
export type Goals = Readonly<Record<string, Goal>>;

/** What a call logged last. */
export interface LoggedHere {
  readonly call: LoggingCall;
  /** Those that matter first. */
  readonly metrics: readonly SourceMetric[];
}

/** The calls of a file that logged something in its last runs, with what that was. @param text the file's */
export function loggedByCalls(
  { calls }: LoggingFile,
  text: string,
  { metrics }: SourceResults,
  goals: Goals,
): LoggedHere[] {
  const lines = linesOf(text);
  const places = new Map(metrics.map(metric => [metric, placesOf(metric, lines)]));
  const named = calls.map(call =>
    asWritten(
      call,
      metrics.filter(metric => namesIt(call, metric) || wasLoggedBy(call, places.get(metric) ?? [])),
    ),
  );
  const told = new Set(named.flat());
  // What MLflow logs by itself has no line: it is told at the first call that trains.
  const byItself = calls.find(({ kind }) => kind === 'fit') ?? calls.find(({ kind }) => kind === 'autolog');
  return calls.flatMap((call, index) => {
    const rest = call === byItself ? metrics.filter(metric => !told.has(metric)) : [];
    const all = [...(named[index] ?? []), ...rest];
    return all.length > 0 ? [{ call, metrics: inOrder(all, goals) }] : [];
  });
}

function namesIt({ keys, patterns }: LoggingCall, { key }: SourceMetric): boolean {
  return keys.includes(key) || patterns.some(pattern => matches(key, pattern));
}

/** In the order in which the call names them, then those that it does not name. */
function asWritten({ keys }: LoggingCall, metrics: readonly SourceMetric[]): SourceMetric[] {
  const rank = ({ key }: SourceMetric) => (keys.includes(key) ? keys.indexOf(key) : keys.length);
  return metrics.toSorted((a, b) => rank(a) - rank(b));
}

/** Names that only running tells are known by the lines that logged them. */
function wasLoggedBy({ open, from, to }: LoggingCall, lines: readonly Line[]): boolean {
  return open && lines.some(line => line.start <= to && line.end >= from);
}

/** A line, from 0, with the offsets of its beginning and end. */
interface Line {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function linesOf(text: string): Line[] {
  let start = 0;
  return text.split('\n').map((line, index) => {
    const found = { index, start, end: start + line.length, text: line.trim() };
    start = found.end + 1;
    return found;
  });
}

/** The lines that logged a metric, as they are now: where one has moved, the nearest that says the same. */
function placesOf({ places }: SourceMetric, lines: readonly Line[]): Line[] {
  return places.flatMap(({ line, text }) => {
    const distance = (each: Line) => Math.abs(each.index - (line - 1));
    const alike = lines.filter(each => each.text !== '' && each.text.startsWith(text));
    return alike.toSorted((a, b) => distance(a) - distance(b)).slice(0, 1);
  });
}

/** The metrics of the goals first, in their order, then as they come. */
export function inOrder(metrics: readonly SourceMetric[], goals: Goals): SourceMetric[] {
  const names = Object.keys(goals);
  const rank = ({ key }: SourceMetric) => (names.includes(key) ? names.indexOf(key) : names.length);
  return metrics.toSorted((a, b) => rank(a) - rank(b));
}

/** The best value of a metric so far; undefined when nobody says what is better. */
export function bestOf({ key, lowest, highest }: SourceMetric, goals: Goals): ValueOfRun | undefined {
  const goal = goalOf(key, goals);
  return (goal === 'minimize' ? lowest : goal === 'maximize' ? highest : undefined) ?? undefined;
}

/** The note beside a call: `0.0932 · best 0.091 · −3.1 % to the run before · +2.4 % to Production v5`. */
export function noteOf({ call, metrics }: LoggedHere, goals: Goals): string {
  const [only] = metrics;
  if (only && metrics.length === 1) return ofOne(only, goals, call.keys.length === 1);
  const shown = metrics.slice(0, SHOWN).map(({ key, last, before }) => {
    const change = before ? formatChange(last.value, before.value) : '';
    return `${oneLine(key)} ${formatMetric(last.value)}${change && ` (${change})`}`;
  });
  const more = metrics.length - shown.length;
  return [...shown, ...(more > 0 ? [`+${more} more`] : [])].join(' · ');
}

/** @param isNamed whether its name is right beside it */
function ofOne(metric: SourceMetric, goals: Goals, isNamed: boolean): string {
  const { key, last, before, production } = metric;
  const value = `${isNamed ? '' : `${oneLine(key)} `}${formatMetric(last.value)}`;
  const best = bestOf(metric, goals);
  const isBest = best?.runId === last.runId;
  const toBefore = before ? formatChange(last.value, before.value) : '';
  const toProduction =
    production && production.runId !== last.runId ? formatChange(last.value, production.value) : '';
  return [
    value,
    ...(best && before ? [isBest ? 'the best so far' : `best ${formatMetric(best.value)}`] : []),
    ...(toBefore ? [`${toBefore} to the run before`] : []),
    ...(toProduction ? [`${toProduction} to Production v${production?.version}`] : []),
  ].join(' · ');
}

/** Names of metrics are data: none makes a note longer than a line. */
function oneLine(key: string): string {
  const text = key.replace(/\s+/g, ' ');
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** What stands above the entry of a training: `last run 3 min ago · rmspe 0.093 (best 0.091)`. */
export function entryFacts({ last, metrics }: SourceResults, goals: Goals, now: number): string {
  if (!last) return 'no runs yet';
  const telling = inOrder(metrics, goals).find(metric => goalOf(metric.key, goals) !== undefined);
  return [stateOf(last, now), ...(telling ? [withBest(telling, goals)] : [])].join(' · ');
}

function stateOf({ status, startTime, endTime }: SourceRun, now: number): string {
  if (status === 'RUNNING') return `$(sync~spin) running since ${formatDuration(now - startTime)}`;
  const icon = status === 'FINISHED' ? '' : '$(error) ';
  const word = status === 'FINISHED' ? '' : ` ${status.toLowerCase()}`;
  return `${icon}last run${word} ${formatAge(endTime ?? startTime, now)}`;
}

function withBest(metric: SourceMetric, goals: Goals): string {
  const best = bestOf(metric, goals);
  const isBest = best?.runId === metric.last.runId;
  const beside =
    best && metric.before ? ` (${isBest ? 'the best' : `best ${formatMetric(best.value)}`})` : '';
  return `${oneLine(metric.key)} ${formatMetric(metric.last.value)}${beside}`;
}
