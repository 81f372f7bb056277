/** N2: what three clients do, in any order and with restarts in between, comes to what a model in memory says. */
import fc from 'fast-check';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { type Answer, MlflowWire } from '../support/mlflow.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { atLeast, type Check, exactly, none } from './check.ts';

const CLIENTS = 3;
const LONGEST = 50;
const SEED = 5;
const KEYS = ['a', 'b', 'loss/val'];
const VALUES = ['x', '', 'größer', "it's"];

export const sequencesOfCalls: Check = {
  id: 'N2',
  title: 'sequences of calls by three clients, with restarts inside, come to what a model says',
  trial: {
    counts: { full: 1_000, quick: 50, test: 10 },
    run: async count => {
      const place = testPlace();
      const total = { calls: 0, refusals: 0, restarts: 0, differences: 0 };
      let daemon = await startDaemon({ place, main: BUILT_MAIN });
      try {
        const restart = async () => {
          await (total.restarts % 2 === 0 ? daemon.kill() : daemon.stop());
          daemon = await startDaemon({ place, main: BUILT_MAIN });
          total.restarts += 1;
          return daemon;
        };
        for (const [index, turns] of fc.sample(sequence, { numRuns: count, seed: SEED }).entries()) {
          const found = await play(turns, daemon, restart);
          total.calls += found.calls;
          total.refusals += found.refusals;
          total.differences += found.differences.length;
          for (const difference of found.differences)
            console.error(`N2, sequence ${index} of seed ${SEED}: ${difference}`);
        }
        await daemon.stop();
      } finally {
        place.remove();
      }
      return {
        sequences: exactly(count, count),
        calls: atLeast(total.calls, count),
        'calls that were refused, as they should be': atLeast(total.refusals, 1),
        restarts: atLeast(total.restarts, 1),
        differences: none(total.differences),
      };
    },
  },
};

type Call =
  | { readonly kind: 'start'; readonly name: string }
  | { readonly kind: 'metric'; readonly key: string; readonly value: number; readonly step: number }
  | { readonly kind: 'param' | 'tag'; readonly key: string; readonly value: string }
  | { readonly kind: 'batch'; readonly values: readonly { readonly key: string; readonly value: string }[] }
  | { readonly kind: 'deleteTag'; readonly key: string }
  | { readonly kind: 'end'; readonly status: string }
  | { readonly kind: 'delete' | 'restore' };

/** What each client does at the same time as the others, to which of its runs; or a restart. */
type Turn = 'restart' | readonly { readonly call: Call; readonly run: number }[];

const key = fc.constantFrom(...KEYS);
const value = fc.constantFrom(...VALUES);
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ kind: fc.constant('start' as const), name: value }),
  fc.record({
    kind: fc.constant('metric' as const),
    key,
    value: fc.constantFrom(0, 1.5, -2, 1e300),
    step: fc.integer({ min: -1, max: 2 }),
  }),
  fc.record({ kind: fc.constantFrom('param' as const, 'tag' as const), key, value }),
  fc.record({
    kind: fc.constant('batch' as const),
    values: fc.uniqueArray(fc.record({ key, value }), { selector: each => each.key, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('deleteTag' as const), key }),
  fc.record({
    kind: fc.constant('end' as const),
    status: fc.constantFrom('FINISHED', 'FAILED', 'KILLED', 'RUNNING'),
  }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'restore' as const) }),
);
const sequence: fc.Arbitrary<Turn[]> = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant('restart' as const) },
    {
      weight: 60,
      arbitrary: fc.array(fc.record({ call, run: fc.nat(2) }), { minLength: CLIENTS, maxLength: CLIENTS }),
    },
  ),
  { minLength: 1, maxLength: LONGEST },
);

async function play(turns: readonly Turn[], first: TestDaemon, restart: () => Promise<TestDaemon>) {
  let wire = new MlflowWire(first);
  const { experiment_id: experiment } = await wire.post<{ experiment_id: string }>('experiments/create', {
    name: `sequence ${Math.random()}`,
  });
  const clients = Array.from({ length: CLIENTS }, () => new Client(experiment));
  const differences: string[] = [];
  for (const turn of turns) {
    if (turn === 'restart') wire = new MlflowWire(await restart());
    else await Promise.all(turn.map(({ call, run }, index) => clients[index]?.make(wire, call, run)));
  }
  for (const client of clients) differences.push(...client.differences, ...(await client.compare(wire)));
  differences.push(
    ...(await compareSearch(
      wire,
      experiment,
      clients.flatMap(client => client.runs),
    )),
  );
  return {
    differences,
    calls: clients.reduce((sum, client) => sum + client.calls, 0),
    refusals: clients.reduce((sum, client) => sum + client.refusals, 0),
  };
}

/** A run as it must be. */
interface ModelRun {
  readonly id: string;
  status: string;
  deleted: boolean;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  /** The last value of each metric. All are logged at one time, so that step and value tell which it is. */
  readonly metrics: Map<string, { readonly step: number; readonly value: number }>;
}

/** One client's runs, as they are in the daemon and as they should be. */
class Client {
  readonly runs: ModelRun[] = [];
  readonly differences: string[] = [];
  calls = 0;
  refusals = 0;
  readonly #experiment: string;

  constructor(experiment: string) {
    this.#experiment = experiment;
  }

  /** Makes a call to one of its runs, and compares what comes of it. */
  async make(wire: MlflowWire, call: Call, place: number): Promise<void> {
    if (call.kind === 'start') return this.#start(wire, call.name);
    const run = this.runs[place % Math.max(1, this.runs.length)];
    if (!run) return;
    const expected = change(run, call);
    const { status, body } = await send(wire, run.id, call);
    this.calls += 1;
    if (expected !== 200) this.refusals += 1;
    if (status !== expected)
      this.differences.push(`${JSON.stringify(call)}: ${status} ${body}, where the model says ${expected}`);
  }

  /** What is otherwise than it should be. */
  async compare(wire: MlflowWire): Promise<string[]> {
    const differences: string[] = [];
    for (const run of this.runs) {
      const found = described(await wire.read<{ run: WireRun }>('runs/get', { run_id: run.id }));
      const expected = JSON.stringify({
        status: run.status,
        deleted: run.deleted,
        params: sorted(run.params),
        tags: sorted(run.tags),
        metrics: sorted(run.metrics),
      });
      if (found !== expected) differences.push(`${found}, where the model says ${expected}`);
    }
    return differences;
  }

  async #start(wire: MlflowWire, name: string): Promise<void> {
    const { run } = await wire.post<{ run: WireRun }>('runs/create', {
      experiment_id: this.#experiment,
      run_name: name,
      start_time: 1,
    });
    this.calls += 1;
    this.runs.push({
      id: run.info.run_id,
      status: 'RUNNING',
      deleted: false,
      params: new Map(),
      tags: new Map(),
      metrics: new Map(),
    });
  }
}

/** Changes the model as the call should. @returns the status that it should get */
function change(run: ModelRun, call: Exclude<Call, { kind: 'start' }>): number {
  if (call.kind === 'restore') {
    run.deleted = false;
    return 200;
  }
  if (call.kind === 'delete') {
    run.deleted = true;
    return 200;
  }
  if (run.deleted) return 400;
  switch (call.kind) {
    case 'metric': {
      const last = run.metrics.get(call.key);
      const later = !last || call.step > last.step || (call.step === last.step && call.value > last.value);
      if (later) run.metrics.set(call.key, { step: call.step, value: call.value });
      return 200;
    }
    case 'param':
      return setParams(run, [call]);
    case 'batch':
      return setParams(run, call.values);
    case 'tag':
      run.tags.set(call.key, call.value);
      return 200;
    case 'deleteTag':
      return run.tags.delete(call.key) ? 200 : 404;
    case 'end':
      run.status = call.status;
      return 200;
  }
}

/** All of them or none: one that has another value already is not changed. */
function setParams(run: ModelRun, values: readonly { key: string; value: string }[]): number {
  if (values.some(({ key, value }) => (run.params.get(key) ?? value) !== value)) return 400;
  for (const { key, value } of values) run.params.set(key, value);
  return 200;
}

function send(wire: MlflowWire, id: string, call: Exclude<Call, { kind: 'start' }>): Promise<Answer> {
  const run_id = id;
  switch (call.kind) {
    case 'metric':
      return wire.call('POST', 'runs/log-metric', { run_id, ...call, timestamp: 1 });
    case 'param':
      return wire.call('POST', 'runs/log-parameter', { run_id, key: call.key, value: call.value });
    case 'tag':
      return wire.call('POST', 'runs/set-tag', { run_id, key: call.key, value: call.value });
    case 'batch':
      return wire.call('POST', 'runs/log-batch', { run_id, params: call.values });
    case 'deleteTag':
      return wire.call('POST', 'runs/delete-tag', { run_id, key: call.key });
    case 'end':
      return wire.call('POST', 'runs/update', { run_id, status: call.status, end_time: 2 });
    case 'delete':
    case 'restore':
      return wire.call('POST', `runs/${call.kind}`, { run_id });
  }
}

/** A run as the protocol has it. */
interface WireRun {
  readonly info: { readonly run_id: string; readonly status: string; readonly lifecycle_stage: string };
  readonly data: {
    readonly params?: readonly { key: string; value: string }[];
    readonly tags?: readonly { key: string; value: string }[];
    readonly metrics?: readonly { key: string; value: number; step: string | number }[];
  };
}

function described({ run: { info, data } }: { run: WireRun }): string {
  const texts = (pairs: readonly { key: string; value: string }[] = []) =>
    new Map(pairs.map(({ key, value }) => [key, value]));
  const metrics = (data.metrics ?? []).map(
    ({ key, step, value }) => [key, { step: Number(step), value }] as const,
  );
  return JSON.stringify({
    status: info.status,
    deleted: info.lifecycle_stage === 'deleted',
    params: sorted(texts(data.params)),
    tags: sorted(texts(data.tags?.filter(({ key }) => !key.startsWith('mlflow.')))),
    metrics: sorted(new Map(metrics)),
  });
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Compares what a search finds with what it should. */
async function compareSearch(
  wire: MlflowWire,
  experiment: string,
  runs: readonly ModelRun[],
): Promise<string[]> {
  const { runs: page = [] } = await wire.post<{ runs?: WireRun[] }>('runs/search', {
    experiment_ids: [experiment],
    filter: "metrics.a > 0 and params.b != 'x'",
    max_results: 1_000,
  });
  const found = page.map(({ info }) => info.run_id).sort();
  const expected = runs
    .filter(({ deleted, metrics, params }) => {
      const [metric, param] = [metrics.get('a'), params.get('b')];
      return !deleted && metric !== undefined && metric.value > 0 && param !== undefined && param !== 'x';
    })
    .map(({ id }) => id)
    .sort();
  if (JSON.stringify(found) === JSON.stringify(expected)) return [];
  return [`a search finds ${found.length} runs, where the model says ${expected.length}`];
}
