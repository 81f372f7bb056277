/**
 * What a client of a load does over and over. FastTrackML's published benchmark (k6) has set the shapes of the requests,
 * so that figures can be held against its own.
 */
import { setTimeout as pause } from 'node:timers/promises';

/** Path of MLflow's protocol, which all servers speak. */
export const API = '/api/2.0/mlflow';

/** Metrics in a full batch: the protocol's limit. */
export const BATCH = 1000;

/** What a script works on. */
export interface Aim {
  /** Runs to log to; client n takes the nth. */
  readonly runs?: readonly string[];
  readonly experiment?: string;
  /** Tells the points of one load from those of another: steps begin here. */
  readonly firstStep?: number;
  /** Requests of one client for which bodies are made before the clock starts. */
  readonly requests?: number;
  /** Metric keys of a wide run. */
  readonly keys?: number;
}

/** Sends one request and notes under `name` how long it took. @returns the parsed answer when `read` is set */
export type Send = (
  name: string,
  method: 'GET' | 'POST',
  path: string,
  body?: string | Buffer,
  read?: boolean,
) => Promise<unknown>;

/** Prepares one client; what it returns is called for each of its turns. */
export type Script = (aim: Aim, client: number) => (send: Send, turn: number) => Promise<unknown>;

/** Metric keys that a training script logs at every step. */
const KEYS = ['loss', 'accuracy', 'val_loss', 'val_accuracy'];

const list = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index));

const runOf = ({ runs }: Aim, client: number) => runs?.[client % runs.length] ?? '';

/** A metric of step `step` of one of `KEYS`. */
function metric(key: string | undefined, step: number) {
  return { key, value: Math.random(), timestamp: 1_700_000_000_000 + step, step };
}

/** A full batch of the four keys. @param place how many batches of this run came before */
export function fullBatch(run: string, place: number): string {
  const first = place * (BATCH / KEYS.length);
  const metrics = list(BATCH, index =>
    metric(KEYS[index % KEYS.length], first + Math.floor(index / KEYS.length)),
  );
  return JSON.stringify({ run_id: run, metrics });
}

export function createRunBody(experiment = '0', name?: string): string {
  return JSON.stringify({
    experiment_id: experiment,
    run_name: name,
    start_time: Date.now(),
    tags: [{ key: 'mlflow.user', value: 'bench' }],
  });
}

async function createRun(send: Send, experiment?: string): Promise<string> {
  const answer = await send('create run', 'POST', `${API}/runs/create`, createRunBody(experiment), true);
  return (answer as { run: { info: { run_id: string } } }).run.info.run_id;
}

const logBatch = (send: Send, name: string, body: object) =>
  send(name, 'POST', `${API}/runs/log-batch`, JSON.stringify(body));

/** `count` keys at four steps each, as k6 logs them. */
const k6Metrics = (count: number) =>
  list(count * 4, index => metric(`metric${1 + (index >> 2)}`, 1 + (index & 3)));
const k6Params = (count: number, name: string) =>
  list(count, index => ({ key: `${name}_${index}`, value: String(Math.random()) }));

/** Text and numbers that a search can filter by. @param index of the run, counted from 0 */
export function searchableRun(index: number) {
  return {
    params: { booster: index % 4 === 3 ? 'linear' : 'gbdt', depth: String(3 + (index % 8)) },
    // Spread evenly over 0 to 1, in no order.
    metrics: { rmspe: (index * 0.618_033_988_75) % 1, loss: (index * 0.414_213_562_37) % 1 },
  };
}

/** The scripts by name: a load runs in a thread of its own, which a function could not be sent to. */
export const scripts = {
  'log-metric': (aim, client) => (send, turn) =>
    send(
      'log-metric',
      'POST',
      `${API}/runs/log-metric`,
      JSON.stringify({ run_id: runOf(aim, client), ...metric('single', (aim.firstStep ?? 0) + turn) }),
    ),

  'full-batch': (aim, client) => {
    const first = (aim.firstStep ?? 0) / (BATCH / KEYS.length);
    const bodies = list(aim.requests ?? 1, turn => Buffer.from(fullBatch(runOf(aim, client), first + turn)));
    return (send, turn) => send('log-batch', 'POST', `${API}/runs/log-batch`, bodies[turn]);
  },

  'create-run': () => send => send('create run', 'POST', `${API}/runs/create`, createRunBody()),

  'k6-logging': aim => async send => {
    const run_id = await createRun(send, aim.experiment);
    await logBatch(send, '10 params, 40 metrics', {
      run_id,
      params: k6Params(10, 'param10'),
      metrics: k6Metrics(10),
    });
    await logBatch(send, '1,000 metrics', { run_id, metrics: k6Metrics(BATCH / 4) });
    await logBatch(send, '10 params', { run_id, params: k6Params(10, 'only10') });
    await logBatch(send, '100 params', { run_id, params: k6Params(100, 'only100') });
  },

  'k6-retrieval': aim => async send => {
    const search = { experiment_ids: [aim.experiment], max_results: 10 };
    const filter = "metrics.metric1 > 0.1 and params.param10_1 LIKE '0.%'";
    await send('search runs', 'POST', `${API}/runs/search`, JSON.stringify({ ...search, filter }));
    await send(
      'search experiments',
      'POST',
      `${API}/experiments/search`,
      JSON.stringify({ max_results: 10, filter: "name LIKE 'k6%'" }),
    );
    await send(
      'metric history',
      'GET',
      `${API}/metrics/get-history?run_id=${aim.runs?.[0]}&metric_key=metric1`,
    );
  },

  'fill-runs': (aim, client) => async (send, turn) => {
    const index = (aim.firstStep ?? 0) + client * (aim.requests ?? 0) + turn;
    const { params, metrics } = searchableRun(index);
    const run_id = await createRun(send, aim.experiment);
    await logBatch(send, 'log-batch', {
      run_id,
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
      metrics: Object.entries(metrics).map(([key, value]) => ({ ...metric(key, 0), value })),
    });
  },

  'fill-points': (aim, client) => (send, turn) => {
    const first = (aim.firstStep ?? 0) + (client * (aim.requests ?? 0) + turn) * BATCH;
    const metrics = list(BATCH, index => metric('loss', first + index));
    return logBatch(send, 'log-batch', { run_id: aim.runs?.[0], metrics });
  },

  'fill-wide-runs': aim => async send => {
    const run_id = await createRun(send, aim.experiment);
    const keys = aim.keys ?? BATCH;
    for (let first = 0; first < keys; first += BATCH) {
      const count = Math.min(BATCH, keys - first);
      const metrics = list(count, index => metric(`layer/${first + index}/gradient_norm`, 1));
      await logBatch(send, 'log-batch', { run_id, metrics });
    }
  },

  /** Reads a whole history page by page, as the Python client does, again and again. */
  'read-history': aim => async send => {
    const page = `${API}/metrics/get-history?run_id=${aim.runs?.[0]}&metric_key=loss&max_results=25000`;
    for (let token: string | undefined = ''; token !== undefined; ) {
      const next = token === '' ? page : `${page}&page_token=${encodeURIComponent(token)}`;
      const answer = (await send('page', 'GET', next, undefined, true)) as { next_page_token?: string };
      token = answer.next_page_token || undefined;
      // Lets the load end between two pages.
      await pause(0);
    }
  },
} satisfies Record<string, Script>;

export type ScriptName = keyof typeof scripts;
