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

export const memory = scenario({
  name: 'memory',
  about: 'memory when idle, and at most while 8 clients log batches',
  contestants: ['modelthat', 'MLflow', 'FastTrackML'],
  sizes: { quick: { settleSeconds: 0.5, seconds: 1 }, full: { settleSeconds: 10, seconds: 6 } },
  seconds: 75,
  async measure(session, { settleSeconds, seconds }) {
    for (const name of session.servers) {
      const server = await session.start(name);
      // As an editor would have asked: a run, and a search.
      const runs = await createRuns(server, CLIENTS);
      await call(server, 'POST', `${API}/runs/search`, { experiment_ids: ['0'], max_results: 100 });
      await pause(settleSeconds * 1000, undefined, { signal: session.signal });
      session.add(IDLE, name, await residentMb(server.pid));
      const turns = BATCHES_PER_SECOND * seconds;
      const aim = { runs, requests: turns };
      const load = { target: server, script: 'full-batch', aim, clients: CLIENTS, seconds, turns } as const;
      const working = session.load(load);
      session.add(LOADED, name, await mostDuring(server.pid, working));
      await working;
      await session.stop(server);
    }
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
