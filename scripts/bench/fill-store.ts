/**
 * Fills a store that no daemon serves, in a thread of its own, with the daemon's own writes in large transactions: through
 * HTTP, a million runs would take longer than all else.
 */
import { randomUUID } from 'node:crypto';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { Database as Connection } from 'better-sqlite3';
import { openForWriting } from '../../daemon/database/open.ts';
import type { ImportedMetric, ImportedRun } from '../../daemon/tracking/store/import.ts';
import { Sealing } from '../../daemon/tracking/store/sealing.ts';
import { writes } from '../../daemon/tracking/store.ts';
import { BATCH, searchableRun } from './scripts.ts';

/** What there is to be. */
export interface Filling {
  readonly runs: number;
  /** Most runs are in the first of them. */
  readonly experiments: number;
  /** Of each metric of a run. */
  readonly points: number;
  /** Lengths of metrics that have a run each. */
  readonly long: readonly number[];
}

/** What there is then. */
export interface Filled {
  /** Where most of the runs are. */
  readonly experiment: string;
  /** The runs with long metrics. */
  readonly long: readonly string[];
  readonly points: number;
}

type Message = { readonly said: string } | { readonly filled: Filled };

/** Every tenth run is in one of the other experiments. */
const APART = 10;
const SAY_EVERY_MS = 10_000;
const START = 1_700_000_000_000;
const DAY_MS = 24 * 3600_000;

/** @param file of the database, which exists */
export function fillStore(
  file: string,
  filling: Filling,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Filled> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { file, filling } });
  const stop = () => void worker.terminate();
  signal.addEventListener('abort', stop);
  return new Promise<Filled>((resolve, reject) => {
    worker.on('message', (message: Message) => {
      if ('said' in message) say(message.said);
      else resolve(message.filled);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(signal.reason ?? new Error('the store was not filled')));
    if (signal.aborted) stop();
  }).finally(() => signal.removeEventListener('abort', stop));
}

if (parentPort) {
  const { file, filling } = workerData as { file: string; filling: Filling };
  const send = (message: Message) => parentPort?.postMessage(message);
  send({ filled: fill(file, filling, said => send({ said })) });
}

function fill(
  file: string,
  { runs, experiments, points, long }: Filling,
  say: (text: string) => void,
): Filled {
  const connection = openForWriting(file);
  // What a crash would lose here is made again.
  connection.pragma('synchronous = OFF');
  connection.pragma('cache_size = -1048576');
  const places = Array.from({ length: experiments }, (_, index) => {
    const input = { name: `scale ${index}`, artifactRoot: 'mlflow-artifacts:/', tags: [] };
    return writes['tracking.createExperiment'](connection, input).id;
  });
  const [experiment = '', ...others] = places;
  const placeOf = (index: number) =>
    (index % APART === 0 ? others[(index / APART) % others.length] : undefined) ?? experiment;
  inTransactions(connection, { count: runs, together: 2000, what: 'runs', say }, index =>
    writes['tracking.importRun'](connection, searchable(placeOf(index), index, points)),
  );
  const ids = long.map((length, index) => {
    const run = searchable(experiment, runs + index, 0);
    const parts = { count: Math.ceil(length / BATCH), together: 100, what: 'batches of a long metric', say };
    inTransactions(connection, parts, batch =>
      writes['tracking.importRun'](connection, {
        ...run,
        metrics: [curve('loss', BATCH, batch * BATCH, 0.5)],
      }),
    );
    return run.id;
  });
  seal(connection, say);
  // So that closing leaves all of it on the disk.
  connection.pragma('synchronous = FULL');
  connection.close();
  return { experiment, long: ids, points: 2 * runs * points + long.reduce((sum, length) => sum + length, 0) };
}

/** Goes through numbers from 0 on, in transactions. */
function inTransactions(
  connection: Connection,
  {
    count,
    together,
    what,
    say,
  }: { count: number; together: number; what: string; say: (text: string) => void },
  write: (index: number) => void,
): void {
  let said = performance.now();
  for (let start = 0; start < count; start += together) {
    const end = Math.min(count, start + together);
    connection.transaction(() => {
      for (let index = start; index < end; index += 1) write(index);
    })();
    if (performance.now() - said < SAY_EVERY_MS) continue;
    said = performance.now();
    say(`${end.toLocaleString('en')} of ${count.toLocaleString('en')} ${what}`);
  }
}

function searchable(experimentId: string, index: number, points: number): ImportedRun {
  const id = randomUUID().replaceAll('-', '');
  const name = `run ${index}`;
  const { params, metrics } = searchableRun(index);
  const startTime = START + index * 1000;
  return {
    ...{ id, experimentId, name, user: 'bench', status: 'FINISHED', lifecycle: 'active', deletedAt: null },
    ...{
      startTime,
      endTime: startTime + 500,
      artifactUri: `mlflow-artifacts:/${experimentId}/${id}/artifacts`,
    },
    params: Object.entries(params).map(([key, value]) => ({ key, value })),
    tags: [
      { key: 'mlflow.user', value: 'bench' },
      { key: 'mlflow.runName', value: name },
    ],
    metrics: points > 0 ? Object.entries(metrics).map(([key, last]) => curve(key, points, 0, last)) : [],
    ...{ datasets: [], modelInputs: [], modelOutputs: [] },
  };
}

/** @param last the value of the last of these points; the others have digits that do not compress */
function curve(key: string, length: number, firstStep: number, last: number): ImportedMetric {
  const steps = Float64Array.from({ length }, (_, place) => firstStep + place);
  const values = steps.map((_, place) => (place === length - 1 ? last : Math.random()));
  return { key, steps, timestamps: steps.map(step => START + step * 100), values };
}

/** As the daemon does in between, until there is nothing left to seal. */
function seal(connection: Connection, say: (text: string) => void): void {
  const sealing = new Sealing(connection);
  let said = performance.now();
  for (let more = true; more; ) {
    more = connection.transaction(() => {
      let left = true;
      for (let turn = 0; left && turn < 100; turn += 1) left = sealing.next(Date.now() + DAY_MS);
      return left;
    })();
    if (performance.now() - said < SAY_EVERY_MS) continue;
    said = performance.now();
    const left = connection.prepare('SELECT count(*) FROM run WHERE unsealed > 0').pluck().get();
    say(`sealing: ${Number(left).toLocaleString('en')} runs left`);
  }
}
