/** Making runs. */
import { percentile } from '../numbers.ts';
import { scenario } from '../scenario.ts';

const CLIENTS = 8;

const MEDIAN = { name: 'p50', unit: 'ms', better: 'less' } as const;
const RATE = { name: 'rate', unit: 'runs/s', better: 'more' } as const;

export const createRun = scenario({
  name: 'create-run',
  about: 'new runs from 8 clients',
  contestants: ['modelthat', 'MLflow', 'FastTrackML'],
  sizes: { quick: { rounds: 1, seconds: 0.5 }, full: { rounds: 3, seconds: 3 } },
  seconds: 45,
  async measure(session, { rounds, seconds }) {
    const servers = await session.startAll();
    for (let round = 0; round < rounds; round += 1) {
      for (const server of servers) {
        const result = await session.load({
          target: server,
          script: 'create-run',
          clients: CLIENTS,
          seconds,
        });
        const latencies = result.latencies['create run'] ?? [];
        session.add(MEDIAN, server.name, percentile(latencies, 0.5));
        session.add(RATE, server.name, latencies.length / result.seconds);
      }
    }
  },
});
