/** One metric of more and more points: all of them, and as a chart wants them. */
import { getSeries } from '../../../daemon/contract/runs.ts';
import { settled, storeSize } from '../disk.ts';
import { call, request } from '../load.ts';
import { PeerStore } from '../peer-store.ts';
import { createRuns } from '../runs.ts';
import { type Session, scenario } from '../scenario.ts';
import { API, BATCH } from '../scripts.ts';
import type { Server } from '../servers.ts';

const CLIENTS = 8;
const BUCKETS = 1000;
/** Points on a page of a history, as the Python client asks for. */
const PAGE = 25_000;
/** Points that the peers are filled with at most: more would take longer than all the rest. */
const PEERS_MOST = 1_000_000;
const LIMIT_SECONDS = 60;
/** Histories of up to so many points are read whole more than once: the first reading starts a reader thread. */
const SHORT = 100_000;

const SIZE = { name: 'size of a point', unit: 'bytes', better: 'less' } as const;

const kinds = (points: number) =>
  ({
    whole: { name: `${points.toLocaleString('en')} points whole`, unit: 'ms', better: 'less' },
    buckets: { name: `${points.toLocaleString('en')} points in buckets`, unit: 'ms', better: 'less' },
  }) as const;

export const history = scenario({
  name: 'history',
  about: 'one metric of 10⁴ to 10⁷ points, whole in pages of 25,000 and in 1,000 buckets',
  contestants: ['modelthat', 'MLflow', 'FastTrackML'],
  sizes: {
    quick: { points: [10_000, 100_000], rounds: 2 },
    full: { points: [10_000, 100_000, 1_000_000, 10_000_000], rounds: 5 },
  },
  seconds: 280,
  async measure(session, { points, rounds }) {
    for (const name of session.servers) {
      const folder = session.folder(name);
      let server = await session.start(name, folder);
      const mostOfServer = name === 'modelthat' ? Number.POSITIVE_INFINITY : PEERS_MOST;
      const sizes = points.filter(count => count <= mostOfServer);
      const runs = await createRuns(server, sizes.length);
      for (const [index, count] of sizes.entries()) {
        session.say(`${count.toLocaleString('en')} points in ${name}`);
        await fill(session, server, runs[index] ?? '', count);
      }
      await settled(server, session.signal);
      // With nothing but what a store that was filled long ago would have in memory.
      await session.stop(server);
      server = await session.start(name, folder);
      for (const [index, count] of sizes.entries())
        await measureHistory(session, server, { run: runs[index] ?? '', count, rounds });
      for (const count of points.filter(count => count > mostOfServer))
        for (const kind of Object.values(kinds(count)))
          session.skip(kind, name, `not filled with more than ${PEERS_MOST.toLocaleString('en')} points`);
      await session.stop(server);
      session.add(SIZE, name, storeSize(server) / sizes.reduce((sum, count) => sum + count, 0));
    }
  },
});

async function fill(session: Session, server: Server, run: string, points: number): Promise<void> {
  if (server.name === 'modelthat') {
    const turns = Math.ceil(points / BATCH / CLIENTS);
    // Whole batches for each client; what is over the number of points is less than one batch of each.
    const aim = { runs: [run], requests: turns };
    await session.load({ target: server, script: 'fill-points', aim, clients: CLIENTS, turns });
    return;
  }
  const store = new PeerStore(server);
  store.addPoints(run, points);
  store.close();
}

interface Asked {
  readonly run: string;
  readonly count: number;
  readonly rounds: number;
}

async function measureHistory(session: Session, server: Server, { run, count, rounds }: Asked) {
  const { whole, buckets } = kinds(count);
  session.say(`reading ${count.toLocaleString('en')} points of ${server.name}`);
  for (let round = 0; round < (count <= SHORT ? rounds : 1); round += 1) {
    const inTime = await session.timed(whole, server.name, LIMIT_SECONDS, signal =>
      readWhole(server, run, signal),
    );
    if (!inTime) break;
  }
  const chart = chartOf(server, run);
  if (!chart) {
    session.skip(buckets, server.name, 'has no such call on MLflow’s protocol');
    return;
  }
  for (let round = 0; round < rounds; round += 1) {
    const inTime = await session.timed(buckets, server.name, LIMIT_SECONDS, signal =>
      request(server, chart, { signal }),
    );
    if (!inTime) return;
  }
}

function chartOf({ name }: Server, run: string): string | undefined {
  if (name === 'modelthat') return `${getSeries.path.replace(':runId', run)}?key=loss&buckets=${BUCKETS}`;
  if (name === 'MLflow')
    return `${API.replace('/api', '/ajax-api')}/metrics/get-history-bulk-interval?run_ids=${run}&metric_key=loss&max_results=${BUCKETS}`;
  return undefined;
}

async function readWhole(server: Server, run: string, signal: AbortSignal): Promise<void> {
  let token: string | undefined = '';
  while (token !== undefined) {
    const page = `${API}/metrics/get-history?run_id=${run}&metric_key=loss&max_results=${PAGE}`;
    const answer: { next_page_token?: string } = await call(
      server,
      'GET',
      token === '' ? page : `${page}&page_token=${encodeURIComponent(token)}`,
      undefined,
      signal,
    );
    token = answer.next_page_token || undefined;
  }
}
