/** L4: a store of some size stays quick, and hours of mixed work leave no memory, files or log behind. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { daemonEnvironment } from '../../daemon/client/spawn.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { latencies, memoryOf, openFilesOf, percentile, processorTimeOf } from '../support/measuring.ts';
import { MlflowWire, proxyPath } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atLeast, atMost, type Check, type Figures, none, onThisMachine } from './check.ts';

const RUNS = 10_000;
const POINTS_OF_A_RUN = 500;
const LONG_HISTORY = 100_000;
const CLIENTS = 8;
const BATCH = 1_000;
const SAMPLE_MS = 5_000;
/** The first part of the soak, in which memory may still grow. */
const WARM_UP = 0.25;
const IDLE_S = 30;

export const soak: Check = {
  id: 'L4',
  title: 'a store of 10,000 runs is quick, and mixed work leaves nothing behind',
  trial: {
    // Minutes.
    counts: { full: 30, quick: 1 },
    obstacle: () => (process.platform === 'linux' ? undefined : 'memory is read from /proc'),
    run: async minutes => {
      const place = testPlace();
      const busy = new Busyness();
      busy.sample();
      try {
        const first = await startDaemon({ place, main: BUILT_MAIN, env: daemonEnvironment() });
        const stored = await fill(new MlflowWire(first));
        await first.stop();
        const start = performance.now();
        const daemon = await startDaemon({ place, main: BUILT_MAIN, env: daemonEnvironment() });
        const started = (performance.now() - start) / 1000;
        const figures = {
          ...(await looks(daemon, stored, busy)),
          'start (s)': onThisMachine(atMost(started, 3 * busy.factor)),
          ...(await work(daemon, minutes, busy)),
          ...(await rest(daemon)),
        };
        await daemon.stop();
        return figures;
      } finally {
        place.remove();
      }
    },
  },
};

interface Stored {
  readonly experimentId: string;
  /** The run with the long history. */
  readonly runId: string;
}

/** Makes the store: runs of 500 points, and one of 100,000. */
async function fill(wire: MlflowWire): Promise<Stored> {
  const { experimentId, runId } = await wire.startRun();
  for (let step = 0; step < LONG_HISTORY; step += BATCH) await logBatch(wire, runId, step, BATCH, 'long');
  let next = 0;
  const fillSome = async () => {
    while (next < RUNS) {
      next += 1;
      await logRun(wire, experimentId, POINTS_OF_A_RUN);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, fillSome));
  return { experimentId, runId };
}

async function logRun(wire: MlflowWire, experimentId: string, points: number): Promise<string> {
  const { run } = await wire.post<{ run: { info: { run_id: string } } }>('runs/create', {
    experiment_id: experimentId,
    start_time: Date.now(),
  });
  await logBatch(wire, run.info.run_id, 0, points);
  return run.info.run_id;
}

function logBatch(wire: MlflowWire, runId: string, from: number, count: number, key?: string) {
  return wire.post('runs/log-batch', {
    run_id: runId,
    metrics: Array.from({ length: count }, (_, index) => ({
      key: key ?? `m${index % 5}`,
      value: Math.sin(from + index),
      step: from + index,
      timestamp: Date.now(),
    })),
  });
}

/** How long people wait for what they look at. */
async function looks(daemon: TestDaemon, { experimentId, runId }: Stored, busy: Busyness): Promise<Figures> {
  const wire = new MlflowWire(daemon);
  const until = performance.now() + 10_000;
  const searches = await latencies(until, () => search(wire, experimentId));
  const begin = performance.now();
  const { metrics = [] } = await wire.read<{ metrics?: unknown[] }>('metrics/get-history', {
    run_id: runId,
    metric_key: 'long',
    max_results: LONG_HISTORY,
  });
  const history = performance.now() - begin;
  return {
    'points of the long history': atLeast(metrics.length, Math.min(LONG_HISTORY, 25_000)),
    'search, p95 (ms)': onThisMachine(atMost(percentile(searches, 0.95), 300 * busy.factor)),
    'history of 100,000 points (ms)': onThisMachine(atMost(history, 500 * busy.factor)),
  };
}

function search(wire: MlflowWire, experimentId: string) {
  return wire.post('runs/search', {
    experiment_ids: [experimentId],
    filter: 'metrics.m0 > -2',
    order_by: ['metrics.m1 ASC'],
    max_results: 100,
  });
}

/** Does for some minutes what people and their jobs do. */
async function work(daemon: TestDaemon, minutes: number, busy: Busyness): Promise<Figures> {
  const wire = new MlflowWire(daemon);
  const { experimentId, runId, artifacts } = await wire.startRun();
  const begin = performance.now();
  const until = begin + minutes * 60_000;
  let calls = 0;
  let failed = 0;
  const often = async (everyMs: number, make: (turn: number) => Promise<unknown>) => {
    for (let turn = 0; performance.now() < until; turn += 1) {
      await make(turn).then(
        () => (calls += 1),
        () => (failed += 1),
      );
      await pause(everyMs);
    }
  };
  const samples: { readonly memory: number; readonly files: number; readonly log: number }[] = [];
  await Promise.all([
    often(20, turn => logBatch(wire, runId, turn * 100, 100)),
    often(100, () => logRun(wire, experimentId, 50)),
    often(200, () => search(wire, experimentId)),
    often(300, () =>
      wire.read('metrics/get-history', { run_id: runId, metric_key: 'm0', max_results: 5_000 }),
    ),
    often(500, turn => wire.upload(`${artifacts}/${turn % 50}.bin`, Buffer.alloc(100_000, turn % 250))),
    often(500, turn => wire.send('GET', proxyPath(`${artifacts}/${turn % 50}.bin`))),
    often(SAMPLE_MS, async () => {
      samples.push({ memory: memoryOf(daemon), files: openFilesOf(daemon), log: logSizeOf(daemon) });
    }),
  ]);
  const after = samples.slice(Math.floor(samples.length * WARM_UP));
  const third = Math.ceil(after.length / 3);
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const grown =
    mean(after.slice(-third).map(sample => sample.memory)) /
    mean(after.slice(0, third).map(sample => sample.memory));
  const files = after.map(sample => sample.files);
  return {
    'calls answered': atLeast(calls, minutes * 60),
    'calls that failed': none(failed),
    'memory, times that after the warm-up': onThisMachine(atMost(grown, 1.1)),
    'open files more than after the warm-up': onThisMachine(atMost(Math.max(...files) - (files[0] ?? 0), 5)),
    'log of the database (MB)': atMost(Math.max(...samples.map(sample => sample.log)), 64),
    'event loop delay, p99 (ms)': onThisMachine(atMost(await loopDelayOf(daemon), 100 * busy.factor)),
  };
}

/** What the daemon takes when nobody asks anything of it. */
async function rest(daemon: TestDaemon): Promise<Figures> {
  await pause(IDLE_S * 1000);
  const before = processorTimeOf(daemon);
  await pause(IDLE_S * 1000);
  const part = (processorTimeOf(daemon) - before) / IDLE_S;
  return {
    'idle memory (MB)': onThisMachine(atMost(memoryOf(daemon), 150)),
    'idle processor time (%)': onThisMachine(atMost(part * 100, 0.5)),
  };
}

/** Size of the database's write-ahead log, in MB. */
function logSizeOf({ place }: TestDaemon): number {
  return (
    (fs.statSync(path.join(place.store, 'modelthat.db-wal'), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20
  );
}

/** Milliseconds. */
async function loopDelayOf(daemon: TestDaemon): Promise<number> {
  const text = await (await daemon.client.fetch('/metrics')).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]) * 1000;
}
