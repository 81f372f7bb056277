/** Clients that send requests one after the other, in a thread of their own so that the measuring thread stays free. */
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type Aim, type ScriptName, type Send, scripts } from './scripts.ts';

/** Where to send, and with which headers. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Load {
  readonly target: Target;
  readonly script: ScriptName;
  readonly aim?: Aim;
  readonly clients: number;
  /** When no further turn begins. Without it, every client takes all its turns. */
  readonly seconds?: number;
  /** Turns of one client. With `seconds`, all clients stop when one has taken its turns. */
  readonly turns?: number;
}

export interface LoadResult {
  readonly seconds: number;
  /** Of the requests of each name, in milliseconds, ascending. */
  readonly latencies: Readonly<Record<string, readonly number[]>>;
  /** Turns that failed, and the message of the last of them. */
  readonly failed: number;
  readonly lastFailure?: string | undefined;
}

/** A load with more failed turns than this has failed. */
const MOST_FAILURES = 200;

/** Sends the load in a thread. @throws Error when too many turns fail, or when the signal is aborted */
export function sendLoad(load: Load, signal: AbortSignal): Promise<LoadResult> {
  const { url, headers } = load.target;
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { ...load, target: { url, headers } } satisfies Load,
  });
  const stop = () => void worker.terminate();
  signal.addEventListener('abort', stop);
  return new Promise<LoadResult>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(signal.reason ?? new Error('the load ended without a result')));
    if (signal.aborted) stop();
  }).finally(() => signal.removeEventListener('abort', stop));
}

/** A request's answer. */
export interface Answer {
  readonly milliseconds: number;
  readonly bytes: number;
  /** Empty unless it was to be kept. */
  readonly body: Buffer;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: string | Buffer;
  readonly agent?: http.Agent;
  /** Whether the answer's body is wanted. */
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

/** One request. @throws Error when the answer is not 200, with its text */
export function request(target: Target, path: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', body, agent, keep = false, signal } = options;
  const start = performance.now();
  const content = typeof body === 'string' ? Buffer.from(body) : body;
  return new Promise((resolve, reject) => {
    const outgoing = http.request(`${target.url}${path}`, {
      agent,
      method,
      signal,
      headers: {
        ...target.headers,
        ...(content ? { 'content-type': 'application/json', 'content-length': content.length } : {}),
      },
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      // The server has closed the kept connection just now: that is no answer, and none of its failures.
      if (outgoing.reusedSocket && error.code === 'ECONNRESET') resolve(request(target, path, options));
      else reject(error);
    });
    outgoing.once('response', response => {
      const parts: Buffer[] = [];
      let bytes = 0;
      const failed = response.statusCode !== 200;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (keep || failed) parts.push(part);
      });
      response.once('error', reject);
      response.once('end', () => {
        const answer = Buffer.concat(parts);
        if (failed) reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.toString()}`));
        else resolve({ milliseconds: performance.now() - start, bytes, body: answer });
      });
    });
    outgoing.end(content);
  });
}

/** How long a call is tried again when its connection breaks. */
const RECONNECT_MS = 60_000;

/**
 * Sends JSON and reads JSON. When the connection breaks it is tried again for a while: the MLflow server ends workers of
 * its own that a busy machine keeps from reporting.
 *
 * @throws Error when the answer is not 200
 */
export async function call<Reply>(
  target: Target,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Reply> {
  const options: RequestOptions = {
    method,
    keep: true,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  };
  for (const deadline = Date.now() + RECONNECT_MS; ; ) {
    try {
      return JSON.parse((await request(target, path, options)).body.toString()) as Reply;
    } catch (error) {
      const broken = ['ECONNRESET', 'ECONNREFUSED'].includes(String((error as NodeJS.ErrnoException).code));
      if (!broken || signal?.aborted || Date.now() > deadline) throw error;
      await pause(200);
    }
  }
}

if (parentPort) parentPort.postMessage(await run(workerData as Load));

async function run({ target, script, aim = {}, clients, seconds, turns }: Load): Promise<LoadResult> {
  const most = turns ?? Number.POSITIVE_INFINITY;
  const latencies: Record<string, number[]> = {};
  const prepared = Array.from({ length: clients }, (_, client) => scripts[script](aim, client));
  const start = performance.now();
  const end = start + (seconds ?? Number.POSITIVE_INFINITY) * 1000;
  let over = false;
  let failed = 0;
  let lastFailure: string | undefined;
  const note = (error: Error) => {
    failed += 1;
    lastFailure = error.message;
    // A store that is only half filled is none to measure on.
    if (failed > MOST_FAILURES || seconds === undefined) throw error;
  };
  await Promise.all(
    prepared.map(async take => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const send: Send = async (name, method, path, body, read = false) => {
        const answer = await request(target, path, { method, agent, keep: read, ...(body ? { body } : {}) });
        latencies[name] ??= [];
        latencies[name].push(answer.milliseconds);
        return read ? JSON.parse(answer.body.toString()) : undefined;
      };
      for (let turn = 0; turn < most && !over && performance.now() < end; turn += 1)
        await take(send, turn).catch(note);
      if (seconds !== undefined) over = true;
      agent.destroy();
    }),
  );
  const taken = (performance.now() - start) / 1000;
  for (const values of Object.values(latencies)) values.sort((a, b) => a - b);
  return { seconds: taken, latencies, failed, lastFailure };
}
