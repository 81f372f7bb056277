/** N7: no filter, however made, meets a defect or shows SQL, and no malformed stream holds a connection or gets through. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const SEED = 11;
const AT_ONCE = 8;
const RUNS_PER_FILTER = 5;
const SLOWEST_FILTER_MS = 500;
const CLOSED_WITHIN_MS = 15_000;
const SQL = /\bSELECT\b[\s\S]*\bFROM\b|\bSQLITE_|better-sqlite3|no such column|near "/i;

export const hostileRequests: Check = {
  id: 'N7',
  title: 'no filter and no malformed stream meets a defect',
  trial: {
    // Filters, over five times as many runs.
    counts: { full: 2_000, quick: 200 },
    run: async count => {
      const busy = new Busyness();
      const daemon = await startDaemon({ main: BUILT_MAIN });
      try {
        const wire = new MlflowWire(daemon);
        await logRuns(wire, count * RUNS_PER_FILTER);
        const seen = { defects: 0, slowest: 0, accepted: 0 };
        for (const body of fc.sample(search, { numRuns: count, seed: SEED })) {
          const start = performance.now();
          const { status, body: answer } = await wire.call('POST', 'runs/search', body);
          seen.slowest = Math.max(seen.slowest, performance.now() - start);
          seen.accepted += status === 200 ? 1 : 0;
          if (status < 500 && !SQL.test(answer.toString())) continue;
          seen.defects += 1;
          console.error(
            `${JSON.stringify(body)}: ${status} ${answer.toString().slice(0, 300)} (seed ${SEED})`,
          );
        }
        busy.sample();
        const streams = await Promise.all(malformed(daemon).map(text => sendRaw(daemon, text)));
        for (const { text, closed } of streams)
          if (!closed) console.error(`held its connection: ${JSON.stringify(text.slice(0, 300))}`);
        const health = await fetch(`${daemon.url}/health`);
        return {
          'filters tried': exactly(count, count),
          'filters that met a defect, or showed SQL': none(seen.defects),
          'slowest filter (ms)': onThisMachine(atMost(seen.slowest, SLOWEST_FILTER_MS * busy.factor)),
          'malformed streams': exactly(streams.length, malformed(daemon).length),
          'streams that were answered as if they were sound': none(
            streams.filter(({ answer }) => /HTTP\/1\.1 2\d\d/.test(answer)).length,
          ),
          'streams that held their connection': none(streams.filter(({ closed }) => !closed).length),
          'answer to the next request': exactly(health.status, 200),
        };
      } finally {
        await daemon.dispose();
      }
    },
  },
};

async function logRuns(wire: MlflowWire, count: number): Promise<void> {
  let left = count;
  const client = async () => {
    while (left > 0) {
      left -= 1;
      await wire.post('runs/create', {
        experiment_id: '0',
        start_time: left,
        tags: [{ key: 'kind', value: `t${left % 7}` }],
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

const key = fc.constantFrom(
  ...['metrics.loss', 'params.lr', 'tags.kind', 'tags.`a b`', 'attributes.status', 'attributes.start_time'],
  ...[
    'status',
    'run_id',
    'name',
    'datasets.name',
    'metrics."x"',
    "params.'",
    'nothing.at.all',
    'metrics.',
    '*',
  ],
);
const operator = fc.constantFrom(
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'LIKE',
  'ILIKE',
  'IN',
  'NOT IN',
  'IS NULL',
  '==',
  '',
);
const operand = fc.oneof(
  fc.constantFrom(
    "'t1'",
    "'%'",
    "'%%%%_%_%'",
    '1',
    '-1.5e300',
    "('a', 'b')",
    '(',
    "'",
    '"x"',
    'NULL',
    'x',
    "'%' ESCAPE '\\'",
  ),
  fc.string({ unit: 'binary' }).map(text => `'${text}'`),
  fc.string(),
);
const comparison = fc.tuple(key, operator, operand).map(parts => parts.join(' '));
const filter = fc.oneof(
  fc.array(comparison, { maxLength: 4 }).map(all => all.join(' AND ')),
  fc.array(comparison, { maxLength: 3 }).map(all => all.join(' OR ')),
  fc.constantFrom(
    '(',
    '1=1; DROP TABLE runs',
    'a'.repeat(50_000),
    "tags.kind = 't1' AND ".repeat(500),
    '--',
    '/**/',
  ),
  fc.string({ unit: 'binary' }),
);
const order = fc.oneof(
  fc.tuple(key, fc.constantFrom('ASC', 'DESC', '', 'NULLS LAST', ', 1')).map(parts => parts.join(' ')),
  fc.string(),
);
const search = fc.record(
  {
    experiment_ids: fc.constant(['0']),
    filter,
    order_by: fc.array(order, { maxLength: 3 }),
    max_results: fc.constant(20),
  },
  { requiredKeys: ['experiment_ids', 'filter'] },
);

/** Streams that are no sound request, with the owner's token all the same. */
function malformed({ connection, secrets }: TestDaemon): string[] {
  const host = `Host: 127.0.0.1:${connection.port}\r\n`;
  const headers = `${host}Authorization: Bearer ${secrets.owner}\r\nContent-Type: application/json\r\n`;
  const post = (more: string, body = '') =>
    `POST /api/2.0/mlflow/runs/create HTTP/1.1\r\n${headers}${more}\r\n${body}`;
  const inner = `GET /api/v1/about HTTP/1.1\r\n${headers}\r\n`;
  return [
    ...[
      '',
      '\r\n\r\n',
      '\0\0\0\0',
      'GET',
      'GET /\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'get / http/1.1\r\n\r\n',
    ],
    ...[
      '\x16\x03\x01\x02\x00\x01\x00',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      `CONNECT evil.test:443 HTTP/1.1\r\n${host}\r\n`,
    ],
    post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${inner}`),
    post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${inner}`),
    post('Content-Length: 5\r\nContent-Length: 6\r\n', `{}   ${inner}`),
    post('Content-Length: 5, 5\r\n', `{}   ${inner}`),
    post('Content-Length: -1\r\n', inner),
    post('Content-Length: 0x2\r\n', `{}${inner}`),
    post('Content-Length: +2\r\n', `{}${inner}`),
    post('Content-Length: 99999999999999999999\r\n', '{}'),
    post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${inner}`),
    post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${inner}`),
    post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${inner}`),
    post('Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n'),
    post('Transfer-Encoding: chunked\r\n', 'ffffffffffffffffff\r\n{}'),
    post('Transfer-Encoding: chunked\r\n', `2;${'x'.repeat(100_000)}\r\n{}\r\n0\r\n\r\n`),
    post(`X-Long: ${'x'.repeat(1024 * 1024)}\r\n`),
    post('X-Bad: a\0b\r\n'),
    post(' folded: header\r\n'),
    post(': no name\r\n'),
    post(Array.from({ length: 5_000 }, (_, index) => `X-${index}: y\r\n`).join('')),
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n${headers}\r\n`,
    `GET /api/v1/about HTTP/1.1\n${headers.replaceAll('\r', '')}`,
    `GET /api/v1/about HTTP/1.1\r\n${headers}`,
  ];
}

interface Sent {
  readonly text: string;
  readonly answer: string;
  /** Whether the connection was ended in time. */
  readonly closed: boolean;
}

/** Sends bytes and nothing after them. */
async function sendRaw(daemon: TestDaemon, text: string): Promise<Sent> {
  const socket = connect(daemon.connection.port, '127.0.0.1').setEncoding('latin1');
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk;
  });
  socket.on('error', () => {});
  const closed = new Promise<boolean>(resolve => socket.once('close', () => resolve(true)));
  socket.write(text, 'latin1');
  const inTime = await Promise.race([closed, pause(CLOSED_WITHIN_MS, false)]);
  socket.destroy();
  return { text, answer, closed: inTime };
}
