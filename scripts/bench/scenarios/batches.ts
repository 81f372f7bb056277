/** The rate at which metrics come in when clients log full batches, and whether others are answered meanwhile. */
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Floor } from '../floor.ts';
import { request, type Target } from '../load.ts';
import { percentile } from '../numbers.ts';
import { createRuns } from '../runs.ts';
import { scenario } from '../scenario.ts';
import { BATCH, fullBatch } from '../scripts.ts';

const CLIENTS = 8;
/** Bodies made beforehand for one client and second: more than any server takes. */
const BATCHES_PER_SECOND = 60;

const METRICS = { name: 'metrics', unit: 'metrics/s', better: 'more' } as const;
const HEALTH = { name: '/health meanwhile, p99', unit: 'ms', better: 'less' } as const;
const BATCH_P99 = { name: 'one batch, p99', unit: 'ms', better: 'less' } as const;

export const batches = scenario({
  name: 'batches',
  about: 'batches of 1,000 metrics from 8 clients',
  contestants: ['modelthat', 'MLflow', 'FastTrackML', 'better-sqlite3'],
  sizes: { quick: { rounds: 1, seconds: 1 }, full: { rounds: 4, seconds: 4 } },
  seconds: 90,
  async measure(session, { rounds, seconds }) {
    const floor = new Floor(session.folder('floor'));
    const bodies = Array.from({ length: 40 }, (_, place) => fullBatch('0'.repeat(32), place));
    const servers = await session.startAll();
    const runs = new Map<string, string[]>();
    for (const server of servers) runs.set(server.name, await createRuns(server, CLIENTS));
    for (let round = 0; round < rounds; round += 1) {
      session.say(`round ${round + 1} of ${rounds}`);
      for (const server of servers) {
        addFloor();
        const turns = BATCHES_PER_SECOND * seconds;
        const working = session.load({
          target: server,
          script: 'full-batch',
          aim: { runs: runs.get(server.name) ?? [], requests: turns, firstStep: round * 1_000_000 },
          clients: CLIENTS,
          seconds,
          turns,
        });
        const health = await healthDuring(server, working);
        const { latencies, seconds: taken } = await working;
        const batches = latencies['log-batch'] ?? [];
        session.add(METRICS, server.name, (batches.length * BATCH) / taken);
        session.add(BATCH_P99, server.name, percentile(batches, 0.99));
        session.add(HEALTH, server.name, percentile(health, 0.99));
      }
    }
    floor.close();

    function addFloor() {
      const latencies = floor.insertFor(seconds / 4, bodies);
      const total = latencies.reduce((sum, latency) => sum + latency, 0);
      session.add(METRICS, 'better-sqlite3', (latencies.length * BATCH * 1000) / total);
    }
  },
});

/** Asks for `/health` over and over until the work is done. @returns latencies in milliseconds, ascending */
async function healthDuring(target: Target, work: Promise<unknown>): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const latencies: number[] = [];
  let done = false;
  const finish = () => {
    done = true;
  };
  work.then(finish, finish);
  while (!done) {
    latencies.push((await request(target, '/health', { agent })).milliseconds);
    await pause(5);
  }
  agent.destroy();
  return latencies.sort((a, b) => a - b);
}
