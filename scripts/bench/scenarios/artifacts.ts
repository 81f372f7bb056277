/** One large file through the artifact proxy. */
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { request, type Target } from '../load.ts';
import { residentMb } from '../memory.ts';
import { scenario } from '../scenario.ts';

const PATH = '/api/2.0/mlflow-artifacts/artifacts/0/large/weights.bin';
const MEGABYTE = 2 ** 20;
const LIMIT_SECONDS = 120;

const UPLOAD = { name: 'upload', unit: 's', better: 'less' } as const;
const DOWNLOAD = { name: 'download', unit: 's', better: 'less' } as const;
const MEMORY = { name: 'memory after both', unit: 'MB', better: 'less' } as const;

export const artifacts = scenario({
  name: 'artifacts',
  about: 'upload and download of a file of 1 GB',
  contestants: ['modelthat', 'MLflow', 'FastTrackML'],
  sizes: { quick: { megabytes: 16, rounds: 1 }, full: { megabytes: 1024, rounds: 2 } },
  seconds: 75,
  async measure(session, { megabytes, rounds }) {
    const servers = await session.startAll();
    for (let round = 0; round < rounds; round += 1) {
      for (const server of servers) {
        if (server.name === 'FastTrackML') {
          for (const kind of [UPLOAD, DOWNLOAD])
            session.skip(kind, server.name, 'has no artifact proxy on MLflow’s protocol');
          continue;
        }
        session.say(`${megabytes} MB to and from ${server.name}`);
        await session.timed(UPLOAD, server.name, LIMIT_SECONDS, signal => upload(server, megabytes, signal));
        await session.timed(DOWNLOAD, server.name, LIMIT_SECONDS, async signal => {
          const { bytes } = await request(server, PATH, { signal });
          if (bytes !== megabytes * MEGABYTE) throw new Error(`${server.name} sent ${bytes} bytes`);
        });
        session.add(MEMORY, server.name, await residentMb(server.pid));
      }
    }
  },
});

async function upload(target: Target, megabytes: number, signal: AbortSignal): Promise<void> {
  const outgoing = http.request(`${target.url}${PATH}`, {
    method: 'PUT',
    signal,
    headers: {
      ...target.headers,
      'content-type': 'application/octet-stream',
      'content-length': megabytes * MEGABYTE,
    },
  });
  const answered = new Promise<number | undefined>((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', response => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
  });
  const block = randomBytes(MEGABYTE);
  const [, status] = await Promise.all([
    pipeline(Readable.from(Array.from({ length: megabytes }, () => block)), outgoing),
    answered,
  ]);
  if (status !== 200) throw new Error(`the upload was answered with ${status}`);
}
