/** D1: kill -9 at random moments under load loses nothing that was acknowledged, and leaves nothing half done. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { BUILT_MAIN } from '../support/built.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { seeded } from '../support/damage.ts';
import { MlflowWire, proxyPath } from '../support/mlflow.ts';
import { atLeast, atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const WRITERS = 8;
const SEED = 7;
const READY_S = 2;
/** The load is cut within so long after it has begun. */
const LONGEST_LOAD_MS = 500;
const KEYS = ['loss', 'accuracy'];
const LARGEST_FILE_BYTES = 256 * 1024;

export const suddenDeath: Check = {
  id: 'D1',
  title: 'kill -9 under load loses nothing acknowledged and leaves nothing half done',
  trial: {
    counts: { full: 200, quick: 20, test: 3 },
    run: async kills => {
      const place = testPlace();
      const random = seeded(SEED);
      const busy = new Busyness();
      const total = { acknowledged: 0, lost: 0, torn: 0, unsound: 0 };
      let slowest = 0;
      try {
        for (let kill = 0; kill < kills; kill += 1) {
          const daemon = await startDaemon({ place, main: BUILT_MAIN });
          const writers = await Promise.all(
            Array.from({ length: WRITERS }, () => Writer.begin(new MlflowWire(daemon), random)),
          );
          const work = Promise.all(writers.map(writer => writer.writeUntilItEnds()));
          await pause(random() * LONGEST_LOAD_MS);
          await daemon.kill();
          await work;

          if (kill % 10 === 0) busy.sample();
          const start = performance.now();
          const next = await startDaemon({ place, main: BUILT_MAIN });
          slowest = Math.max(slowest, (performance.now() - start) / 1000);
          for (const writer of writers) {
            total.acknowledged += writer.acknowledged;
            const { lost, torn } = await writer.compare(new MlflowWire(next));
            total.lost += lost;
            total.torn += torn;
          }
          total.unsound += soundness(next);
          await next.stop();
        }
      } finally {
        place.remove();
      }
      return {
        kills: exactly(kills, kills),
        'writes acknowledged': atLeast(total.acknowledged, kills),
        'acknowledged writes lost': none(total.lost),
        'batches and files that are there in part': none(total.torn),
        'integrity and foreign key checks that failed': none(total.unsound),
        'slowest start after a kill (s)': onThisMachine(atMost(slowest, READY_S * busy.factor)),
      };
    },
  },
};

/** A client that logs batches of metrics and a param, and files, and knows what was acknowledged. */
class Writer {
  readonly #wire: MlflowWire;
  readonly #random: () => number;
  readonly #run: { runId: string; artifacts: string };
  /** Numbers of the batches and files. */
  readonly #batches: number[] = [];
  readonly #files: number[] = [];

  constructor(wire: MlflowWire, random: () => number, run: { runId: string; artifacts: string }) {
    this.#wire = wire;
    this.#random = random;
    this.#run = run;
  }

  static async begin(wire: MlflowWire, random: () => number): Promise<Writer> {
    return new Writer(wire, random, await wire.startRun());
  }

  get acknowledged(): number {
    return this.#batches.length + this.#files.length;
  }

  /** Writes until the daemon is gone. @throws Error when it refuses something before that */
  async writeUntilItEnds(): Promise<void> {
    for (let number = 0; ; number += 1) {
      const isFile = this.#random() < 0.2;
      const answer = await (isFile ? this.#upload(number) : this.#log(number)).catch(() => undefined);
      if (!answer) return;
      if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${answer.body}`);
      (isFile ? this.#files : this.#batches).push(number);
    }
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

  /** Compares what a daemon has with what was acknowledged. */
  async compare(wire: MlflowWire): Promise<{ lost: number; torn: number }> {
    const { runId, artifacts } = this.#run;
    const [params, ...keys] = await Promise.all([
      paramsOf(wire, runId),
      ...KEYS.map(key => stepsOf(wire, runId, key)),
    ]);
    const lost = this.#batches.filter(number => ![params, ...keys].every(kept => kept.has(number)));
    const halves = [...params].filter(number => !keys.every(kept => kept.has(number)));
    const { files = [] } = await wire.read<{ files?: { path: string }[] }>('artifacts/list', {
      run_id: runId,
    });
    const names = new Set(files.map(file => file.path));
    const lostFiles = this.#files.filter(number => !names.has(`${number}.bin`));
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
function soundness(daemon: TestDaemon): number {
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
