/** D1: kill -9 at random moments under load loses nothing that was acknowledged, and leaves nothing half done. */
import { setTimeout as pause } from 'node:timers/promises';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, testPlace } from '../support/daemon.ts';
import { seeded } from '../support/damage.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { soundness, Writer } from './acknowledged.ts';
import { atLeast, atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const WRITERS = 8;
const SEED = 7;
const READY_S = 2;
/** The load is cut within so long after it has begun. */
const LONGEST_LOAD_MS = 500;

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
