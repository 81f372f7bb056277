/** Plays a sequence of calls to the MLflow server and the daemon, and compares their answers. */
import { type Answer, explain, type Pair } from '../differences.ts';
import { type Json, Normaliser } from '../normalise.ts';
import type { Call } from './calls.ts';

/** A server to play to. */
export interface Player {
  readonly url: string;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Two servers on stores of their own. */
export interface Players {
  readonly upstream: Player;
  readonly ours: Player;
}

/** A call that the servers answer differently, and not as intended. */
export interface Finding extends Pair {
  readonly call: Call;
  /** Place of the call in its sequence, from 0. */
  readonly place: number;
}

/** What came of a sequence. */
export interface Outcome {
  readonly calls: number;
  /** How often each intended difference showed. */
  readonly intended: ReadonlyMap<string, number>;
  /** The first difference that is not intended. */
  readonly finding?: Finding;
}

const UNKNOWN_ID = '0123456789abcdef0123456789abcdef';

/** Ids of an answer, by the field that has them. */
const MADE = { run_id: 'run', experiment_id: 'experiment', model_id: 'model' } as const;
type Kind = (typeof MADE)[keyof typeof MADE];

/**
 * Plays calls until the answers differ in a way that is not intended, or in an intended one that leaves the servers in
 * different states.
 *
 * @param name prefix of all names in the sequence; no other sequence has it
 */
export async function play(players: Players, calls: readonly Call[], name: string): Promise<Outcome> {
  const upstream = new Side(players.upstream, name);
  const ours = new Side(players.ours, name);
  const intended = new Map<string, number>();
  for (const [place, call] of calls.entries()) {
    const pair: Pair = {
      question: `${call.method} ${call.path.replace('mlflow/', '')}`,
      ...(await both(upstream.ask(call), ours.ask(call))),
    };
    if (JSON.stringify(pair.upstream) === JSON.stringify(pair.ours)) continue;
    const difference = explain(pair);
    if (!difference) return { calls: place + 1, intended, finding: { ...pair, call, place } };
    intended.set(difference.id, (intended.get(difference.id) ?? 0) + 1);
    if ('error' in pair.upstream !== 'error' in pair.ours) return { calls: place + 1, intended };
  }
  return { calls: calls.length, intended };
}

/** The calls up to a finding, without those that it does not need. */
export async function shorten(
  players: Players,
  calls: readonly Call[],
  finding: Finding,
  newName: () => string,
): Promise<readonly Call[]> {
  let needed = calls;
  for (let place = needed.length - 2; place >= 0; place -= 1) {
    const fewer = needed.toSpliced(place, 1);
    const { finding: still } = await play(players, fewer, newName());
    if (still?.call === finding.call) needed = fewer;
  }
  return needed;
}

async function both(
  upstream: Promise<Answer>,
  ours: Promise<Answer>,
): Promise<Pick<Pair, 'upstream' | 'ours'>> {
  const [theirs, own] = await Promise.all([upstream, ours]);
  return { upstream: theirs, ours: own };
}

/** One server, and what a sequence has made on it. */
class Side {
  readonly #player: Player;
  readonly #name: string;
  readonly #made: Record<Kind, string[]> = { run: [], experiment: [], model: [] };
  #time = 1000;

  constructor(player: Player, name: string) {
    this.#player = player;
    this.#name = name;
  }

  /** Sends a call. @returns its answer, normalised */
  async ask(call: Call): Promise<Answer> {
    this.#time += 1;
    const fields = this.#resolve(call.fields) as Readonly<Record<string, Json>>;
    const path = `/api/2.0/${this.#resolve(call.path)}`;
    const response = await fetch(
      this.#player.url + path + (call.method === 'GET' ? `?${query(fields)}` : ''),
      {
        method: call.method,
        headers: {
          ...this.#player.headers,
          ...(call.method === 'GET' ? {} : { 'content-type': 'application/json' }),
        },
        ...(call.method === 'GET' ? {} : { body: JSON.stringify(fields) }),
      },
    );
    const body = parse(await response.text());
    if (response.ok && call.method === 'POST') this.#remember(body);
    const normal = new Normaliser().value(
      response.ok ? body : { ...asObject(body), status: response.status },
    );
    return (response.ok ? { value: normal } : { error: normal }) as Answer;
  }

  #resolve(value: Json): Json {
    if (typeof value === 'string') return value === '$time' ? this.#time : this.#resolveText(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(item => this.#resolve(item));
    return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, this.#resolve(item)]));
  }

  #resolveText(text: string): string {
    return text
      .replace(/\$(run|experiment|model):(\d+)/g, (_, kind: Kind, index) => this.#id(kind, Number(index)))
      .replace(/\$name/gi, this.#name);
  }

  #id(kind: Kind, index: number): string {
    const unknown = { run: UNKNOWN_ID, experiment: '987654321', model: `m-${UNKNOWN_ID}` };
    return this.#made[kind][index] ?? unknown[kind];
  }

  /** Keeps the id of what a call made. */
  #remember(body: Json): void {
    const { run, model, experiment_id } = asObject(body);
    const made = { run_id: info(run).run_id, model_id: info(model).model_id, experiment_id };
    for (const [field, kind] of Object.entries(MADE)) {
      const id = made[field as keyof typeof MADE];
      if (typeof id === 'string' && !this.#made[kind].includes(id)) this.#made[kind].push(id);
    }
  }
}

function info(made: Json | undefined): Readonly<Record<string, Json>> {
  return asObject(asObject(made).info);
}

function asObject(value: Json | undefined): Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : {};
}

/** The body as JSON; null for a page of HTML. */
function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function query(fields: Readonly<Record<string, Json>>): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const item of Array.isArray(value) ? (value as Json[]) : [value])
      search.append(name, typeof item === 'object' ? JSON.stringify(item) : String(item));
  return search;
}
