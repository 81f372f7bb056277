/** N5: documents made to be too much are refused at once, and cost no memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ApiError } from '../../daemon/contract/errors.ts';
import { checkPipeline, startExecution } from '../../daemon/contract/pipelines.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atLeast, atMost, type Check, none, onThisMachine } from './check.ts';

const LIMIT_MS = 200;
const LIMIT_MIB = 50;
const DEEP = 100_000;
/** More than the editor may send; a file on disk may be of any size. */
const SCALAR_BYTES = 50_000_000;

/** Each line names ten of the line before. */
const laughs = (kind: 'list' | 'merge') =>
  Array.from({ length: 12 }, (_, index) => {
    if (index === 0) return kind === 'list' ? 'l0: &l0 [ha, ha]' : 'l0: &l0 { a: 1 }';
    const aliases = Array.from({ length: 10 }, () => `*l${index - 1}`).join(', ');
    return kind === 'list'
      ? `l${index}: &l${index} [${aliases}]`
      : `l${index}: &l${index} { <<: [${aliases}], k${index}: 1 }`;
  }).join('\n');

const PIPELINES: Readonly<Record<string, () => string>> = {
  'aliases that multiply': () => laughs('list'),
  'merges that multiply': () => laughs('merge'),
  'an alias of itself': () => 'steps: &a { a: *a }',
  'deep lists': () => `steps: ${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  'deep maps': () => `steps: ${'{a: '.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  'deep indentation': () => Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}k:`).join('\n'),
  'duplicate keys': () => 'name: a\nname: b\nsteps: { a: { run: echo }, a: { run: echo } }',
  'a large scalar': () => `name: "${'x'.repeat(SCALAR_BYTES)}"`,
  'many anchors': () => Array.from({ length: 20_000 }, (_, index) => `a${index}: &a${index} 1`).join('\n'),
  'a template that is nothing but openings': () => `steps: { a: { run: "${'${'.repeat(200_000)}" } }`,
  'a number without end': () => `steps: { a: { run: echo, timeout: ${'9'.repeat(400_000)} } }`,
  'a tag that makes objects': () => 'steps: !!python/object/apply:os.system ["touch bombed"]',
};

const BODIES: Readonly<Record<string, () => string>> = {
  'deep JSON lists': () => `{"name": ${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
  'deep JSON objects': () => `${'{"name":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  'a large JSON text': () => `{"name": "${'x'.repeat(SCALAR_BYTES)}"}`,
};

export const yamlBombs: Check = {
  id: 'N5',
  title: 'documents made to be too much are refused at once',
  trial: {
    counts: { full: 3, quick: 1, test: 1 },
    run: async rounds => {
      const place = testPlace();
      const busy = new Busyness();
      const daemon = await startDaemon({ place, main: BUILT_MAIN });
      const seen = { documents: 0, taken: 0, crashes: 0, slowest: 0, grown: 0 };
      const measure = async (refused: () => Promise<boolean>) => {
        const before = peakMemory(daemon);
        busy.sample();
        const start = performance.now();
        const ok = await refused().catch(() => {
          seen.crashes += 1;
          return true;
        });
        seen.slowest = Math.max(seen.slowest, performance.now() - start);
        seen.grown = Math.max(seen.grown, peakMemory(daemon) - before);
        seen.documents += 1;
        seen.taken += ok ? 0 : 1;
      };
      const wire = new MlflowWire(daemon);
      try {
        // What a first request costs is not what is measured.
        await refusesPipeline(daemon, 'steps: 1');
        for (let round = 0; round < rounds; round += 1) {
          for (const document of Object.values(PIPELINES))
            await measure(() => refusesPipeline(daemon, document()));
          for (const body of Object.values(BODIES))
            await measure(async () => {
              const url = '/api/2.0/mlflow/experiments/create';
              const answer = await wire.send('POST', url, Buffer.from(body()), {
                'content-type': 'application/json',
              });
              return answer.status >= 400 && answer.status < 500;
            });
        }
      } finally {
        await daemon.stop();
        place.remove();
      }
      return {
        'documents and bodies': atLeast(seen.documents, Object.keys(PIPELINES).length),
        'taken all the same': none(seen.taken),
        'unanswered, or answered as a defect': none(seen.crashes),
        'longest until refused (ms)': onThisMachine(atMost(seen.slowest, LIMIT_MS * busy.factor)),
        'memory that one cost (MiB)': onThisMachine(atMost(seen.grown, LIMIT_MIB)),
      };
    },
  },
};

/** Has it checked as a file of the workspace, and run. */
async function refusesPipeline(daemon: TestDaemon, text: string): Promise<boolean> {
  const file = path.join(daemon.place.workspace, 'modelthat.yaml');
  writeFileSync(file, text);
  const { problems } = await daemon.client.call(checkPipeline, { body: { file } });
  const started = await daemon.client.call(startExecution, { body: { file } }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiError && error.status < 500) return false;
      throw error;
    },
  );
  return problems.some(({ severity }) => severity === 'error') && !started;
}

/** The most memory that the daemon has ever had, in MiB. */
function peakMemory({ connection }: TestDaemon): number {
  if (process.platform !== 'linux') return 0;
  const status = readFileSync(`/proc/${connection.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}
