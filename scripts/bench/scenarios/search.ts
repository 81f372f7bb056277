/** Search by a metric and a parameter, sorted by a metric, over more and more runs. */
import { call } from '../load.ts';
import { PeerStore } from '../peer-store.ts';
import { createExperiment } from '../runs.ts';
import { type Session, scenario } from '../scenario.ts';
import { API } from '../scripts.ts';
import type { Server } from '../servers.ts';

/** Small enough that 1,000 runs have a 50th page. */
const PAGE = 10;
const LAST_PAGE = 50;
const CLIENTS = 8;
/** How long one search may take. */
const LIMIT_SECONDS = 40;

interface Page {
  readonly runs?: readonly unknown[];
  readonly next_page_token?: string;
}

export const search = scenario({
  name: 'search',
  about: 'runs by a metric and a parameter, sorted by a metric, first and 50th page of 10',
  contestants: ['modelthat', 'MLflow', 'FastTrackML'],
  sizes: {
    quick: { runs: [1_000], rounds: 2 },
    full: { runs: [1_000, 10_000, 100_000], rounds: 5 },
  },
  seconds: 200,
  async measure(session, { runs, rounds }) {
    const servers = new Set(await session.startAll());
    const experiments = new Map<Server, string>();
    for (const server of servers) experiments.set(server, await createExperiment(server, 'searched'));
    let there = 0;
    for (const count of runs) {
      for (const server of servers) {
        session.say(`${count.toLocaleString('en')} runs in ${server.name}`);
        await fill(session, server, experiments.get(server) ?? '', there, count);
      }
      there = count;
      for (let round = 0; round < rounds; round += 1) {
        for (const server of servers) {
          if (await measurePages(session, server, experiments.get(server) ?? '', count)) continue;
          // It still works on what nobody waits for, which would disturb the others.
          servers.delete(server);
          await session.stop(server);
        }
      }
    }
  },
});

async function fill(session: Session, server: Server, experiment: string, from: number, to: number) {
  if (server.name === 'modelthat') {
    const turns = Math.ceil((to - from) / CLIENTS);
    const aim = { experiment, firstStep: from, requests: turns };
    await session.load({ target: server, script: 'fill-runs', aim, clients: CLIENTS, turns });
    return;
  }
  const store = new PeerStore(server);
  store.addSearchableRuns(experiment, from, to);
  store.close();
}

/** @returns whether the server answered in time */
async function measurePages(session: Session, server: Server, experiment: string, count: number) {
  const kind = (page: number) =>
    ({ name: `${count.toLocaleString('en')} runs, page ${page}`, unit: 'ms', better: 'less' }) as const;
  const ask = (token?: string, signal?: AbortSignal) =>
    call<Page>(
      server,
      'POST',
      `${API}/runs/search`,
      {
        experiment_ids: [experiment],
        filter: "metrics.rmspe < 0.8 and params.booster = 'gbdt'",
        order_by: ['metrics.loss ASC'],
        max_results: PAGE,
        page_token: token,
      },
      signal,
    );
  const measure = (page: number, token?: string) =>
    session.timed(kind(page), server.name, LIMIT_SECONDS, async signal => {
      const { runs } = await ask(token, signal);
      if (runs?.length !== PAGE) throw new Error(`${server.name} found ${runs?.length} runs on page ${page}`);
    });
  return (await measure(1)) && (await measure(LAST_PAGE, await tokenOf(server, ask)));
}

/** The peers' tokens say how many runs come before; the daemon's say where to go on, and are had by turning the pages. */
async function tokenOf(server: Server, ask: (token?: string) => Promise<Page>): Promise<string | undefined> {
  if (server.name !== 'modelthat')
    return Buffer.from(JSON.stringify({ offset: PAGE * (LAST_PAGE - 1) })).toString('base64');
  let token: string | undefined;
  for (let page = 1; page < LAST_PAGE; page += 1) token = (await ask(token)).next_page_token;
  return token;
}
