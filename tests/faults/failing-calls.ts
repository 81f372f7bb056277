/** D4: a disk that refuses any one call, once or from then on, makes nothing acknowledged get lost. */

import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { seeded } from '../support/damage.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { straceObstacle } from '../support/strace.ts';
import { soundness, Writer } from './acknowledged.ts';
import { atLeast, type Check, exactly, none } from './check.ts';

const CALLS = ['fsync,fdatasync', 'pwrite64', 'rename,renameat,renameat2'];
/** Calls of one kind that each thread has made before one fails. */
const FURTHEST = 60;
const WRITERS = 2;
const WRITES = 40;
const SEED = 3;

export const failingCalls: Check = {
  id: 'D4',
  title: 'nothing is acknowledged, nor written any more, after a failed sync; no failing call loses anything',
  ordinary: [{ files: 'tests/daemon/database/disk-failure.test.ts' }],
  trial: {
    // Places at which a call fails.
    counts: { full: 60, quick: 4, test: 1 },
    obstacle: straceObstacle,
    run: async places => {
      const total = { failures: 0, acknowledged: 0, lost: 0, torn: 0, unsound: 0 };
      for (let place = 1; place <= places; place += 1) {
        const nth = Math.round((place * FURTHEST) / places);
        for (const calls of CALLS)
          for (const when of [`${nth}`, `${nth}+`]) {
            const found = await writeWhileFailing(calls, when);
            total.failures += 1;
            total.acknowledged += found.acknowledged;
            total.lost += found.lost;
            total.torn += found.torn;
            total.unsound += found.unsound;
          }
      }
      return {
        'disks that failed': exactly(total.failures, places * CALLS.length * 2),
        'writes acknowledged': atLeast(total.acknowledged, 1),
        'acknowledged writes lost': none(total.lost),
        'batches and files that are there in part': none(total.torn),
        'integrity and foreign key checks that failed': none(total.unsound),
      };
    },
  },
};

/** Writes to a store whose disk fails, then looks at it with one that does not. @param when as strace has it: `7` or `7+` */
async function writeWhileFailing(calls: string, when: string) {
  const place = testPlace();
  try {
    const random = seeded(SEED);
    const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`];
    const inject = ['-e', `inject=${calls}:error=EIO:when=${when}`];
    const writers: Writer[] = [];
    // One whose very start fails has acknowledged nothing.
    const failing = await startDaemon({ place, main: BUILT_MAIN, under: [...strace, ...inject] }).catch(
      () => undefined,
    );
    if (failing) writers.push(...(await write(failing, random)));
    await failing?.kill();

    const daemon = await startDaemon({ place, main: BUILT_MAIN });
    const result = { acknowledged: 0, lost: 0, torn: 0, unsound: 0 };
    for (const writer of writers) {
      result.acknowledged += writer.acknowledged;
      const { lost, torn } = await writer.compare(new MlflowWire(daemon));
      result.lost += lost;
      result.torn += torn;
    }
    result.unsound = soundness(daemon);
    await daemon.stop();
    return result;
  } finally {
    place.remove();
  }
}

async function write(daemon: TestDaemon, random: () => number): Promise<Writer[]> {
  const begun = await Promise.allSettled(
    Array.from({ length: WRITERS }, () => Writer.begin(new MlflowWire(daemon), random)),
  );
  const writers = begun.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  await Promise.all(writers.map(writer => writer.write(WRITES)));
  return writers;
}
