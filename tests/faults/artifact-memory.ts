/** N3, for artifacts: files far larger than memory should hold pass through the daemon in little of it. */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { memoryOf } from '../support/measuring.ts';
import { MlflowWire, proxyPath } from '../support/mlflow.ts';
import { atMost, type Check, exactly } from './check.ts';

const CHUNK = randomBytes(1024 * 1024);
const CHUNKS_PER_GIB = 1024;
const MORE_MEMORY_MB = 100;
const SAMPLE_MS = 20;

export const artifactMemory: Check = {
  id: 'N3-artifacts',
  title: 'artifacts of gigabytes are uploaded and downloaded in constant memory',
  trial: {
    // In GiB.
    counts: { full: 2, quick: 1 },
    obstacle: () =>
      process.platform === 'linux' ? undefined : 'it reads the memory of a process from /proc',
    run: async gibibytes => {
      const daemon = await startDaemon();
      try {
        const wire = new MlflowWire(daemon);
        const { artifacts } = await wire.startRun();
        const route = proxyPath(`${artifacts}/large.bin`);
        // What the first request loads is not counted.
        await wire.upload(`${artifacts}/small`, CHUNK);
        const before = memoryOf(daemon);
        const sent = createHash('sha256');
        const received = createHash('sha256');
        const up = await peakDuring(daemon, () => transfer(daemon, 'PUT', route, contentOf(gibibytes, sent)));
        const down = await peakDuring(daemon, () => transfer(daemon, 'GET', route, undefined, received));
        return {
          'memory more while uploading (MB)': atMost(up - before, MORE_MEMORY_MB),
          'memory more while downloading (MB)': atMost(down - before, MORE_MEMORY_MB),
          'downloads that differ': exactly(sent.digest('hex') === received.digest('hex') ? 0 : 1, 0),
        };
      } finally {
        await daemon.dispose();
      }
    },
  },
};

function* contentOf(gibibytes: number, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  for (let chunk = 0; chunk < gibibytes * CHUNKS_PER_GIB; chunk += 1) {
    hash.update(CHUNK);
    yield CHUNK;
  }
}

async function transfer(
  daemon: TestDaemon,
  method: string,
  route: string,
  content?: Iterable<Buffer>,
  into?: ReturnType<typeof createHash>,
): Promise<void> {
  const headers = { authorization: `Bearer ${daemon.secrets.tracking}` };
  const request = http.request(daemon.url + route, { method, headers });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  if (content) await pipeline(Readable.from(content), request);
  else request.end();
  const response = await answered;
  if (response.statusCode !== 200) throw new Error(`${method} was answered with ${response.statusCode}`);
  for await (const chunk of response) into?.update(chunk as Buffer);
}

/** The most memory that the daemon has while something is done, in MB. */
async function peakDuring(daemon: TestDaemon, work: () => Promise<void>): Promise<number> {
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, memoryOf(daemon));
  }, SAMPLE_MS);
  await work();
  clearInterval(sampling);
  return Math.max(peak, memoryOf(daemon));
}
