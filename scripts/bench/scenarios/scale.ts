/** A store of a million runs and a hundred million points: whether it still starts, searches and draws. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { attach } from '../../../daemon/client/start.ts';
import { openPlace } from '../../../daemon/client/store.ts';
import { runStoreTask } from '../../../daemon/client/store-task.ts';
import { getSeries, listExperiments, searchRuns } from '../../../daemon/contract/runs.ts';
import { storeSize } from '../disk.ts';
import { type Filled, type Filling, fillStore } from '../fill-store.ts';
import { call, request } from '../load.ts';
import { residentMb } from '../memory.ts';
import { type Session, scenario } from '../scenario.ts';
import { API } from '../scripts.ts';
import type { Server } from '../servers.ts';

const PAGE = 10;
const BUCKETS = 1000;
const HISTORY_PAGE = 25_000;
/** Runs that come before the deep page, and how many of them are turned over at once. */
const DEEP = 50_000;
const LARGE_PAGE = 1000;
const LIMIT_SECONDS = 60;

interface Size extends Filling {
  readonly rounds: number;
}

export const scale = scenario<Size>({
  name: 'scale',
  about: 'a store of 1,000,000 runs and 100,000,000 points: start, searches, charts, size and memory',
  contestants: ['modelthat'],
  sizes: {
    quick: { runs: 3000, experiments: 10, points: 4, long: [100_000, 20_000], rounds: 1 },
    full: {
      runs: 1_000_000,
      experiments: 100,
      points: 4,
      // Of the points, most are in few runs.
      long: [10_000_000, ...Array<number>(82).fill(1_000_000)],
      rounds: 7,
    },
  },
  seconds: 1800,
  onlyWhenNamed: true,
  async measure(session, { rounds, ...filling }) {
    const folder = session.folder('modelthat');
    const { databaseFile } = await once(session, folder);
    const began = performance.now();
    const filled = await fillStore(databaseFile, filling, text => session.say(text), session.signal);
    session.remark(
      `${filled.points.toLocaleString('en')} points of ${filling.runs.toLocaleString('en')} runs were written by the ` +
        `daemon’s own operations in ${Math.round((performance.now() - began) / 1000)} s`,
    );
    add(session, 'size of a point', 'bytes', storeSize({ databaseFile }) / filled.points);
    await measureStarts(session, folder, databaseFile, Math.min(rounds, 3));
    const server = await session.start('modelthat', folder);
    await measureReads(session, server, filled, rounds);
    add(session, 'memory after that', 'MB', await residentMb(server.pid));
    await measureUsage(session, server);
  },
});

/** Starts a server for as long as it takes to make its store. */
async function once(session: Session, folder: string): Promise<Server> {
  const server = await session.start('modelthat', folder);
  await session.stop(server);
  return server;
}

function add(session: Session, name: string, unit: string, sample: number): void {
  session.add({ name, unit, better: 'less' }, 'modelthat', sample);
}

async function measureStarts(session: Session, folder: string, file: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const forgotten = forget(file);
    const kind = forgotten ? 'start, nothing of the database in memory' : 'start';
    add(session, kind, 'ms', (await once(session, folder)).startMs);
  }
  for (let round = 0; round < rounds; round += 1)
    add(session, 'start again', 'ms', (await once(session, folder)).startMs);
}

/** Has the system forget what it has in memory of a file. @returns whether it can */
function forget(file: string): boolean {
  if (process.platform !== 'linux') return false;
  const { status } = spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0']);
  return status === 0;
}

async function measureReads(session: Session, server: Server, filled: Filled, rounds: number): Promise<void> {
  const timed = async (name: string, work: (signal: AbortSignal) => Promise<unknown>, times = rounds) => {
    session.say(name);
    for (let round = 0; round < times; round += 1) {
      const kind = { name, unit: 'ms', better: 'less' } as const;
      if (!(await session.timed(kind, 'modelthat', LIMIT_SECONDS, work))) return;
    }
  };
  const search = (filter: string, orderBy: string[], limit = PAGE, pageToken?: string) => {
    const experimentIds = [filled.experiment];
    return { experimentIds, filter, orderBy, limit, pageToken };
  };
  const find = (wanted: object) => (signal: AbortSignal) =>
    call<{ nextPageToken?: string }>(server, 'POST', searchRuns.path, wanted, signal);
  const filter = "metrics.rmspe < 0.8 and params.booster = 'gbdt'";
  await timed('first answer of a search', find(search(filter, ['metrics.loss ASC'])), 1);
  await timed(
    'search by metric and param, sorted by a metric, page 1',
    find(search(filter, ['metrics.loss ASC'])),
  );
  const turn = (token?: string) =>
    find(search(filter, ['metrics.loss ASC'], LARGE_PAGE, token))(session.signal);
  const token = await deepToken(turn);
  await timed(
    `the same, after ${DEEP.toLocaleString('en')} runs`,
    find(search(filter, ['metrics.loss ASC'], PAGE, token)),
  );
  await timed('newest runs', find(search('', [])));
  await timed('newest runs by metric and param', find(search(filter, [])));
  await timed('search that few runs fulfil', find(search('metrics.rmspe < 0.00001', ['metrics.loss ASC'])));
  await timed(
    'sorted by a param, then a metric',
    find(search(filter, ['params.depth ASC', 'metrics.loss DESC'])),
  );
  await timed('experiments', signal => request(server, `${listExperiments.path}?limit=200`, { signal }));
  const [long = ''] = filled.long;
  await timed(`chart of the longest metric in ${BUCKETS} buckets`, signal =>
    request(server, `${getSeries.path.replace(':runId', long)}?key=loss&buckets=${BUCKETS}`, { signal }),
  );
  const history = `${API}/metrics/get-history?run_id=${long}&metric_key=loss&max_results=${HISTORY_PAGE}`;
  await timed(`${HISTORY_PAGE.toLocaleString('en')} points of its history`, signal =>
    request(server, history, { signal }),
  );
}

/** Turns large pages, up to a deep one. */
async function deepToken(
  turn: (token?: string) => Promise<{ nextPageToken?: string }>,
): Promise<string | undefined> {
  let token: string | undefined;
  for (let passed = 0; passed < DEEP; passed += LARGE_PAGE) {
    const next = (await turn(token)).nextPageToken;
    if (next === undefined) break;
    token = next;
  }
  return token;
}

async function measureUsage(session: Session, server: Server): Promise<void> {
  const attached = await attach(openPlace(path.dirname(server.databaseFile)));
  if (!attached) throw new Error('no daemon is found at its store');
  const kind = { name: 'modelthat store du', unit: 's', better: 'less' } as const;
  await session.timed(kind, 'modelthat', 600, signal =>
    runStoreTask(attached.client, { kind: 'usage' }, text => session.say(text), signal),
  );
}
