/**
 * Measures the daemon beside its peers in the same run (`npm run bench`): ratios count, absolute times do not.
 *
 * --mlflow <python>   also measure the MLflow server of this Python
 * --json <file>       also write the figures to a file
 */
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { baseline } from './bench/baseline.ts';
import { type LoadResult, percentile, request, sendLoad, type Target } from './bench/load.ts';
import { type RunningTarget, startDaemon, startMlflow } from './bench/targets.ts';
import { buildAll } from './build.ts';

const CLIENTS = 8;
const BATCH = 1000;
const KEYS = ['loss', 'accuracy', 'val_loss', 'val_accuracy'];

/** Requests per client. The MLflow server gets fewer: it is measured in requests per second all the same. */
const COUNTS = { modelthat: { single: 400, batches: 100 }, peer: { single: 25, batches: 2 } };

type Figures = Record<string, number | undefined>;

const API = '/api/2.0/mlflow';

async function createRuns(target: Target): Promise<string[]> {
  const create = async () => {
    const response = await fetch(`${target.url}${API}/runs/create`, {
      method: 'POST',
      headers: { ...target.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_id: '0', start_time: Date.now() }),
    });
    return ((await response.json()) as { run: { info: { run_id: string } } }).run.info.run_id;
  };
  return Promise.all(Array.from({ length: CLIENTS }, create));
}

function single(runId: string, step: number): string {
  return JSON.stringify({ run_id: runId, key: 'single', value: Math.random(), timestamp: Date.now(), step });
}

function batch(runId: string, place: number): string {
  const start = Date.now();
  const metrics = Array.from({ length: BATCH }, (_, index) => ({
    key: KEYS[index % KEYS.length],
    value: Math.random(),
    timestamp: start + index,
    step: place * (BATCH / KEYS.length) + Math.floor(index / KEYS.length),
  }));
  return JSON.stringify({ run_id: runId, metrics });
}

const list = <Item>(count: number, make: (index: number) => Item) =>
  Array.from({ length: count }, (_, i) => make(i));

/** Asks for `/health` over and over until the work is done. @returns latencies in milliseconds, ascending */
async function healthDuring(target: Target, work: Promise<unknown>): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const latencies: number[] = [];
  let done = false;
  work.finally(() => {
    done = true;
  });
  while (!done) {
    latencies.push(await request(agent, target, 'GET', '/health'));
    await pause(5);
  }
  agent.destroy();
  return latencies.sort((a, b) => a - b);
}

async function measureSingles(target: Target, runs: readonly string[], clients: number, count: number) {
  return sendLoad({
    target,
    path: `${API}/runs/log-metric`,
    clients: runs.slice(0, clients).map(run => list(count, step => single(run, clients * count + step))),
  });
}

const perSecond = (result: LoadResult) => result.latencies.length / result.seconds;

async function measure(target: RunningTarget, counts: { single: number; batches: number }): Promise<Figures> {
  const figures = await load(target, counts).finally(() => target.stop());
  const points = CLIENTS * counts.batches * BATCH;
  return { ...figures, 'bytes per metric point': fs.statSync(target.databaseFile).size / points };
}

async function load(target: RunningTarget, counts: { single: number; batches: number }): Promise<Figures> {
  const idle = target.memory();
  const runs = await createRuns(target);
  const one = await measureSingles(target, runs, 1, counts.single);
  const eight = await measureSingles(target, runs, CLIENTS, counts.single);
  const bodies = runs.map(run => list(counts.batches, place => batch(run, place)));
  const before = bodies.flat().slice(0, 200);
  const alone = baseline(os.tmpdir(), before);
  const sending = sendLoad({ target, path: `${API}/runs/log-batch`, clients: bodies });
  const health = await healthDuring(target, sending);
  const batches = await sending;
  const aloneAfter = baseline(os.tmpdir(), before);
  const metrics = perSecond(batches) * BATCH;
  return {
    'log-metric, 1 client: p50 ms': percentile(one.latencies, 0.5),
    'log-metric, 1 client: requests/s': perSecond(one),
    'log-metric, 8 clients: requests/s': perSecond(eight),
    'log-metric, 8 clients: p99 ms': percentile(eight.latencies, 0.99),
    'batches of 1,000, 8 clients: metrics/s': metrics,
    'batches of 1,000, 8 clients: p99 ms': percentile(batches.latencies, 0.99),
    'better-sqlite3 alone: metrics/s': (alone + aloneAfter) / 2,
    'of better-sqlite3 alone': metrics / ((alone + aloneAfter) / 2),
    '/health meanwhile: p50 ms': percentile(health, 0.5),
    '/health meanwhile: p99 ms': percentile(health, 0.99),
    'memory before any request: MB': idle,
  };
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-bench-')));
  try {
    return await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const { values: options } = parseArgs({ options: { mlflow: { type: 'string' }, json: { type: 'string' } } });
await buildAll();
const main = path.resolve(import.meta.dirname, '../dist/daemon/main.mjs');
const results: Record<string, Figures> = {
  modelthat: await inFolder(async folder => measure(await startDaemon(folder, main), COUNTS.modelthat)),
};
const python = options.mlflow;
if (python)
  results['MLflow server'] = await inFolder(async folder =>
    measure(await startMlflow(folder, python), COUNTS.peer),
  );

const names = Object.keys(results.modelthat ?? {});
console.table(
  Object.fromEntries(
    names.map(name => [
      name,
      Object.fromEntries(
        Object.entries(results).map(([target, figures]) => [
          target,
          figures[name] === undefined ? '' : Number(figures[name].toPrecision(4)),
        ]),
      ),
    ]),
  ),
);
console.log(JSON.stringify(results));
if (options.json) fs.writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
