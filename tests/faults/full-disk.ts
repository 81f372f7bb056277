/** D3: on a full disk writes are refused by name, nothing acknowledged is lost, and all goes on once there is room. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cancelExecution, startExecution } from '../../daemon/contract/pipelines.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { type Answer, MlflowWire, proxyPath } from '../support/mlflow.ts';
import { ended, get, write } from '../support/pipelines.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { mountSmall, needsMount } from '../support/small-disk.ts';
import { atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const RESUMED_S = 5;
const BATCH = 500;
/** A history is answered with so many at most. */
const MOST_POINTS = 25_000;
/** What a filled disk still has room for. */
const LEFT_BYTES = 6_000_000;

export const fullDisk: Check = {
  id: 'D3',
  title: 'a full disk loses nothing acknowledged, and all goes on once there is room',
  trial: {
    counts: { full: 10, quick: 2, test: 1 },
    obstacle: needsMount,
    run: async rounds => {
      const seen: Seen = {
        filled: 0,
        unnamed: 0,
        slowest: 0,
        lost: 0,
        unread: 0,
        left: 0,
        untrue: 0,
        died: 0,
      };
      const busy = new Busyness();
      for (let round = 0; round < rounds; round += 1) await fillUp(seen, busy);
      return {
        'times that the disk was filled': exactly(seen.filled, 2 * rounds),
        'refusals without 507 and INSUFFICIENT_STORAGE': none(seen.unnamed),
        'acknowledged points lost': none(seen.lost),
        'files that are not as they were acknowledged, or not to be deleted': none(seen.unread),
        'temporary files left': none(seen.left),
        'steps with a log without end whose state was not true': none(seen.untrue),
        'daemons that died': none(seen.died),
        'longest until writing went on (s)': onThisMachine(atMost(seen.slowest, RESUMED_S * busy.factor)),
      };
    },
  },
};

interface Seen {
  filled: number;
  unnamed: number;
  slowest: number;
  lost: number;
  unread: number;
  left: number;
  untrue: number;
  died: number;
}

/** Fills a disk of its own in each of the ways: what is acknowledged stays, so that one would be full for good in the end. */
async function fillUp(seen: Seen, busy: Busyness): Promise<void> {
  const place = testPlace();
  mkdirSync(place.store, { recursive: true });
  const refused = mountSmall(place.store, '64m');
  if (refused) throw new Error(refused);
  const disk = new Disk(place.store, busy, seen);
  const daemon = await startDaemon({ place, main: BUILT_MAIN });
  const wire = new MlflowWire(daemon);
  try {
    const run = await wire.startRun();
    seen.lost += await lostPoints(wire, disk, run.runId);
    seen.unread += await wrongFiles(wire, disk, run.artifacts);
    seen.left += temporaries(place.store);
    seen.untrue += (await endlessLog(daemon, disk)) ? 0 : 1;
    const { status } = await wire.send('GET', '/health');
    seen.died += status === 200 ? 0 : 1;
  } finally {
    await daemon.stop();
    // Lazily: a step that goes on after a failure must not hide what failed.
    execFileSync('umount', ['--lazy', place.store]);
    place.remove();
  }
}

/** A small disk that can be filled but for a little, and given room again. */
class Disk {
  readonly #folder: string;
  readonly #ballast: string;
  readonly #busy: Busyness;
  readonly #seen: Seen;

  constructor(folder: string, busy: Busyness, seen: Seen) {
    this.#folder = folder;
    this.#ballast = path.join(folder, 'ballast');
    this.#busy = busy;
    this.#seen = seen;
  }

  fill(): void {
    const { bavail, bsize } = statfsSync(this.#folder);
    try {
      writeFileSync(this.#ballast, Buffer.alloc(Math.max(0, bavail * bsize - LEFT_BYTES)));
    } catch (error) {
      // A step may fill it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  empty(): void {
    rmSync(this.#ballast);
  }

  /** Writes on a filling disk until that is refused, makes room, and writes on. @returns how much was acknowledged */
  async overflow(writeOne: (number: number) => Promise<Pick<Answer, 'status' | 'body'>>): Promise<number> {
    this.fill();
    let number = 0;
    let answer = await writeOne(number);
    while (answer.status === 200) {
      number += 1;
      answer = await writeOne(number);
    }
    this.#seen.filled += 1;
    this.#seen.unnamed += answer.status === 507 && answer.body.includes('INSUFFICIENT_STORAGE') ? 0 : 1;
    this.empty();
    this.#busy.sample();
    const from = performance.now();
    while ((await writeOne(number)).status !== 200) await pause(50);
    this.#seen.slowest = Math.max(this.#seen.slowest, (performance.now() - from) / 1000);
    return number + 1;
  }
}

/** Fills the disk with metrics. @returns how many acknowledged points are not there */
async function lostPoints(wire: MlflowWire, disk: Disk, runId: string): Promise<number> {
  const batches = await disk.overflow(number =>
    wire.call('POST', 'runs/log-batch', { run_id: runId, metrics: points(number) }),
  );
  const query = { run_id: runId, metric_key: 'm', max_results: MOST_POINTS };
  const { metrics = [] } = await wire.read<{ metrics?: unknown[] }>('metrics/get-history', query);
  return Math.min(MOST_POINTS, batches * BATCH) - metrics.length;
}

/** Fills the disk with artifacts, and deletes them once it is full again. @returns how many were not as they should be */
async function wrongFiles(wire: MlflowWire, disk: Disk, artifacts: string): Promise<number> {
  const place = (number: number) => proxyPath(`${artifacts}/${number}.bin`);
  const content = (number: number) => Buffer.alloc(1_000_000, number);
  const count = await disk.overflow(number => wire.send('PUT', place(number), content(number)));
  let wrong = 0;
  for (let number = 0; number < count; number += 1) {
    const { status, body } = await wire.send('GET', place(number));
    wrong += status === 200 && body.equals(content(number)) ? 0 : 1;
  }
  disk.fill();
  for (let number = 0; number < count; number += 1) {
    await wire.send('DELETE', place(number));
    wrong += (await wire.send('GET', place(number))).status === 404 ? 0 : 1;
  }
  disk.empty();
  return wrong;
}

function points(batch: number) {
  return Array.from({ length: BATCH }, (_, index) => ({
    key: 'm',
    value: Math.random(),
    timestamp: 1,
    step: batch * BATCH + index,
  }));
}

/**
 * Runs a step whose log fills the disk, and cancels it; it ends once there is room.
 *
 * @returns whether what was said of it is true
 */
async function endlessLog(daemon: TestDaemon, disk: Disk): Promise<boolean> {
  const { workspace, store } = daemon.place;
  const file = write(daemon, 'modelthat.yaml', 'steps: { a: { run: sh -c "yes; touch over; sleep 1000" } }');
  const over = path.join(workspace, 'over');
  rmSync(over, { force: true });
  const { id } = await daemon.client.call(startExecution, { body: { file } });
  disk.fill();
  // `yes` ends when it cannot write any more.
  while (!existsSync(over)) await pause(50);
  const { status } = await get(daemon, id);
  const cancel = { params: { executionId: id }, body: { force: true } };
  // It is answered once the state is on the disk.
  const cancelled = daemon.client.call(cancelExecution, cancel);
  disk.empty();
  await cancelled;
  const execution = await ended(daemon, id);
  for (const log of globSync(path.join(store, 'executions', id, 'steps/*.log'))) rmSync(log);
  return status === 'running' && execution.status === 'cancelled';
}

/** Files of the artifacts that were not finished. */
function temporaries(store: string): number {
  return (
    globSync(path.join(store, 'artifacts/**/*.{tmp,partial}')).length +
    globSync(path.join(store, 'uploads/*')).length
  );
}
