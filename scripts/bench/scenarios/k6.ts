/** The requests of FastTrackML's published benchmark, by as many clients; the means stand beside the published ones. */
import { call } from '../load.ts';
import { createExperiment } from '../runs.ts';
import { scenario } from '../scenario.ts';
import { API, type ScriptName } from '../scripts.ts';

const CLIENTS = 20;

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export const k6 = scenario({
  name: 'k6',
  about: 'the requests of FastTrackML’s published benchmark, from 20 clients',
  contestants: ['modelthat', 'MLflow', 'FastTrackML'],
  sizes: { quick: { rounds: 1, seconds: 1 }, full: { rounds: 2, seconds: 8 } },
  seconds: 110,
  async measure(session, { rounds, seconds }) {
    const servers = await session.startAll();
    for (let round = 0; round < rounds; round += 1) {
      session.say(`round ${round + 1} of ${rounds}`);
      for (const server of servers) {
        const experiment = await createExperiment(server, `k6 ${round}`);
        const load = (script: ScriptName, aim = {}) =>
          session.load({ target: server, script, aim, clients: CLIENTS, seconds });
        const logging = await load('k6-logging', { experiment });
        const found = await call<{ runs: { info: { run_id: string } }[] }>(
          server,
          'POST',
          `${API}/runs/search`,
          { experiment_ids: [experiment], max_results: 1 },
        );
        const runs = found.runs.map(({ info }) => info.run_id);
        const retrieval = await load('k6-retrieval', { experiment, runs });
        for (const [name, latencies] of Object.entries({ ...logging.latencies, ...retrieval.latencies }))
          session.add({ name: `${name}, mean`, unit: 'ms', better: 'less' }, server.name, mean(latencies));
      }
    }
  },
});
