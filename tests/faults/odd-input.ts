/** N3, N4: limits hold without the memory for what they refuse, and odd values come back as they were or are refused. */
import fs from 'node:fs';
import http from 'node:http';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const MIB = 1024 * 1024;
const BODY_MEMORY_MIB = 50;
const SAMPLE_MS = 20;

export const limits: Check = {
  id: 'N3',
  title: 'bodies beyond the limits are refused, in little memory',
  ordinary: [
    { files: 'tests/daemon/tracking/runs.test.ts', grep: 'at most|limits|nothing of it' },
    { files: 'tests/daemon/mlflow/errors.test.ts' },
  ],
  trial: {
    // Size of the body in MiB.
    counts: { full: 100, quick: 100 },
    obstacle: () => (process.platform === 'linux' ? undefined : 'memory is read from /proc'),
    run: async mebibytes => {
      const daemon = await startDaemon({ main: BUILT_MAIN });
      try {
        const route = '/api/2.0/mlflow/runs/log-batch';
        const small = await stream(daemon, 'POST', route, 1);
        const large = await growthDuring(daemon, () => stream(daemon, 'POST', route, mebibytes));
        return {
          'answer to a body of 1 MiB that is no JSON': exactly(small, 400),
          'answer to one of 100 MiB': exactly(large.result, 413),
          'memory for it (MiB)': onThisMachine(atMost(large.growth, BODY_MEMORY_MIB)),
        };
      } finally {
        await daemon.dispose();
      }
    },
  },
};

/** Sends so many MiB, as they are taken. @returns the status */
function stream(daemon: TestDaemon, method: string, path: string, mebibytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${daemon.url}${path}`, {
      method,
      headers: headersOf(daemon),
      agent: false,
    });
    let answered = false;
    request.once('response', response => {
      answered = true;
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    // Who is refused may still be sending.
    request.on('error', error => answered || reject(error));
    const chunk = Buffer.alloc(MIB, 'x');
    let left = mebibytes;
    const more = () => {
      while (left > 0 && !answered) {
        left -= 1;
        if (!request.write(chunk)) {
          request.once('drain', more);
          return;
        }
      }
      request.end();
    };
    more();
  });
}

function headersOf({ secrets }: TestDaemon) {
  return { authorization: `Bearer ${secrets.tracking}`, 'content-type': 'application/json' };
}

/** @returns what the work gave, and by how many MiB the daemon's memory was at most above what it was */
async function growthDuring<Result>(daemon: TestDaemon, work: () => Promise<Result>) {
  const before = memoryOf(daemon);
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, memoryOf(daemon));
  }, SAMPLE_MS);
  const result = await work().finally(() => clearInterval(sampling));
  return { result, growth: most - before };
}

function memoryOf({ connection }: TestDaemon): number {
  const status = fs.readFileSync(`/proc/${connection.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Longer tags are cut, as MLflow does. */
const LONGEST_TAG = 8_000;

const NUMBERS: readonly (number | string)[] = [
  ...[0, 1e308, -1e308, 5e-324, 0.1, 2 ** 53, 2 ** 63, 1 / 3],
  ...['NaN', 'Infinity', '-Infinity', '-0.0', '1e400', 'one', ''],
];
const STEPS: readonly (number | string)[] = [
  ...[0, -1, 2 ** 31, 2 ** 53 - 1, 1.5],
  ...['9007199254740993', '9223372036854775807', '-9223372036854775808', '9223372036854775808'],
];
const TEXTS: readonly string[] = [
  ...[
    '\0',
    'a\0b',
    '\ud800',
    '\u202eabc',
    '\ufeffa',
    '😀',
    'e\u0301',
    '\n',
    'a'.repeat(10_000),
    'x y',
    '/',
    'a//b',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '..',
    '.',
    "'",
    '"',
    '`',
    '%',
    '😀'.repeat(60),
  ],
];

export const oddValues: Check = {
  id: 'N4',
  title: 'odd values come back as they were, or are refused',
  trial: {
    counts: { full: 1, quick: 1, test: 1 },
    run: async () => {
      const daemon = await startDaemon({ main: BUILT_MAIN });
      try {
        const wire = new MlflowWire(daemon);
        const { runId } = await wire.startRun();
        const outcomes = [...(await tryNumbers(wire, runId)), ...(await tryTexts(wire, runId))];
        for (const outcome of outcomes) if (!outcome.fine) console.error(outcome.told);
        const about = await daemon.client.fetch('/api/v1/about');
        return {
          'values tried': exactly(outcomes.length, NUMBERS.length + STEPS.length + TEXTS.length * 3),
          'values neither kept nor refused': none(outcomes.filter(({ fine }) => !fine).length),
          'answer of the daemon afterwards': exactly(about.status, 200),
        };
      } finally {
        await daemon.dispose();
      }
    },
  },
};

interface Outcome {
  readonly fine: boolean;
  readonly told: string;
}

async function tryNumbers(wire: MlflowWire, runId: string): Promise<Outcome[]> {
  const asked = [
    ...NUMBERS.map(value => ({ value, step: 1 as number | string })),
    ...STEPS.map(step => ({ value: 1 as number | string, step })),
  ];
  const outcomes: Outcome[] = [];
  for (const [index, { value, step }] of asked.entries()) {
    const key = `k${index}`;
    const metric = { key, value, step, timestamp: 1 };
    const sent =
      index % 2 === 0
        ? await wire.call('POST', 'runs/log-metric', { run_id: runId, ...metric })
        : await wire.call('POST', 'runs/log-batch', { run_id: runId, metrics: [metric] });
    const told = `metric ${value} at step ${step}: ${sent.status} ${sent.body}`;
    if (sent.status !== 200) {
      outcomes.push({ fine: sent.status === 400, told });
      continue;
    }
    const { metrics } = await wire.read<{ metrics: { value: number | string; step: number | string }[] }>(
      'metrics/get-history',
      { run_id: runId, metric_key: key },
    );
    const [kept] = metrics;
    const fine =
      metrics.length === 1 &&
      Object.is(Number(kept?.value), asMlflowKeeps(Number(value))) &&
      String(kept?.step) === String(step);
    outcomes.push({ fine, told: `${told}, kept as ${JSON.stringify(kept)}` });
  }
  return outcomes;
}

/** MLflow's stores have no infinities and no negative zero. */
function asMlflowKeeps(value: number): number {
  if (Number.isNaN(value)) return value;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value)) + 0;
}

async function tryTexts(wire: MlflowWire, runId: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const text of TEXTS)
    for (const [route, body, list] of [
      ['log-parameter', { key: text, value: 'v' }, 'params'],
      ['set-tag', { key: `tag ${TEXTS.indexOf(text)}`, value: text }, 'tags'],
      ['set-tag', { key: text, value: 'v' }, 'tags'],
    ] as const) {
      const sent = await wire.call('POST', `runs/${route}`, { run_id: runId, ...body });
      const told = `${route} ${JSON.stringify(body).slice(0, 100)}: ${sent.status} ${sent.body}`;
      const fine = sent.status === 200 ? await isKept(wire, runId, list, body) : sent.status === 400;
      outcomes.push({ fine, told });
    }
  return outcomes;
}

async function isKept(
  wire: MlflowWire,
  runId: string,
  list: 'params' | 'tags',
  wanted: { key: string; value: string },
): Promise<boolean> {
  const { run } = await wire.read<{ run: { data: Partial<Record<'params' | 'tags', (typeof wanted)[]>> } }>(
    'runs/get',
    { run_id: runId },
  );
  return (
    run.data[list]?.some(
      ({ key, value }) => key === wanted.key && value === wanted.value.slice(0, LONGEST_TAG),
    ) ?? false
  );
}
