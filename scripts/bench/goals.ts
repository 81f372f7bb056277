/** What modelthat is to achieve, judged by the figures of one measurement. */
import { type ContestantName, measuredValue, type Results } from './results.ts';

/** A goal and what became of it. */
export interface Verdict {
  readonly what: string;
  /** `≥ 0.7`, `< 30 ms` … */
  readonly wanted: string;
  /** Undefined when the measurement did not have what it is judged by. */
  readonly measured: number | undefined;
  readonly met: boolean | undefined;
}

type Value = (scenario: string, figure: string, contestant?: ContestantName) => number | undefined;

interface Goal {
  readonly what: string;
  readonly compare: 'at least' | 'below';
  readonly bound: number;
  readonly unit?: string;
  readonly measure: (value: Value) => number | undefined;
}

const ratio = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a / b;

const difference = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a - b;

const goals: readonly Goal[] = [
  {
    what: 'batches of 1,000 metrics, of what better-sqlite3 alone does',
    compare: 'at least',
    bound: 0.7,
    measure: value => ratio(value('batches', 'metrics'), value('batches', 'metrics', 'better-sqlite3')),
  },
  {
    what: 'batches of 1,000 metrics, times the MLflow server',
    compare: 'at least',
    bound: 25,
    measure: value => ratio(value('batches', 'metrics'), value('batches', 'metrics', 'MLflow')),
  },
  {
    what: 'single log-metric call, times as quick as the MLflow server',
    compare: 'at least',
    bound: 10,
    measure: value =>
      ratio(value('log-metric', '1 client, p50', 'MLflow'), value('log-metric', '1 client, p50')),
  },
  {
    what: 'search over 100,000 runs, times as quick as the MLflow server',
    compare: 'at least',
    bound: 50,
    measure: value =>
      ratio(value('search', '100,000 runs, page 1', 'MLflow'), value('search', '100,000 runs, page 1')),
  },
  {
    what: 'search over 100,000 runs, times that over 1,000',
    compare: 'below',
    bound: 1.5,
    measure: value => ratio(value('search', '100,000 runs, page 1'), value('search', '1,000 runs, page 1')),
  },
  {
    what: 'chart of 10,000,000 points, times that of 10,000',
    compare: 'below',
    bound: 2,
    measure: value =>
      ratio(value('history', '10,000,000 points in buckets'), value('history', '10,000 points in buckets')),
  },
  {
    what: '/health while 8 clients log batches, p99',
    compare: 'below',
    bound: 30,
    unit: 'ms',
    measure: value => value('batches', '/health meanwhile, p99'),
  },
  {
    what: 'size on disk of a metric point',
    compare: 'below',
    bound: 20,
    unit: 'bytes',
    measure: value => value('history', 'size of a point'),
  },
  {
    what: 'start to listening, times `node -e 0`',
    compare: 'below',
    bound: 5,
    measure: value =>
      ratio(value('start', 'to first answer'), value('start', 'to first answer', 'node -e 0')),
  },
  {
    what: 'start to first write, times `node -e 0`',
    compare: 'below',
    bound: 8,
    measure: value => ratio(value('start', 'to first write'), value('start', 'to first answer', 'node -e 0')),
  },
  {
    what: 'memory of an idle daemon',
    compare: 'below',
    bound: 120,
    unit: 'MB',
    measure: value => value('memory', 'idle'),
  },
  {
    what: 'log-metric while a reader scans 10,000,000 points, p99, times that without',
    compare: 'below',
    bound: 3,
    measure: value =>
      ratio(
        value('scan', '10,000,000 points read meanwhile, p99'),
        value('scan', '10,000,000 points at rest, p99'),
      ),
  },
  {
    what: '100 runs of 22,000 metrics, the columns asked for',
    compare: 'below',
    bound: 2,
    unit: 's',
    measure: value => value('wide', '100 × 22,000 metrics, 3 columns'),
  },
  {
    what: 'deciding that nothing is to do for 1,000 stages, times as quick as dvc repro',
    compare: 'at least',
    bound: 20,
    measure: value => ratio(value('up-to-date', '1,000 stages', 'DVC'), value('up-to-date', '1,000 stages')),
  },
  {
    what: 'a step, over starting its process by hand',
    compare: 'below',
    bound: 15,
    unit: 'ms',
    measure: value =>
      difference(value('step-overhead', 'a step'), value('step-overhead', 'a step', 'bare process')),
  },
  {
    what: 'activation of the extension',
    compare: 'below',
    bound: 50,
    unit: 'ms',
    measure: value => value('activation', 'activation of the extension'),
  },
];

/** Judges a measurement. */
export function judge({ figures }: Results): Verdict[] {
  const value: Value = (scenario, name, contestant = 'modelthat') =>
    measuredValue(
      figures.find(figure => figure.scenario === scenario && figure.name === name),
      contestant,
    );
  return goals.map(({ what, compare, bound, unit = '×', measure }) => {
    const measured = measure(value);
    const met =
      measured === undefined ? undefined : compare === 'below' ? measured < bound : measured >= bound;
    return { what, wanted: `${compare === 'below' ? '<' : '≥'} ${bound} ${unit}`, measured, met };
  });
}
