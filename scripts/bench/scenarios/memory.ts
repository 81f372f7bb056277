/** Memory of a server that has nothing to do, and of one under load. */
import { setTimeout as pause } from 'node:timers/promises';
import { call } from '../load.ts';
import { residentMb } from '../memory.ts';
import { createRuns } from '../runs.ts';
import { scenario } from '../scenario.ts';
import { API } from '../scripts.ts';

const CLIENTS = 8;
const BATCHES_PER_SECOND = 60;
const LOOK_EVERY_MS = 250;

const IDLE = { name: 'idle', unit: 'MB', better: 'less' } as const;
const LOADED = { name: 'under load', unit: 'MB', better: 'less' } as const;
const AFTER = { name: 'idle after the load', unit: 'MB', better: 'less' } as const;

export const memory = scenario({
  name: 'memory',
  about: 'memory when idle, at most while 8 clients log batches, and when idle again',
  contestants: ['modelthat', 'MLflow', 'FastTrackML'],
  // A server that gives memory back needs a while to do so: the daemon ends its idle readers after 30 s.
  sizes: { quick: { settleSeconds: 1, seconds: 1 }, full: { settleSeconds: 40, seconds: 6 } },
  seconds: 115,
  async measure(session, { settleSeconds, seconds }) {
    const settle = () => pause(settleSeconds * 1000, undefined, { signal: session.signal });
    const servers = await session.startAll();
    const runs = new Map<string, string[]>();
    for (const server of servers) {
      // As an editor would have asked: for runs, and a search.
      runs.set(server.name, await createRuns(server, CLIENTS));
      await call(server, 'POST', `${API}/runs/search`, { experiment_ids: ['0'], max_results: 100 });
    }
    await settle();
    for (const { name, pid } of servers) session.add(IDLE, name, await residentMb(pid));
    const turns = BATCHES_PER_SECOND * seconds;
    for (const server of servers) {
      const aim = { runs: runs.get(server.name) ?? [], requests: turns };
      const load = { target: server, script: 'full-batch', aim, clients: CLIENTS, seconds, turns } as const;
      const working = session.load(load);
      session.add(LOADED, server.name, await mostDuring(server.pid, working));
      await working;
    }
    await settle();
    for (const { name, pid } of servers) session.add(AFTER, name, await residentMb(pid));
  },
});

async function mostDuring(pid: number, work: Promise<unknown>): Promise<number> {
  let most = 0;
  let done = false;
  const finish = () => {
    done = true;
  };
  work.then(finish, finish);
  while (!done) {
    most = Math.max(most, await residentMb(pid));
    await pause(LOOK_EVERY_MS);
  }
  return most;
}
