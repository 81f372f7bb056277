/** D2: whatever a power cut leaves of what was not synced, all that was acknowledged is there, and nothing half done. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startDaemon, testPlace } from '../support/daemon.ts';
import { seeded } from '../support/damage.ts';
import { type FileCall, readFileCalls, traceFileCalls } from '../support/file-calls.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { Disk } from '../support/power-cut.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { straceObstacle } from '../support/strace.ts';
import { soundness, Writer } from './acknowledged.ts';
import { atLeast, type Check, exactly, none } from './check.ts';

const WRITERS = 8;
const LOAD_MS = 4_000;
const SEED = 11;
/** How much of what is not sure is there after a cut: nothing, all, or each with this probability. */
const KEPT = [0, 1, 0.5, 0.9];

export const powerCuts: Check = {
  id: 'D2',
  title: 'a power cut loses nothing acknowledged and leaves nothing half done',
  trial: {
    counts: { full: 200, quick: 30, test: 6 },
    obstacle: straceObstacle,
    run: async cuts => {
      const place = testPlace();
      const random = seeded(SEED);
      const total = { acknowledged: 0, lost: 0, torn: 0, unsound: 0 };
      try {
        const trace = path.join(path.dirname(place.workspace), 'calls');
        const writers = await writeUnderStrace(place, trace, random);
        for (const writer of writers) total.acknowledged += writer.acknowledged;

        const calls = inOrderOfEffect(readFileCalls(trace, place.store));
        const moments = Array.from({ length: cuts }, () => Math.floor(random() * calls.length));
        moments.sort((a, b) => a - b);
        const disk = new Disk(place.store);
        let made = 0;
        for (const [index, moment] of moments.entries()) {
          for (const call of calls.slice(made, moment)) disk.make(call);
          made = Math.max(made, moment);
          const probability = KEPT[index % KEPT.length] as number;
          disk.cut(() => random() < probability);

          const daemon = await startDaemon({ place, main: BUILT_MAIN });
          const until = timeOf(calls[moment]);
          for (const writer of writers) {
            const { lost, torn } = await writer.compare(new MlflowWire(daemon), until);
            total.lost += lost;
            total.torn += torn;
          }
          total.unsound += soundness(daemon);
          await daemon.kill();
        }
      } finally {
        place.remove();
      }
      return {
        cuts: exactly(cuts, cuts),
        'writes acknowledged': atLeast(total.acknowledged, WRITERS),
        'acknowledged writes lost': none(total.lost),
        'batches and files that are there in part': none(total.torn),
        'integrity and foreign key checks that failed': none(total.unsound),
      };
    },
  },
};

/** Has clients write to a new store, whose daemon is then killed. @returns the clients */
async function writeUnderStrace(
  place: ReturnType<typeof testPlace>,
  trace: string,
  random: () => number,
): Promise<Writer[]> {
  const daemon = await startDaemon({
    place,
    main: BUILT_MAIN,
    under: ['strace', ...traceFileCalls(trace)],
  });
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, () => Writer.begin(new MlflowWire(daemon), random)),
  );
  const work = Promise.all(writers.map(writer => writer.writeUntilItEnds()));
  await pause(LOAD_MS);
  await daemon.kill();
  await work;
  return writers;
}

/** A sync has its effect once it is done, everything else can have it as soon as it is asked for. */
function inOrderOfEffect(calls: readonly FileCall[]): FileCall[] {
  return calls.toSorted((a, b) => timeOf(a) - timeOf(b));
}

function timeOf(call: FileCall | undefined): number {
  if (!call) return Number.POSITIVE_INFINITY;
  return call.kind === 'sync' ? call.doneAt : call.at;
}
