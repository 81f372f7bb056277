/** Transcripts of what clients send and a server answers, and their replay to a daemon. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { Json } from '../conformance/normalise.ts';
import { Normaliser } from '../conformance/normalise.ts';
import { startDaemon, type TestDaemon } from './daemon.ts';
import { type Answer, MlflowWire } from './mlflow.ts';

/** What one client sends for some flows, in their order: later flows may use what earlier ones made. */
export interface Transcript {
  /** The client and its version. */
  readonly client: string;
  /** Where its requests are from: recorded with a server of this version, or the client's source files. */
  readonly source: string;
  readonly flows: readonly Flow[];
}

/** One thing that a person does with the client. */
export interface Flow {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
}

/** A request and its answer. Ids are told by their order of appearance: `<id 1>`; `<time>` is some time. */
export interface Exchange {
  readonly request: RecordedRequest;
  readonly answer: RecordedAnswer;
}

export interface RecordedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON body. */
  readonly body?: Json;
  /** Length of a body that is a file. */
  readonly bytes?: number;
}

export interface RecordedAnswer {
  readonly status: number;
  readonly body?: Json;
  /** Length of a body that is a file. */
  readonly bytes?: number;
}

/** Fields of MLflow's answers that tell of what a server does: ours does other things. */
const UNCOMPARED = new Set([
  'workspace',
  'features_enabled',
  'multipart_uploads_enabled',
  'presigned_upload_model_id_supported',
  'presigned_upload_run_id_supported',
]);

/** Headers that make a client what it is. */
export const CLIENT_HEADERS = ['content-type', 'user-agent', 'x-mlflow-client-version'] as const;

/** Reads a transcript. */
export function readTranscript(file: string): Transcript {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Transcript;
}

/** Tests: the transcript's requests, sent to a daemon of its own, are answered as they were when it was recorded. */
export function itReplays(transcript: Transcript): void {
  describe(`${transcript.client}: ${transcript.source}`, () => {
    let daemon: TestDaemon;
    let replay: Replay;
    before(async () => {
      daemon = await startDaemon();
      replay = new Replay(new MlflowWire(daemon));
    });
    after(() => daemon?.dispose());

    for (const flow of transcript.flows)
      it(flow.name, async () => {
        for (const exchange of flow.exchanges) await replay.check(exchange);
      });
  });
}

/** Sends recorded requests to a server, with the ids that this server gave. */
export class Replay {
  readonly #wire: MlflowWire;
  readonly #normaliser = new Normaliser({ experiments: 'kept' });
  #ownIds = 0;

  constructor(wire: MlflowWire) {
    this.#wire = wire;
  }

  /** Sends a request. @returns the answer as it would be recorded, and its whole text */
  async send(request: RecordedRequest): Promise<{ answer: RecordedAnswer; text: string }> {
    const path = this.#real(request.path).replaceAll(' ', '%20');
    const body = request.body === undefined ? undefined : this.#real(JSON.stringify(request.body));
    const given = await this.#wire.send(
      request.method,
      path,
      request.bytes === undefined ? body : Buffer.alloc(request.bytes, 'x'),
      request.headers,
    );
    // Ids that the client made itself are numbered where they appear, as they were by the recorder.
    this.#normaliser.masked(path);
    if (body !== undefined) this.#normaliser.masked(JSON.parse(body) as Json);
    return { answer: recordedAnswer(given, this.#normaliser), text: given.body.toString() };
  }

  /** Sends a request and checks that it is answered as it was when it was recorded. */
  async check({ request, answer: recorded }: Exchange): Promise<void> {
    const { answer, text } = await this.send(request);
    const what = `${request.method} ${request.path}`;
    assert.equal(answer.status, recorded.status, `${what}: ${text.slice(0, 500)}`);
    if (recorded.bytes !== undefined && request.method === 'GET')
      assert.equal(answer.bytes, recorded.bytes, what);
    if (recorded.body === undefined) return;
    const expected = withoutUncompared(recorded.body);
    if (answer.status === 200) assert.deepEqual(common(answer.body ?? null, expected), expected, what);
    else assert.equal(errorCode(answer.body), errorCode(expected), what);
  }

  /** A recorded text with this server's ids and times in place of the recorder's. */
  #real(text: string): string {
    return text
      .replaceAll('"<time>"', String(Date.now()))
      .replaceAll('<time>', String(Date.now()))
      .replaceAll('<generated name>', 'generated-name-1')
      .replace(/<id \d+>/g, placeholder => this.#normaliser.original(placeholder) ?? this.#ownId());
  }

  /** An id that the client makes. */
  #ownId(): string {
    this.#ownIds += 1;
    return this.#ownIds.toString(16).padStart(32, 'c');
  }
}

/** An answer in the form of a transcript: of a file its length, anything else normalised. */
export function recordedAnswer(
  answer: Pick<Answer, 'status' | 'headers' | 'body'>,
  normaliser: Normaliser,
): RecordedAnswer {
  const { status, headers, body } = answer;
  if (headers['content-disposition'] || !/^application\/json/.test(headers['content-type'] ?? ''))
    return { status, bytes: body.byteLength };
  return { status, body: normaliser.value(JSON.parse(body.toString('utf8')) as Json) };
}

function errorCode(body: Json | undefined): Json | undefined {
  return isObject(body ?? null) ? (body as { error_code?: string }).error_code : undefined;
}

/** The value without the fields that the daemon does not answer with (see `docs/compatibility.md`). */
function withoutUncompared(recorded: Json): Json {
  return JSON.parse(
    JSON.stringify(recorded, (name, item) => (UNCOMPARED.has(name) ? undefined : item)),
  ) as Json;
}

/** The part of `given` that is in `recorded` too. */
function common(given: Json, recorded: Json): Json {
  if (Array.isArray(given) && Array.isArray(recorded))
    return given.map((item, index) => common(item as Json, (recorded[index] ?? null) as Json));
  if (!isObject(given) || !isObject(recorded)) return given;
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => Object.hasOwn(recorded, name))
      .map(([name, item]) => [name, common(item, recorded[name] ?? null)]),
  );
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
