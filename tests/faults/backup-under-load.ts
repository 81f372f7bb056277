/** D7: a backup while others write is quick, holds up nobody, and holds all that was acknowledged before it began. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openPlace } from '../../daemon/client/store.ts';
import { runStoreTask } from '../../daemon/client/store-task.ts';
import { getRun } from '../../daemon/contract/runs.ts';
import { newestBackup } from '../../daemon/database/backups.ts';
import { openForWriting } from '../../daemon/database/open.ts';
import { restore } from '../../daemon/housekeeping/restore.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { seeded } from '../support/damage.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const WRITERS = 8;
const BATCH = 1000;
const BACKUP_S = 5;
/** How many times slower writers may become. */
const SLOWER = 2;
/** How long writers are watched without a backup, in milliseconds. */
const CALM_MS = 3_000;
const DAMAGED = 20;
const SEED = 11;
const PAGE = 4096;

export const backupUnderLoad: Check = {
  id: 'D7',
  title: 'a backup under load is quick, complete and holds up nobody; a damaged database is never written',
  ordinary: [{ files: 'tests/daemon/housekeeping/backup.test.ts' }],
  trial: {
    counts: { full: 1_000_000, quick: 100_000 },
    run: async metrics => {
      const daemon = await startDaemon({ main: BUILT_MAIN });
      const busy = new Busyness();
      try {
        const writers = await Promise.all(Array.from({ length: WRITERS }, () => Writer.begin(daemon)));
        await Promise.all(writers.map(writer => writer.fill(metrics / WRITERS)));
        let going = true;
        const work = Promise.all(writers.map(writer => writer.writeWhile(() => going)));
        busy.sample();
        await pause(CALM_MS);
        const calm = takeP99(writers);
        const before = writers.map(({ points }) => points);
        const { backup } = await runStoreTask(daemon.client, { kind: 'backup' }, () => {});
        const loaded = takeP99(writers);
        going = false;
        await work;
        const lost = await lostAfterRestore(daemon, backup.path, writers, before);
        const damaged = openDamaged(daemon, backup.path);
        return {
          'metrics logged first': exactly(metrics, metrics),
          'backup (s)': onThisMachine(atMost(backup.milliseconds / 1000, BACKUP_S * busy.factor)),
          'p99 of writers, times that without a backup': onThisMachine(atMost(loaded / calm, SLOWER)),
          'acknowledged points that a restored store lacks': none(lost),
          ...damaged,
        };
      } finally {
        await daemon.dispose();
      }
    },
  },
};

/** Logs to a run of its own. */
class Writer {
  readonly runId: string;
  /** Acknowledged. */
  points = 0;
  /** Of single calls, in milliseconds. */
  readonly latencies: number[] = [];
  readonly #wire: MlflowWire;

  private constructor(wire: MlflowWire, runId: string) {
    this.#wire = wire;
    this.runId = runId;
  }

  static async begin(daemon: TestDaemon): Promise<Writer> {
    const wire = new MlflowWire(daemon);
    return new Writer(wire, (await wire.startRun()).runId);
  }

  async fill(count: number): Promise<void> {
    while (this.points < count) await this.#log(BATCH);
  }

  async writeWhile(going: () => boolean): Promise<void> {
    while (going()) {
      const start = performance.now();
      await this.#log(1);
      this.latencies.push(performance.now() - start);
    }
  }

  async #log(count: number): Promise<void> {
    const first = this.points;
    await this.#wire.post('runs/log-batch', {
      run_id: this.runId,
      metrics: Array.from({ length: count }, (_, index) => ({
        key: 'loss',
        value: Math.sin(first + index),
        step: first + index,
        timestamp: first + index,
      })),
    });
    this.points += count;
  }
}

/** The 99th percentile of what was measured since the last call. */
function takeP99(writers: readonly Writer[]): number {
  const all = writers.flatMap(({ latencies }) => latencies.splice(0)).sort((a, b) => a - b);
  return all[Math.floor(all.length * 0.99)] ?? Number.NaN;
}

async function lostAfterRestore(
  daemon: TestDaemon,
  backup: string,
  writers: readonly Writer[],
  before: readonly number[],
): Promise<number> {
  const store = path.join(daemon.place.workspace, 'restored');
  const work = { progress: () => {}, signal: new AbortController().signal };
  await restore({ backup, store, force: false }, work);
  const other = await startDaemon({ place: { ...daemon.place, ...openPlace(store) }, main: BUILT_MAIN });
  let lost = 0;
  for (const [index, { runId }] of writers.entries()) {
    const { metrics } = await other.client.call(getRun, { params: { runId } });
    lost += Math.max(0, (before[index] ?? 0) - (metrics.loss?.count ?? 0));
  }
  await other.stop();
  return lost;
}

/** Opens copies of the database with pages damaged, beside a good backup. */
function openDamaged(daemon: TestDaemon, backup: string) {
  const folder = path.join(daemon.place.workspace, 'damaged');
  const place = path.join(folder, 'backups', path.basename(backup));
  fs.mkdirSync(place, { recursive: true });
  fs.copyFileSync(path.join(backup, 'modelthat.db'), path.join(place, 'modelthat.db'));
  const file = path.join(folder, 'modelthat.db');
  const random = seeded(SEED);
  const seen = { refused: 0, named: 0, changed: 0 };
  for (let round = 0; round < DAMAGED; round += 1) {
    fs.copyFileSync(path.join(place, 'modelthat.db'), file);
    spoil(file, round, random);
    const before = fs.readFileSync(file);
    try {
      openForWriting(file).close();
    } catch (error) {
      seen.refused += 1;
      if ((error as Error).message.includes(path.dirname(newestBackup(file) ?? 'none'))) seen.named += 1;
    }
    if (!fs.readFileSync(file).equals(before)) seen.changed += 1;
  }
  return {
    'damaged databases that are refused': exactly(seen.refused, DAMAGED),
    'refusals that name a good backup': exactly(seen.named, DAMAGED),
    'damaged databases that were changed': none(seen.changed),
  };
}

/** By turns: a page of noise, a page of zeros, the header, and the end cut off. */
function spoil(file: string, round: number, random: () => number): void {
  const content = fs.readFileSync(file);
  const pages = content.length / PAGE;
  const at = (1 + Math.floor(random() * (pages - 1))) * PAGE;
  if (round % 4 === 0) content.fill(0xa5, at, at + PAGE);
  if (round % 4 === 1) content.fill(0, PAGE, 2 * PAGE);
  if (round % 4 === 2) content.fill(Math.floor(random() * 256), 0, 24);
  fs.writeFileSync(file, round % 4 === 3 ? content.subarray(0, Math.floor(content.length / 2)) : content);
}
