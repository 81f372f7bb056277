import * as vscode from 'vscode';
import { formatChange, formatMetric } from '../../daemon/contract/display.ts';
import { getSeries } from '../../daemon/contract/runs.ts';
import type { SourceMetric, ValueOfRun } from '../../daemon/contract/sources.ts';
import type { Double } from '../../daemon/contract/values.ts';
import type { CommandId } from '../contributes/commands.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { bestOf, type Goals, type LoggedHere } from '../language/logging/notes.ts';
import { plain } from '../trees/row.ts';
import { loggingOf } from './logging-documents.ts';
import { loggedIn } from './metric-notes.ts';
import { type Curve, smallChart } from './small-chart.ts';
import type { SourceFacts, SourceWatch } from './source-watch.ts';

/** Metrics in one hover, those with a chart among them, and points of a curve. */
const MAX_METRICS = 12;
const MAX_CHARTS = 2;
const BUCKETS = 100;
const COMMANDS: readonly CommandId[] = ['modelthat.sources.openRun', 'modelthat.sources.compare'];

/** Over a call that logs, and over the note behind it: its metrics beside each other, with small charts and ways on. */
export class MetricHovers implements vscode.HoverProvider {
  readonly #stores: Stores;
  readonly #watch: SourceWatch;

  constructor(stores: Stores, watch: SourceWatch) {
    this.#stores = stores;
    this.#watch = watch;
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const found = await loggingOf(document);
    const facts = found && this.#watch.factsOf(found.uri);
    const connection = found && this.#stores.of(found.uri);
    if (!facts || !connection) return undefined;
    const here = (await loggedIn(document, found, facts)).find(({ range }) =>
      range.with({ end: document.lineAt(range.end.line).range.end }).contains(position),
    );
    if (!here) return undefined;
    const text = await textOf(connection, found.uri.fsPath, here.logged, facts);
    const markdown = new vscode.MarkdownString(text, true);
    markdown.isTrusted = { enabledCommands: [...COMMANDS] };
    return new vscode.Hover(markdown, here.range);
  }
}

async function textOf(
  connection: StoreConnection,
  file: string,
  { metrics }: LoggedHere,
  { results, goals }: SourceFacts,
): Promise<string> {
  const shown = metrics.slice(0, MAX_METRICS);
  const charts = await Promise.all(shown.slice(0, MAX_CHARTS).map(metric => chartOf(connection, metric)));
  const link = (text: string, command: CommandId, run?: string) =>
    `[${text}](command:${command}?${encodeURIComponent(JSON.stringify([{ file, ...(run && { run }) }]))})`;
  const [first] = shown;
  const best = first && bestOf(first, goals);
  const links = [
    ...(first ? [link('$(graph-line) Open run', 'modelthat.sources.openRun', first.last.runId)] : []),
    ...(best && best.runId !== first?.last.runId
      ? [link('$(star) Open best run', 'modelthat.sources.openRun', best.runId)]
      : []),
    ...(results.runs > 1 ? [link('$(git-compare) Compare', 'modelthat.sources.compare')] : []),
  ];
  return [
    tableOf(shown, goals),
    ...(metrics.length > shown.length ? [`and ${metrics.length - shown.length} more`] : []),
    ...charts.filter(chart => chart !== undefined),
    ...(results.more ? [`Of the newest ${results.runs} runs of this file.`] : []),
    links.join(' &nbsp; '),
  ].join('\n\n');
}

/** The metrics with their values, in columns of which none is empty. */
function tableOf(metrics: readonly SourceMetric[], goals: Goals): string {
  const columns = [
    ['Metric', ({ key }) => plain(key)],
    ['Last run', ({ last }) => formatMetric(last.value)],
    ['Run before', ({ last, before }) => beside(before, last.value)],
    ['Best', metric => bestBeside(metric, goals)],
    [
      'Production',
      ({ last, production }) =>
        production ? `${beside(production, last.value)} (v${production.version})` : '',
    ],
  ] satisfies [string, (metric: SourceMetric) => string][];
  const filled = columns.filter(([, cell]) => metrics.some(metric => cell(metric) !== ''));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  // Hovers set columns without a space between them.
  const apart = (text: string, index: number) => (index === 0 ? text : `&nbsp;&nbsp;&nbsp;${text}`);
  return [
    line(filled.map(([title], index) => apart(title, index))),
    line(filled.map((_, index) => (index === 0 ? ':--' : '--:'))),
    ...metrics.map(metric => line(filled.map(([, cell], index) => apart(cell(metric), index)))),
  ].join('\n');
}

function bestBeside(metric: SourceMetric, goals: Goals): string {
  const best = bestOf(metric, goals);
  if (!best) return '';
  return best.runId === metric.last.runId ? 'this run' : beside(best, metric.last.value);
}

/** A value, and how far the last one is from it. */
function beside(other: { readonly value: Double } | null, last: Double): string {
  if (!other) return '';
  const change = formatChange(last, other.value);
  return `${formatMetric(other.value)}${change && `, ${change}`}`;
}

/** The curve of the last run over that of the run before; where it has only a value, how that went from run to run. */
async function chartOf(connection: StoreConnection, metric: SourceMetric): Promise<string | undefined> {
  const [last, before] = await Promise.all([
    curveOf(connection, metric.key, metric.last),
    metric.before ? curveOf(connection, metric.key, metric.before) : [],
  ]);
  const isDark =
    vscode.window.activeColorTheme.kind !== vscode.ColorThemeKind.Light &&
    vscode.window.activeColorTheme.kind !== vscode.ColorThemeKind.HighContrastLight;
  const [color, behind] = isDark ? ['#4daafc', '#9d9d9d'] : ['#005fb8', '#767676'];
  const hasCurve = last.length > 1;
  const curves: Curve[] = hasCurve
    ? [
        { points: last, color },
        { points: before, color: behind, isBackground: true },
      ]
    : [{ points: metric.recent.map(({ value }, index) => [index, Number(value)]), color }];
  const picture = smallChart(curves);
  if (!picture) return undefined;
  const what = hasCurve
    ? `${metric.key} by step${before.length > 1 ? '; dashed: the run before' : ''}`
    : `${metric.key} in the last ${metric.recent.length} runs`;
  return `![${plain(what)}](${picture})\n\n*${plain(what)}*`;
}

async function curveOf(
  connection: StoreConnection,
  key: string,
  { runId }: ValueOfRun,
): Promise<[number, number][]> {
  const { series } = await connection
    .call(getSeries, { params: { runId }, query: { key: [key], buckets: BUCKETS } })
    .catch(() => ({ series: [] }));
  return (series[0]?.points ?? []).map(({ step, value }) => [step, Number(value)]);
}
