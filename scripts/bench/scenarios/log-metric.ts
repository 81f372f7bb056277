/** Single log-metric calls: what most training scripts make. */
import { Floor } from '../floor.ts';
import { percentile } from '../numbers.ts';
import { createRuns } from '../runs.ts';
import { scenario } from '../scenario.ts';

const CLIENTS = [1, 8, 32];

export const logMetric = scenario({
  name: 'log-metric',
  about: 'single log-metric calls from 1, 8 and 32 clients',
  contestants: ['modelthat', 'MLflow', 'FastTrackML', 'better-sqlite3'],
  sizes: { quick: { rounds: 1, seconds: 0.5 }, full: { rounds: 3, seconds: 3 } },
  seconds: 100,
  async measure(session, { rounds, seconds }) {
    const floor = new Floor(session.folder('floor'));
    const point = JSON.stringify({
      run_id: '0'.repeat(32),
      key: 'single',
      value: 0.5,
      timestamp: 0,
      step: 0,
    });
    const servers = await session.startAll();
    const runs = new Map<string, string[]>();
    for (const server of servers) runs.set(server.name, await createRuns(server, Math.max(...CLIENTS)));
    let firstStep = 0;
    for (let round = 0; round < rounds; round += 1) {
      session.say(`round ${round + 1} of ${rounds}`);
      const alone = floor.insertFor(seconds / 4, [point]).sort((a, b) => a - b);
      session.add(kinds(1).median, 'better-sqlite3', percentile(alone, 0.5));
      for (const clients of CLIENTS) {
        firstStep += 1_000_000;
        for (const server of servers) {
          const aim = { runs: runs.get(server.name) ?? [], firstStep };
          const result = await session.load({ target: server, script: 'log-metric', aim, clients, seconds });
          const latencies = result.latencies['log-metric'] ?? [];
          const { rate, median, slowest } = kinds(clients);
          session.add(median, server.name, percentile(latencies, 0.5));
          session.add(slowest, server.name, percentile(latencies, 0.99));
          session.add(rate, server.name, latencies.length / result.seconds);
        }
      }
    }
    floor.close();
  },
});

function kinds(clients: number) {
  const who = `${clients} ${clients === 1 ? 'client' : 'clients'}`;
  return {
    median: { name: `${who}, p50`, unit: 'ms', better: 'less' },
    slowest: { name: `${who}, p99`, unit: 'ms', better: 'less' },
    rate: { name: `${who}, rate`, unit: 'calls/s', better: 'more' },
  } as const;
}
