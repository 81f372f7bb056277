/** Whether logging stays quick while somebody reads through a very long history. */
import { settled } from '../disk.ts';
import { percentile } from '../numbers.ts';
import { createRuns } from '../runs.ts';
import { scenario } from '../scenario.ts';
import { BATCH } from '../scripts.ts';

const CLIENTS = 8;

export const scan = scenario({
  name: 'scan',
  about: 'log-metric from 8 clients while a reader goes through 10⁷ points, and without one',
  contestants: ['modelthat'],
  sizes: {
    quick: { points: 100_000, rounds: 1, seconds: 1 },
    full: { points: 10_000_000, rounds: 3, seconds: 5 },
  },
  seconds: 80,
  async measure(session, { points, rounds, seconds }) {
    const server = await session.start('modelthat');
    const [read = '', ...logged] = await createRuns(server, CLIENTS + 1);
    const turns = Math.ceil(points / BATCH / CLIENTS);
    session.say(`filling in ${points.toLocaleString('en')} points`);
    const aim = { runs: [read], requests: turns };
    await session.load({ target: server, script: 'fill-points', aim, clients: CLIENTS, turns });
    await settled(server, session.signal);
    let firstStep = 0;
    const log = async (situation: string) => {
      firstStep += 1_000_000;
      const aim = { runs: logged, firstStep };
      const load = { target: server, script: 'log-metric', aim, clients: CLIENTS, seconds } as const;
      const latencies = (await session.load(load)).latencies['log-metric'] ?? [];
      for (const [name, part] of [
        ['p50', 0.5],
        ['p99', 0.99],
      ] as const) {
        const kind = {
          name: `${points.toLocaleString('en')} points ${situation}, ${name}`,
          unit: 'ms',
        } as const;
        session.add({ ...kind, better: 'less' }, server.name, percentile(latencies, part));
      }
    };
    for (let round = 0; round < rounds; round += 1) {
      session.say(`round ${round + 1} of ${rounds}`);
      await log('at rest');
      const reader = { target: server, script: 'read-history', aim: { runs: [read] }, clients: 1 } as const;
      const reading = session.load({ ...reader, seconds: seconds + 1 });
      await Promise.all([reading, log('read meanwhile')]);
    }
  },
});
