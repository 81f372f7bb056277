/** D6: every damaged artifact is named, no other is, and none is given out. */
import { runStoreTask } from '../../daemon/client/store-task.ts';
import { startDaemon } from '../support/daemon.ts';
import { MlflowWire, proxyPath } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { damage, uploadMany } from '../support/scrub.ts';
import { type Check, exactly, none } from './check.ts';

const DAMAGE = { flipped: 20, truncated: 5, deleted: 5 };
/** Two are swapped, besides. */
const DAMAGED = 32;

export const scrub: Check = {
  id: 'D6',
  title: 'verify names every damaged artifact and no other; none is given out',
  ordinary: [{ files: 'tests/daemon/housekeeping/verify.test.ts' }],
  trial: {
    counts: { full: 1000, quick: 200 },
    run: async count => {
      const daemon = await startDaemon({ main: BUILT_MAIN });
      try {
        const files = await uploadMany(daemon, count);
        const bad = new Set(damage(daemon.place.store, files, DAMAGE));
        const { verification } = await runStoreTask(daemon.client, { kind: 'verify' }, () => {});
        const named = verification.artifacts.map(({ path }) => path);
        const wire = new MlflowWire(daemon);
        let givenOut = 0;
        let withheld = 0;
        for (const file of files) {
          const { status } = await wire.send('GET', proxyPath(file));
          if (bad.has(file) && status === 200) givenOut += 1;
          if (!bad.has(file) && status !== 200) withheld += 1;
        }
        return {
          'damaged files that are named': exactly(named.filter(file => bad.has(file)).length, DAMAGED),
          'sound files that are named': none(named.filter(file => !bad.has(file)).length),
          'damaged files that are given out': none(givenOut),
          'sound files that are not': none(withheld),
        };
      } finally {
        await daemon.dispose();
      }
    },
  },
};
