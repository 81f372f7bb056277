/** A client that knows what was acknowledged, and finds out later whether it is there. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { TestDaemon } from '../support/daemon.ts';
import { type Answer, type MlflowWire, proxyPath } from '../support/mlflow.ts';

const KEYS = ['loss', 'accuracy'];
const LARGEST_FILE_BYTES = 256 * 1024;

/** A write by its number, and when its answer came, in milliseconds since the epoch. */
interface Acknowledged {
  readonly number: number;
  readonly at: number;
}

/** Logs batches of metrics and a param, and files, to a run of its own. */
export class Writer {
  readonly #wire: MlflowWire;
  readonly #random: () => number;
  readonly #run: { runId: string; artifacts: string };
  readonly #begunAt = now();
  readonly #batches: Acknowledged[] = [];
  readonly #files: Acknowledged[] = [];

  private constructor(wire: MlflowWire, random: () => number, run: { runId: string; artifacts: string }) {
    this.#wire = wire;
    this.#random = random;
    this.#run = run;
  }

  /** Makes the run. */
  static async begin(wire: MlflowWire, random: () => number): Promise<Writer> {
    return new Writer(wire, random, await wire.startRun());
  }

  get acknowledged(): number {
    return this.#batches.length + this.#files.length;
  }

  /** Writes until the daemon is gone. @throws Error when it refuses something before that */
  async writeUntilItEnds(): Promise<void> {
    for (let number = 0; ; number += 1) {
      const answer = await this.#writeOne(number);
      if (!answer) return;
      if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${answer.body}`);
    }
  }

  /** Writes so often, whatever is refused, or until the daemon is gone. */
  async write(count: number): Promise<void> {
    for (let number = 0; number < count; number += 1) if (!(await this.#writeOne(number))) return;
  }

  /** @returns the answer; undefined when the daemon is gone */
  async #writeOne(number: number): Promise<Answer | undefined> {
    const isFile = this.#random() < 0.2;
    const answer = await (isFile ? this.#upload(number) : this.#log(number)).catch(() => undefined);
    if (answer?.status === 200) (isFile ? this.#files : this.#batches).push({ number, at: now() });
    return answer;
  }

  #log(number: number) {
    return this.#wire.call('POST', 'runs/log-batch', {
      run_id: this.#run.runId,
      metrics: KEYS.map(key => ({ key, value: number, step: number, timestamp: 1 })),
      params: [{ key: `p${number}`, value: String(number) }],
    });
  }

  #upload(number: number) {
    const name = `${this.#run.artifacts}/${number}.bin`;
    return this.#wire.send('PUT', proxyPath(name), contentOf(name));
  }

  /**
   * Compares what a daemon has with what was acknowledged.
   *
   * @param until only what was acknowledged by then has to be there
   */
  async compare(wire: MlflowWire, until = Number.POSITIVE_INFINITY): Promise<{ lost: number; torn: number }> {
    const { runId, artifacts } = this.#run;
    if ((await wire.get('runs/get', { run_id: runId })).status === 404)
      return { lost: this.#begunAt > until ? 0 : 1, torn: 0 };
    const due = (writes: readonly Acknowledged[]) =>
      writes.filter(({ at }) => at <= until).map(({ number }) => number);
    const [params, ...keys] = await Promise.all([
      paramsOf(wire, runId),
      ...KEYS.map(key => stepsOf(wire, runId, key)),
    ]);
    const lost = due(this.#batches).filter(number => ![params, ...keys].every(kept => kept.has(number)));
    const halves = [...params].filter(number => !keys.every(kept => kept.has(number)));
    const { files = [] } = await wire.read<{ files?: { path: string }[] }>('artifacts/list', {
      run_id: runId,
    });
    const names = new Set(files.map(file => file.path));
    const lostFiles = due(this.#files).filter(number => !names.has(`${number}.bin`));
    let torn = keys.some(kept => kept.size !== params.size) ? 1 : 0;
    for (const name of names) {
      const whole = `${artifacts}/${name}`;
      const { body } = await wire.send('GET', proxyPath(whole));
      if (!body.equals(contentOf(whole))) torn += 1;
    }
    return { lost: lost.length + lostFiles.length, torn: torn + halves.length };
  }
}

async function paramsOf(wire: MlflowWire, runId: string): Promise<Set<number>> {
  const { run } = await wire.read<{ run: { data: { params?: { value: string }[] } } }>('runs/get', {
    run_id: runId,
  });
  return new Set((run.data.params ?? []).map(param => Number(param.value)));
}

async function stepsOf(wire: MlflowWire, runId: string, key: string): Promise<Set<number>> {
  const { metrics = [] } = await wire.read<{ metrics?: { step: string | number }[] }>('metrics/get-history', {
    run_id: runId,
    metric_key: key,
    max_results: 25_000,
  });
  return new Set(metrics.map(metric => Number(metric.step)));
}

/** What the file of this name holds: whoever reads it can tell whether it is whole. */
function contentOf(name: string): Buffer {
  const seed = createHash('sha256').update(name).digest();
  const size = seed.readUInt32LE(0) % LARGEST_FILE_BYTES;
  return Buffer.alloc(size, seed);
}

/** How many of the database's own checks fail: none, when it is sound. */
export function soundness(daemon: TestDaemon): number {
  const file = path.join(daemon.place.store, 'modelthat.db');
  if (!fs.existsSync(file)) throw new Error(`${file} is missing`);
  const connection = new Database(file, { readonly: true });
  try {
    const sound = connection.pragma('integrity_check', { simple: true }) === 'ok';
    const whole = (connection.pragma('foreign_key_check') as unknown[]).length === 0;
    return (sound ? 0 : 1) + (whole ? 0 : 1);
  } finally {
    connection.close();
  }
}

/** By the clock that strace reads, to the end of the millisecond: what `performance` counts on from its origin drifts from that. */
function now(): number {
  return Date.now() + 1;
}
