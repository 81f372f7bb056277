/** From nothing to an answer, and to a run that is kept; beside what Node itself takes. */
import { spawnSync } from 'node:child_process';
import { createRuns } from '../runs.ts';
import { scenario } from '../scenario.ts';

const ANSWER = { name: 'to first answer', unit: 'ms', better: 'less' } as const;
const WRITE = { name: 'to first write', unit: 'ms', better: 'less' } as const;

export const start = scenario({
  name: 'start',
  about: 'from starting a server on a store it has had before to its first answer and first write',
  contestants: ['modelthat', 'MLflow', 'FastTrackML', 'node -e 0'],
  sizes: { quick: { rounds: 1, slowRounds: 1 }, full: { rounds: 9, slowRounds: 3 } },
  seconds: 50,
  async measure(session, { rounds, slowRounds }) {
    const folders = new Map(session.servers.map(name => [name, session.folder(name)]));
    // The first start makes the store.
    for (const [name, folder] of folders) {
      const server = await session.start(name, folder);
      await createRuns(server, 1);
      await session.stop(server);
    }
    for (let round = 0; round < rounds; round += 1) {
      session.add(ANSWER, 'node -e 0', timeNode());
      for (const [name, folder] of folders) {
        if (name === 'MLflow' && round >= slowRounds) continue;
        const server = await session.start(name, folder);
        session.add(ANSWER, name, server.startMs);
        const answered = performance.now();
        await createRuns(server, 1);
        session.add(WRITE, name, server.startMs + performance.now() - answered);
        await session.stop(server);
      }
    }
  },
});

function timeNode(): number {
  const begin = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - begin;
}
