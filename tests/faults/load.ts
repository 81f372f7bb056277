/** L1, L2, L3, L5: under load everything acknowledged is there, nothing is doubled, and the daemon stays quick. */
import net from 'node:net';
import autocannon from 'autocannon';
import { getRun } from '../../daemon/contract/runs.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { latencies, memoryOf, percentile } from '../support/measuring.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atLeast, atMost, type Check, exactly, type Figures, none, onThisMachine } from './check.ts';

const LOG_METRIC = '/api/2.0/mlflow/runs/log-metric';
const LOG_BATCH = '/api/2.0/mlflow/runs/log-batch';
const BATCH = 1_000;
/** Metrics of a batch. */
const KEYS = 10;

export const smallWriters: Check = {
  id: 'L1',
  title: 'many small writers lose nothing and double nothing',
  trial: {
    // Seconds.
    counts: { full: 60, quick: 10, test: 1 },
    run: seconds =>
      withDaemon(async (daemon, busy) => {
        const { runId } = await new MlflowWire(daemon).startRun();
        const metric = (step: number) =>
          JSON.stringify({ run_id: runId, key: 'm', value: step, step, timestamp: 1 });
        const load = await send(daemon, { connections: 50, seconds, path: LOG_METRIC, body: metric });
        const kept = await pointsOf(daemon, runId);
        return {
          'writes acknowledged': atLeast(load.succeeded, 1),
          'answers other than a success': none(load.refused + load.failed),
          'acknowledged writes lost': none(Math.max(0, load.succeeded - kept)),
          'writes doubled': none(Math.max(0, kept - load.sent)),
          'requests/s': onThisMachine(atLeast(load.succeeded / seconds, 1_500 / busy.factor)),
          'p99 (ms)': onThisMachine(atMost(load.p99, 150 * busy.factor)),
        };
      }),
  },
};

export const bigBatches: Check = {
  id: 'L2',
  title: 'big batches do not freeze what people look at',
  trial: {
    // Seconds.
    counts: { full: 60, quick: 10 },
    run: seconds =>
      withDaemon(async (daemon, busy) => {
        const wire = new MlflowWire(daemon);
        const { runId, experimentId } = await wire.startRun();
        const sending = send(daemon, { connections: 8, seconds, path: LOG_BATCH, body: batchesOf(runId) });
        const until = performance.now() + seconds * 1_000;
        const [health, search] = await Promise.all([
          latencies(until, () => wire.send('GET', '/health')),
          latencies(until, () =>
            wire.call('POST', 'runs/search', { experiment_ids: [experimentId], order_by: ['metrics.k0'] }),
          ),
        ]);
        const load = await sending;
        const kept = (await pointsOf(daemon, runId, 'k0')) / (BATCH / KEYS);
        return {
          'batches acknowledged': atLeast(load.succeeded, 1),
          'answers that are neither a success nor a wait': none(load.failed),
          'acknowledged batches lost': none(Math.max(0, load.succeeded - kept)),
          'batches/s': onThisMachine(atLeast(load.succeeded / seconds, 30 / busy.factor)),
          '/health meanwhile, p99 (ms)': onThisMachine(atMost(percentile(health, 0.99), 50 * busy.factor)),
          'runs/search meanwhile, p99 (ms)': onThisMachine(
            atMost(percentile(search, 0.99), 300 * busy.factor),
          ),
        };
      }),
  },
};

export const fieldShapes: Check = {
  id: 'L3',
  title: 'the loads that broke other trackers',
  trial: {
    // Jobs that start at once.
    counts: { full: 50, quick: 10, test: 5 },
    run: jobs =>
      withDaemon(async daemon => {
        const wire = new MlflowWire(daemon);
        const logged = await Promise.all([
          // 64 workers with 500 metrics each; jobs that start at once; runs of 100 params and 8,000 metrics in parts.
          ...Array.from({ length: 64 }, () => logJob(wire, { params: 0, metrics: 500, batches: 1 })),
          ...Array.from({ length: jobs }, () => logJob(wire, { params: 5, metrics: 10, batches: 20 })),
          ...Array.from({ length: 20 }, () => logJob(wire, { params: 100, metrics: BATCH, batches: 8 })),
        ]);
        let missing = 0;
        for (const { runId, points, params } of logged) {
          const run = await daemon.client.call(getRun, { params: { runId } });
          const kept = Object.values(run.metrics).reduce((sum, { count }) => sum + count, 0);
          missing += kept === points && Object.keys(run.params).length === params ? 0 : 1;
        }
        return {
          'runs logged at once': exactly(logged.length, 84 + jobs),
          'calls that were refused': none(logged.reduce((sum, { refused }) => sum + refused, 0)),
          'runs that are not there whole': none(missing),
        };
      }),
  },
};

export const overload: Check = {
  id: 'L5',
  title: 'overload and slow clients are held off, and nothing acknowledged is lost',
  trial: {
    // Seconds.
    counts: { full: 30, quick: 10 },
    obstacle: () => (process.platform === 'linux' ? undefined : 'memory is read from /proc'),
    run: seconds =>
      withDaemon(async (daemon, busy) => {
        const wire = new MlflowWire(daemon);
        const { runId } = await wire.startRun();
        const idle = [...slowClients(daemon, 200), ...(await listeners(daemon, 200))];
        const sending = send(daemon, { connections: 500, seconds, path: LOG_BATCH, body: batchesOf(runId) });
        const until = performance.now() + seconds * 1_000;
        const memory: number[] = [];
        const health = await latencies(until, () => {
          memory.push(memoryOf(daemon));
          return wire.send('GET', '/health');
        });
        const load = await sending;
        const afterwards = await latencies(performance.now() + 5_000, () => wire.send('GET', '/health'));
        for (const close of idle) close();
        const kept = (await pointsOf(daemon, runId, 'k0')) / (BATCH / KEYS);
        return {
          'batches acknowledged': atLeast(load.succeeded, 1),
          'refusals without Retry-After': none(load.refused - load.retryAfter),
          'answers that are neither a success nor a wait': none(load.failed),
          'acknowledged batches lost': none(Math.max(0, load.succeeded - kept)),
          'memory (MB)': onThisMachine(atMost(Math.max(...memory), 512)),
          '/health meanwhile, slowest (ms)': onThisMachine(atMost(Math.max(...health), 1_000 * busy.factor)),
          '/health within 5 s after it, p50 (ms)': onThisMachine(
            atMost(percentile(afterwards, 0.5), 50 * busy.factor),
          ),
        };
      }),
  },
};

/** Runs with a daemon of its own; how busy the machine is otherwise is seen before. */
async function withDaemon(work: (daemon: TestDaemon, busy: Busyness) => Promise<Figures>): Promise<Figures> {
  const busy = new Busyness();
  busy.sample();
  const daemon = await startDaemon({ main: BUILT_MAIN });
  try {
    return await work(daemon, busy);
  } finally {
    await daemon.dispose();
  }
}

interface Sending {
  readonly connections: number;
  readonly seconds: number;
  readonly path: string;
  /** The n-th body. */
  readonly body: (number: number) => string;
}

interface Load {
  readonly sent: number;
  readonly succeeded: number;
  /** Answered with 429 or 503, that is with "later". */
  readonly refused: number;
  /** Of these: with a word when to come back. */
  readonly retryAfter: number;
  /** Anything else. */
  readonly failed: number;
  /** Milliseconds. */
  readonly p99: number;
}

/** Sends numbered bodies over many connections. */
async function send(daemon: TestDaemon, { connections, seconds, path, body }: Sending): Promise<Load> {
  const seen = { sent: 0, succeeded: 0, refused: 0, retryAfter: 0, failed: 0 };
  const result = await autocannon({
    url: `${daemon.url}${path}`,
    connections,
    duration: seconds,
    timeout: 60,
    method: 'POST',
    headers: { authorization: `Bearer ${daemon.secrets.tracking}`, 'content-type': 'application/json' },
    requests: [
      {
        method: 'POST',
        path,
        setupRequest: request => {
          seen.sent += 1;
          return { ...request, body: body(seen.sent) };
        },
        onResponse: (status, _body, _context, headers) => {
          if (status === 200) seen.succeeded += 1;
          else if (status === 429 || status === 503) {
            seen.refused += 1;
            seen.retryAfter += 'retry-after' in lowerCased(headers) ? 1 : 0;
          } else seen.failed += 1;
        },
      },
    ],
  });
  return { ...seen, p99: result.latency.p99 };
}

function lowerCased(headers: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

/** Batches of 1,000 metrics, each with steps of its own. */
function batchesOf(runId: string): (number: number) => string {
  return number =>
    JSON.stringify({
      run_id: runId,
      metrics: Array.from({ length: BATCH }, (_, index) => ({
        key: `k${index % KEYS}`,
        value: index,
        step: number * BATCH + index,
        timestamp: 1,
      })),
    });
}

/** How many points a metric of a run has. */
async function pointsOf(daemon: TestDaemon, runId: string, key = 'm'): Promise<number> {
  const run = await daemon.client.call(getRun, { params: { runId } });
  return run.metrics[key]?.count ?? 0;
}

interface Job {
  readonly params: number;
  readonly metrics: number;
  readonly batches: number;
}

/** Logs a run as a job does. @returns what must be there */
async function logJob(wire: MlflowWire, { params, metrics, batches }: Job) {
  const { runId } = await wire.startRun();
  let refused = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    const answer = await wire.call('POST', 'runs/log-batch', {
      run_id: runId,
      metrics: Array.from({ length: metrics }, (_, index) => ({
        key: `k${index % KEYS}`,
        value: index,
        step: batch * metrics + index,
        timestamp: 1,
      })),
    });
    refused += answer.status === 200 ? 0 : 1;
  }
  const answer = await wire.call('POST', 'runs/log-batch', {
    run_id: runId,
    params: Array.from({ length: params }, (_, index) => ({ key: `p${index}`, value: 'v' })),
  });
  refused += answer.status === 200 ? 0 : 1;
  return { runId, refused, points: metrics * batches, params };
}

/** Clients that never come to the end of their request. @returns how to end each */
function slowClients({ connection }: TestDaemon, count: number): (() => void)[] {
  return Array.from({ length: count }, () => {
    const socket = net.connect(connection.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`POST ${LOG_BATCH} HTTP/1.1\r\nHost: 127.0.0.1:${connection.port}\r\n`);
    const dripping = setInterval(() => socket.write('x: y\r\n'), 1_000);
    socket.once('close', () => clearInterval(dripping));
    return () => {
      clearInterval(dripping);
      socket.destroy();
    };
  });
}

/** Windows that listen for events and get none. @returns how to end each */
async function listeners(daemon: TestDaemon, count: number): Promise<(() => void)[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const controller = new AbortController();
      await daemon.client.fetch('/api/v1/events', { signal: controller.signal });
      return () => controller.abort();
    }),
  );
}
