/** N1: requests made from the published description of the API, right and wrong ones, never meet a defect. */
import http from 'node:http';
import fc from 'fast-check';
import { drainDaemon, rotateTokens, stopDaemon } from '../../daemon/contract/about.ts';
import { operations } from '../../daemon/contract/api.ts';
import { ErrorBody } from '../../daemon/contract/errors.ts';
import { EVENTS_PATH } from '../../daemon/contract/events.ts';
import type { AnyRoute } from '../../daemon/contract/route.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { registerLinearModel } from '../support/onnx-registration.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atLeast, atMost, type Check, none, onThisMachine } from './check.ts';
import { oddValue, type Schema, valuesOf } from './schema-values.ts';

const SEED = 20_261_122;
const AT_ONCE = 8;
const SLOWEST_REPLY_S = 5;
/** Not called: they would end the test, or wait for what is to come. */
const NOT_CALLED = [stopDaemon.path, drainDaemon.path, rotateTokens.path, EVENTS_PATH, '/metrics'];
/** Refusals of a state and not of a request: what is asked for cannot be had now, or not at all. */
const NO_DEFECTS = [501, 503];
const LONGEST_PART = 1_000;
const LONGEST_QUERY = 4_000;
const BAD_BODIES = ['', '{', 'null', '[]', '"text"', '{"a":1}x', '[[[[', '\ufeff{}', '\u0000'];
const BAD_UTF8 = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]);

export const schemaFuzz: Check = {
  id: 'N1',
  title: 'requests made from the description of the API never meet a defect',
  trial: {
    counts: { full: 20_000, quick: 2_000, test: 300 },
    run: async count => {
      const daemon = await startDaemon({ main: BUILT_MAIN });
      const busy = new Busyness();
      let alive = true;
      void daemon.ended.then(() => {
        alive = false;
      });
      const seen = { sent: 0, succeeded: 0, refused: 0, slowest: 0 };
      const defects: string[] = [];
      const judge = (asked: Asked, answer: Answered) => {
        seen.sent += 1;
        seen.succeeded += answer.status < 300 ? 1 : 0;
        seen.refused += answer.status >= 400 ? 1 : 0;
        seen.slowest = Math.max(seen.slowest, answer.seconds);
        const defect = defectOf(asked, answer);
        if (defect)
          defects.push(
            `${defect}: ${asked.method} ${asked.path.slice(0, 200)} ${String(asked.body).slice(0, 300)}`,
          );
      };
      try {
        const routes = await describedRoutes(daemon, await somethingThere(daemon));
        const requests = fc.sample(fc.oneof(...routes), { numRuns: count, seed: SEED });
        const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
        await Promise.all(
          Array.from({ length: AT_ONCE }, async () => {
            for (let asked = requests.pop(); asked; asked = requests.pop())
              judge(asked, await send(daemon, agent, asked));
          }),
        );
        agent.destroy();
        busy.sample();
        for (const defect of defects.slice(0, 20)) console.error(`${defect} (seed ${SEED})`);
        return {
          'requests answered': atLeast(seen.sent, count),
          'of them successes': atLeast(seen.succeeded, count / 20),
          'of them refusals': atLeast(seen.refused, count / 20),
          'answers that show a defect, or are not as described': none(defects.length),
          'daemons that ended': none(alive ? 0 : 1),
          'slowest answer (s)': onThisMachine(atMost(seen.slowest, SLOWEST_REPLY_S * busy.factor)),
        };
      } finally {
        await daemon.dispose();
      }
    },
  },
};

/** A request, and the operation of the contract that it is made for. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string | Buffer | undefined;
  readonly route: AnyRoute | undefined;
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly json: boolean;
  readonly seconds: number;
}

/** What is wrong with an answer; undefined when nothing is. */
function defectOf({ route }: Asked, { status, text, json }: Answered): string | undefined {
  if (status >= 500 && !NO_DEFECTS.includes(status)) return `${status} ${text.slice(0, 200)}`;
  if (status >= 400) {
    // What is no HTTP is refused by Node, before anything of ours.
    const isError = ErrorBody.safeParse(parsed(text)).success || (status === 400 && text === '');
    return isError ? undefined : `no error body in ${status} ${text.slice(0, 100)}`;
  }
  if (route) return differenceTo(route, text);
  return json && parsed(text) === undefined ? `no JSON in ${status} ${text.slice(0, 100)}` : undefined;
}

function differenceTo(route: AnyRoute, text: string): string | undefined {
  const reply = route.reply.safeParse(parsed(text));
  return reply.success ? undefined : `the reply is not as described: ${reply.error.message.slice(0, 200)}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId?: string;
  readonly parameters: readonly { name: string; in: 'path' | 'query'; required: boolean; schema: Schema }[];
  readonly requestBody?: { readonly content: { 'application/json': { schema: Schema } } };
}

/** Requests to each described route. @param known values of things that are there, by the names of fields */
async function describedRoutes(daemon: TestDaemon, known: Known): Promise<fc.Arbitrary<Asked>[]> {
  const description = (await (await daemon.client.fetch('/openapi.json')).json()) as Description;
  return Object.entries(description.paths)
    .filter(([path]) => !NOT_CALLED.includes(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) =>
        requestTo(method.toUpperCase(), path, operation, known),
      ),
    );
}

type Known = Readonly<Record<string, readonly unknown[]>>;

function requestTo(method: string, path: string, operation: Operation, known: Known): fc.Arbitrary<Asked> {
  const named = (name: string, schema: Schema) =>
    known[name]
      ? fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom(...known[name]) },
          { weight: 1, arbitrary: valuesOf(schema) },
        )
      : valuesOf(schema);
  const inPath = operation.parameters.filter(parameter => parameter.in === 'path');
  const inQuery = operation.parameters.filter(parameter => parameter.in === 'query');
  const places = fc.record(Object.fromEntries(inPath.map(({ name, schema }) => [name, named(name, schema)])));
  const isDescribed = operation.operationId !== undefined;
  const query =
    isDescribed || method !== 'GET'
      ? fc.record(Object.fromEntries(inQuery.map(({ name, schema }) => [name, named(name, schema)])), {
          requiredKeys: [],
        })
      : fieldsOf(known);
  const schema = operation.requestBody?.content['application/json'].schema;
  const body =
    method === 'GET' ? fc.constant(undefined) : bodyOf(schema ? valuesOf(schema) : fieldsOf(known));
  const route = operations.get(operation.operationId ?? '');
  return fc.tuple(places, query, body).map(([place, search, sent]) => ({
    method,
    path: addressOf(path, place, search),
    body: sent,
    route,
  }));
}

/** Fields of a protocol that is not described in full: each of the known ones, mostly right, and mostly there. */
function fieldsOf(known: Known): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(known).map(([name, values]) => [
    name,
    fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: oddValue }),
  ]);
  return fc.oneof(
    fc.record(Object.fromEntries(fields)),
    fc.record(Object.fromEntries(fields), { requiredKeys: [] }),
  );
}

function bodyOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<string | Buffer> {
  return fc.oneof(
    { weight: 19, arbitrary: value.map(body => JSON.stringify(body) ?? '') },
    { weight: 1, arbitrary: fc.constantFrom<string | Buffer>(...BAD_BODIES, BAD_UTF8, '['.repeat(5_000)) },
  );
}

function addressOf(path: string, place: Record<string, unknown>, search: Record<string, unknown>): string {
  // With nothing in its place it would be another route.
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeText(textOf(place[name])) || '%00');
  const pairs = Object.entries(search).flatMap(([name, value]) =>
    (Array.isArray(value) ? value.slice(0, 20) : [value]).map(
      item => `${encodeURIComponent(name)}=${encodeText(textOf(item))}`,
    ),
  );
  const query = pairs.join('&').slice(0, LONGEST_QUERY);
  return query === '' ? filled : `${filled}?${query}`;
}

function textOf(value: unknown): string {
  // Node refuses a head of more than 16 KiB by itself.
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, LONGEST_PART);
}

function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function send(daemon: TestDaemon, agent: http.Agent, { method, path, body }: Asked): Promise<Answered> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(`${daemon.url}${path}`, {
      agent,
      method,
      headers: {
        authorization: `Bearer ${daemon.secrets.owner}`,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    request.once('error', error => reject(new Error(`${method} ${path}: ${error.message}`)));
    request.once('response', response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          json: response.headers['content-type']?.startsWith('application/json') ?? false,
          seconds: (performance.now() - start) / 1000,
        }),
      );
    });
    request.end(body);
  });
}

/** Makes one of each thing. @returns values for fields, by their names in both protocols */
async function somethingThere(daemon: TestDaemon): Promise<Known> {
  const wire = new MlflowWire(daemon);
  const { runId, experimentId, artifacts } = await wire.startRun('fuzzed');
  await wire.upload(`${artifacts}/folder/file.txt`, 'content');
  await registerLinearModel(daemon.client, 'model', [1, 2]);
  const { model } = await wire.post<{ model: { info: { model_id: string } } }>('logged-models', {
    experiment_id: experimentId,
    name: 'logged',
  });
  const metric = { key: 'loss', value: 0.5, timestamp: 1, step: 1 };
  const filters = [
    'metrics.loss < 1',
    "params.a = 'b' AND tags.`x y` LIKE '%'",
    "attributes.status IN ('RUNNING')",
    "name ILIKE 'm%'",
  ];
  return {
    runId: [runId],
    run_id: [runId],
    run_ids: [[runId]],
    experimentId: [experimentId],
    experiment_id: [experimentId, '0'],
    experiment_ids: [[experimentId, '0']],
    experiment_name: ['fuzzed'],
    name: ['model', 'fuzzed', 'new name'],
    new_name: ['model', 'newer name'],
    modelId: [model.info.model_id],
    model_id: [model.info.model_id],
    version: ['1'],
    stage: ['Staging', 'Production', 'None', 'Archived'],
    archive_existing_versions: [true, false],
    alias: ['champion'],
    key: ['loss', 'a', 'tag'],
    tag_key: ['tag'],
    value: [0.5, 'text', '1'],
    timestamp: [1_700_000_000_000],
    step: [0, 1],
    start_time: [1_700_000_000_000],
    end_time: [1_700_000_000_001],
    status: ['RUNNING', 'FINISHED', 'FAILED'],
    metrics: [[metric], [metric, { ...metric, step: 2 }]],
    params: [[{ key: 'a', value: 'b' }]],
    tags: [[{ key: 'tag', value: 'x' }]],
    filter: filters,
    filter_string: filters,
    order_by: [['metrics.loss DESC'], ['attributes.start_time ASC', 'name']],
    max_results: [1, 10, 100],
    page_token: [''],
    run_view_type: ['ACTIVE_ONLY', 'ALL'],
    view_type: ['ACTIVE_ONLY', 'ALL', 'DELETED_ONLY'],
    metric_key: ['loss'],
    metric_keys: [['loss', 'accuracy']],
    source: [`mlflow-artifacts:/${artifacts}/folder`],
    description: ['text'],
    path: [`${artifacts}/folder/file.txt`, 'folder', 'folder/file.txt', 'new.txt'],
    datasets: [[{ dataset: { name: 'd', digest: '1', source_type: 'local', source: 's' }, tags: [] }]],
    models: [[{ model_id: model.info.model_id }]],
    artifact_location: [''],
  };
}
