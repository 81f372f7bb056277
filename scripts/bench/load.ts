/** Clients that send requests one after the other, in a thread of their own so that the measuring thread stays free. */
import http from 'node:http';
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** Where to send, and with which headers. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Load {
  readonly target: Target;
  readonly path: string;
  /** JSON bodies, one list per client. */
  readonly clients: readonly (readonly string[])[];
}

export interface LoadResult {
  readonly seconds: number;
  /** Of each request, in milliseconds, ascending. */
  readonly latencies: readonly number[];
}

/** Sends the load in a thread. @throws Error at the first answer that is not 200 */
export function sendLoad({ target: { url, headers }, path, clients }: Load): Promise<LoadResult> {
  const load: Load = { target: { url, headers }, path, clients };
  const worker = new Worker(new URL(import.meta.url), { workerData: load });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** One request over a kept connection. @returns its latency in milliseconds */
export function request(
  agent: http.Agent,
  target: Target,
  method: 'GET' | 'POST',
  path: string,
  body?: Buffer,
): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = http.request(`${target.url}${path}`, {
      agent,
      method,
      headers: {
        ...target.headers,
        ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}),
      },
    });
    outgoing.once('error', reject);
    outgoing.once('response', response => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - start);
        else
          reject(new Error(`${method} ${path}: ${response.statusCode} ${Buffer.concat(parts).toString()}`));
      });
    });
    outgoing.end(body);
  });
}

/** @param sorted ascending */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

if (parentPort) {
  const { target, path, clients } = workerData as Load;
  const bodies = clients.map(list => list.map(body => Buffer.from(body)));
  const latencies: number[] = [];
  const start = performance.now();
  await Promise.all(
    bodies.map(async list => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      for (const body of list) latencies.push(await request(agent, target, 'POST', path, body));
      agent.destroy();
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  parentPort.postMessage({ seconds, latencies: latencies.sort((a, b) => a - b) } satisfies LoadResult);
}
