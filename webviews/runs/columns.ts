/** The columns of the table: which there are, which are shown unasked, and what their cells say. */
import { formatDuration, formatMetric, formatStamp } from '../../daemon/contract/display.ts';
import type { Goal } from '../../daemon/contract/pipelines.ts';
import type { MetricColumn, RunColumn, RunColumns } from '../../daemon/contract/run-lists.ts';
import type { RunTableView, TableColumn } from '../../daemon/contract/run-table-messages.ts';
import { NOTE_TAG, type Run } from '../../daemon/contract/runs.ts';

export const NAME_COLUMN = 'attributes.run_name';
const SOURCE_TAG = 'mlflow.source.name';
/** Tags of clients that have a name of their own as columns. */
const NAMED_TAGS: Readonly<Record<string, string>> = {
  [SOURCE_TAG]: 'Source',
  'mlflow.source.git.commit': 'Code version',
  [NOTE_TAG]: 'Note',
};

/** Metrics, and params, that are shown unasked; the chooser has all. */
const UNASKED = 6;
/** Tags that clients and the daemon set themselves. */
const INTERNAL_TAG = /^(mlflow\.|modelthat\.)/;
const WIDTHS: Readonly<Record<string, number>> = { [NAME_COLUMN]: 220, 'attributes.start_time': 140 };
const WIDTH = 110;
const HEAT_LEVELS = 8;

/** A column that there is. */
export interface Column {
  readonly id: string;
  readonly title: string;
  /** Where the chooser lists it. */
  readonly group: 'Run' | 'Metrics' | 'Best of metrics' | 'Curves' | 'Parameters' | 'Tags';
  readonly sortable: boolean;
  /** Whether the filter's language has it. */
  readonly filterable: boolean;
  readonly number: boolean;
  /** Whether it is the same for all runs. */
  readonly constant: boolean;
  /** Of a metric: extremes of the runs' last values. */
  readonly metric?: MetricColumn | undefined;
}

/** A column as it is drawn. */
export interface DrawnColumn extends Column {
  readonly width: number;
  readonly pinned: boolean;
}

export type Goals = Readonly<Record<string, Goal>>;

const attribute = (id: string, title: string, filterable = true): Column => ({
  ...{ id, title, filterable, sortable: true, group: 'Run', number: false, constant: false },
});

/** What some runs have, as the daemon tells it of all. */
export function columnsOf(runs: readonly Run[]): RunColumns {
  const metrics = keysOf(runs, run => run.metrics).map(key => {
    const values = runs.map(run => run.metrics[key]?.last);
    const numbers = values.map(Number).filter(Number.isFinite);
    const [min, max] = numbers.length > 0 ? [Math.min(...numbers), Math.max(...numbers)] : [null, null];
    return { ...columnOf(key, values), min, max };
  });
  const texts = (of: 'params' | 'tags') =>
    keysOf(runs, run => run[of]).map(key =>
      columnOf(
        key,
        runs.map(run => run[of][key]),
      ),
    );
  return { runs: runs.length, metrics, params: texts('params'), tags: texts('tags') };
}

function keysOf(runs: readonly Run[], of: (run: Run) => object): string[] {
  return [...new Set(runs.flatMap(run => Object.keys(of(run))))].sort();
}

/** @param values of all runs; undefined for those without */
function columnOf(key: string, values: readonly unknown[]): RunColumn {
  const runs = values.filter(value => value !== undefined).length;
  return { key, runs, differs: new Set(values).size > 1 };
}

/** All columns that the runs have, in the order of the chooser. */
export function allColumns({ metrics, params, tags }: RunColumns): Column[] {
  const named = tags.filter(({ key }) => key in NAMED_TAGS);
  const same = { number: true, sortable: true, filterable: false } as const;
  return [
    attribute(NAME_COLUMN, 'Run'),
    attribute('attributes.status', 'Status'),
    // Its cells say the minute, which no run began at exactly.
    attribute('attributes.start_time', 'Started', false),
    attribute('attributes.duration', 'Duration', false),
    attribute('attributes.user_id', 'User'),
    attribute('attributes.data', 'Data version', false),
    ...named.map(({ key, differs }) => ({
      ...attribute(`tags.${key}`, NAMED_TAGS[key] ?? key),
      constant: !differs,
    })),
    ...metrics.map(metric => ({
      ...{ ...same, id: `metrics.${metric.key}`, title: metric.key, group: 'Metrics' as const },
      ...{ filterable: true, constant: !metric.differs, metric },
    })),
    ...metrics.map(({ key, differs }) => ({
      ...{ ...same, id: `best.${key}`, title: `best ${key}`, group: 'Best of metrics' as const },
      constant: !differs,
    })),
    ...metrics.map(({ key }) => ({
      ...{ ...same, id: `curve.${key}`, title: `${key} curve`, group: 'Curves' as const },
      ...{ number: false, sortable: false, constant: false },
    })),
    ...params.map(({ key, differs }) => ({
      ...({ id: `params.${key}`, title: key, group: 'Parameters', filterable: true } as const),
      ...{ sortable: true, number: false, constant: !differs },
    })),
    ...tags
      .filter(({ key }) => !INTERNAL_TAG.test(key))
      .map(({ key, differs }) => ({
        ...({ id: `tags.${key}`, title: key, group: 'Tags', filterable: true } as const),
        ...{ sortable: true, number: false, constant: !differs },
      })),
  ];
}

/** What is shown until a person chooses: the metrics that matter, then the parameters that tell the runs apart. */
export function unaskedColumns({ metrics, params }: RunColumns, goals: Goals): TableColumn[] {
  const judged = Object.keys(goals).filter(goal => metrics.some(({ key }) => key === goal));
  const others = metrics
    .filter(({ key }) => !key.startsWith('system/') && !judged.includes(key))
    .sort((a, b) => b.runs - a.runs)
    .map(({ key }) => key);
  const telling = params.filter(({ differs }) => differs).sort((a, b) => b.runs - a.runs);
  return [
    { id: NAME_COLUMN, pinned: true },
    { id: 'attributes.start_time' },
    { id: 'attributes.duration' },
    ...[...judged, ...others].slice(0, UNASKED).map(key => ({ id: `metrics.${key}` })),
    ...telling.slice(0, UNASKED).map(({ key }) => ({ id: `params.${key}` })),
    { id: 'attributes.user_id' },
  ];
}

/** The columns that are drawn, pinned ones first. */
export function drawnColumns(
  chosen: readonly TableColumn[],
  all: readonly Column[],
  view: RunTableView,
): DrawnColumn[] {
  const known = new Map(all.map(column => [column.id, column]));
  const drawn = chosen.flatMap(({ id, width, pinned = false }): DrawnColumn[] => {
    const column = known.get(id);
    if (!column || (view.hideConstant && column.constant)) return [];
    return [{ ...column, pinned, width: width ?? WIDTHS[id] ?? WIDTH }];
  });
  return [...drawn.filter(({ pinned }) => pinned), ...drawn.filter(({ pinned }) => !pinned)];
}

/** What a cell says. @param now milliseconds since the epoch */
export function cellText(id: string, run: Run, goals: Goals, now: number): string {
  const [entity, ...rest] = id.split('.');
  const key = rest.join('.');
  switch (entity) {
    case 'metrics':
      return run.metrics[key] ? formatMetric(run.metrics[key].last) : '';
    case 'best':
      return run.metrics[key]
        ? formatMetric(run.metrics[key][goals[key] === 'maximize' ? 'max' : 'min'])
        : '';
    case 'params':
      return run.params[key] ?? '';
    case 'tags':
      return run.tags[key] ?? '';
    default:
      return attributeText(id, run, now);
  }
}

/** What a run has in a column, as a filter compares it; null when it has nothing, or nothing that can be compared. */
export function rawValue(id: string, run: Run | null): string | null {
  if (!run) return null;
  const [entity, ...rest] = id.split('.');
  const key = rest.join('.');
  if (entity === 'metrics') {
    const last = Number(run.metrics[key]?.last);
    return Number.isFinite(last) ? String(last) : null;
  }
  if (entity === 'params') return run.params[key] ?? null;
  if (entity === 'tags') return run.tags[key] ?? null;
  const attributes: Readonly<Record<string, string>> = {
    run_name: run.name,
    status: run.status,
    user_id: run.user,
  };
  return attributes[key] ?? null;
}

function attributeText(id: string, run: Run, now: number): string {
  switch (id) {
    case NAME_COLUMN:
      return run.name;
    case 'attributes.status':
      return run.status.toLowerCase();
    case 'attributes.start_time':
      return formatStamp(run.startTime);
    case 'attributes.user_id':
      return run.user;
    case 'attributes.data':
      return run.datasets.map(({ name, digest }) => `${name} ${digest}`).join(', ');
    default:
      return formatDuration((run.endTime ?? now) - run.startTime);
  }
}

/** How far a metric's value is between the least and the greatest of all runs, in levels from 0; undefined = no colour. */
export function heatLevel(column: Column, run: Run): number | undefined {
  const { key, min, max } = column.metric ?? {};
  const value = Number(key === undefined ? undefined : run.metrics[key]?.last);
  const span = Number(max) - Number(min);
  if (min === null || !Number.isFinite(value) || !(span > 0)) return undefined;
  return Math.min(HEAT_LEVELS - 1, Math.floor(((value - Number(min)) / span) * HEAT_LEVELS));
}
