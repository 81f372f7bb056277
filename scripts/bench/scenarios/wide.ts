/** Runs with very many metrics, all on one page: what tables of such runs wait for. */
import { searchRuns } from '../../../daemon/contract/runs.ts';
import { type Answer, request } from '../load.ts';
import { PeerStore } from '../peer-store.ts';
import { createExperiment } from '../runs.ts';
import { type Session, scenario } from '../scenario.ts';
import { API } from '../scripts.ts';
import type { Server } from '../servers.ts';

const CLIENTS = 4;
const LIMIT_SECONDS = 90;
/** What a table of these runs shows. */
const COLUMNS = [0, 1, 2].map(key => `metrics."layer/${key}/gradient_norm"`);

interface Size {
  readonly runs: number;
  readonly keys: number;
}

export const wide = scenario<Size>({
  name: 'wide',
  about: 'a page of 100 runs of 22,000 metrics each, whole and with the columns asked for',
  contestants: ['modelthat', 'MLflow', 'FastTrackML'],
  sizes: { quick: { runs: 8, keys: 2_000 }, full: { runs: 100, keys: 22_000 } },
  seconds: 250,
  async measure(session, size) {
    for (const name of session.servers) {
      const server = await session.start(name);
      const experiment = await createExperiment(server, 'wide');
      session.say(`${size.runs} × ${size.keys.toLocaleString('en')} metrics in ${name}`);
      await fill(session, server, experiment, size);
      const whole = { experiment_ids: [experiment], max_results: size.runs };
      await measurePage(session, server, {
        path: `${API}/runs/search`,
        body: whole,
        name: nameOf(size, 'whole'),
      });
      const chosen = nameOf(size, `${COLUMNS.length} columns`);
      if (name === 'modelthat') {
        const body = { experimentIds: [experiment], limit: size.runs, columns: COLUMNS };
        await measurePage(session, server, { path: searchRuns.path, body, name: chosen });
      } else {
        for (const kind of Object.values(kinds(chosen)))
          session.skip(kind, name, 'answers with all columns, always');
      }
      await session.stop(server);
    }
  },
});

function nameOf({ runs, keys }: Size, what: string): string {
  return `${runs} × ${keys.toLocaleString('en')} metrics, ${what}`;
}

const kinds = (name: string) =>
  ({
    time: { name, unit: 's', better: 'less' },
    bytes: { name: `${name}, size of the answer`, unit: 'MB', better: 'less' },
  }) as const;

async function fill(session: Session, server: Server, experiment: string, { runs, keys }: Size) {
  if (server.name === 'modelthat') {
    const turns = Math.ceil(runs / CLIENTS);
    const aim = { experiment, keys };
    await session.load({ target: server, script: 'fill-wide-runs', aim, clients: CLIENTS, turns });
    return;
  }
  const store = new PeerStore(server);
  store.addWideRuns(experiment, runs, keys);
  store.close();
}

interface Page {
  readonly path: string;
  readonly body: object;
  readonly name: string;
}

async function measurePage(session: Session, server: Server, { path, body, name }: Page): Promise<void> {
  const { time, bytes } = kinds(name);
  let answer: Answer | undefined;
  await session.timed(time, server.name, LIMIT_SECONDS, async signal => {
    answer = await request(server, path, { method: 'POST', body: JSON.stringify(body), signal });
  });
  if (answer) session.add(bytes, server.name, answer.bytes / 1e6);
}
