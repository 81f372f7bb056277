/**
 * Records anew what clients send and the MLflow server answers (`node tests/conformance/transcripts/record.ts`), into
 * `tests/daemon/mlflow/transcripts/recorded`: of the official clients the flows of `flows.py`, with a proxy between the
 * client and the server of the same version; of clients in other languages, whose requests are in `clients/` as their
 * sources make them, the answers of the newest server.
 */
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { MlflowWire } from '../../support/mlflow.ts';
import { type MlflowServer, startMlflowServer } from '../../support/mlflow-server.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';
import {
  CLIENT_HEADERS,
  type Exchange,
  type Flow,
  type RecordedRequest,
  Replay,
  readTranscript,
  recordedAnswer,
  type Transcript,
} from '../../support/transcript.ts';
import { type Json, Normaliser } from '../normalise.ts';

const VERSIONS = ['mlflow3', 'mlflow2'];
const CLIENTS = path.join(import.meta.dirname, 'clients');
const RECORDED = path.resolve(import.meta.dirname, '../../daemon/mlflow/transcripts/recorded');

/** Files are uploaded and downloaded below this path. */
const PROXY = '/mlflow-artifacts/artifacts/';

/** An answer of the server. */
interface Given {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Stands between a client and a server, and writes down what passes. */
class Recorder {
  readonly flows: { name: string; exchanges: Exchange[] }[] = [];
  readonly #server: MlflowServer;
  readonly #normaliser = new Normaliser({ experiments: 'kept' });

  constructor(server: MlflowServer) {
    this.#server = server;
  }

  async handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://recorder');
    if (url.pathname === '/flow') {
      this.flows.push({ name: url.searchParams.get('name') ?? '', exchanges: [] });
      response.end();
      return;
    }
    const body = await readAll(request);
    const answer = await this.#forward(request, body);
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
    this.flows.at(-1)?.exchanges.push({
      request: this.#request(request, body),
      answer: recordedAnswer(answer, this.#normaliser),
    });
  }

  #forward(request: http.IncomingMessage, body: Buffer): Promise<Given> {
    return new Promise((resolve, reject) => {
      const options = {
        method: request.method,
        headers: { ...request.headers, 'accept-encoding': 'identity' },
      };
      const sent = http.request(this.#server.url + request.url, options, async answer => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: await readAll(answer) });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  #request({ method = '', url = '', headers }: http.IncomingMessage, body: Buffer): RecordedRequest {
    const own = CLIENT_HEADERS.flatMap(name => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    return {
      method,
      path: String(this.#normaliser.masked(url)),
      headers: Object.fromEntries(own),
      ...this.#sent(url, headers, body),
    };
  }

  /** A message as it is, of a file its length. */
  #sent(
    url: string,
    headers: http.IncomingHttpHeaders,
    body: Buffer,
  ): Pick<RecordedRequest, 'body' | 'bytes'> {
    if (url.includes(PROXY)) return headers['content-type'] ? { bytes: body.length } : {};
    return body.length > 0
      ? { body: this.#normaliser.masked(JSON.parse(body.toString('utf8')) as Json) }
      : {};
  }
}

async function readAll(stream: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Runs the flows with one version of client and server. */
async function record(version: string): Promise<Transcript> {
  const python = await ensurePythonEnvironment(
    path.join(import.meta.dirname, `../requirements-${version}.txt`),
  );
  const server = await startMlflowServer(python);
  const recorder = new Recorder(server);
  const proxy = http.createServer((request, response) => void recorder.handle(request, response));
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as { port: number };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-flows-'));
  try {
    fs.copyFileSync(path.join(import.meta.dirname, 'flows.py'), path.join(folder, 'flows.py'));
    await execa(python, ['-X', 'utf8', 'flows.py'], {
      cwd: folder,
      // What the client tells of who and where it is: the same wherever this is recorded.
      env: {
        MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}`,
        LOGNAME: 'ada',
        USER: 'ada',
        PYTHONDONTWRITEBYTECODE: '1',
      },
      stdio: 'inherit',
    });
    const { stdout: number } = await execa(python, ['-c', 'import mlflow; print(mlflow.__version__)']);
    return {
      client: `mlflow ${number} (Python)`,
      source: `recorded with the MLflow server ${number}`,
      flows: recorder.flows,
    };
  } finally {
    proxy.close();
    await server.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** One exchange a line: so that a change shows as what it is. */
function write(file: string, { client, source, flows }: Transcript): void {
  const flow = ({ name, exchanges }: Flow) =>
    `{"name":${JSON.stringify(name)},"exchanges":[\n${exchanges.map(each => JSON.stringify(each)).join(',\n')}\n]}`;
  fs.writeFileSync(
    file,
    `{"client":${JSON.stringify(client)},"source":${JSON.stringify(source)},"flows":[\n${flows.map(flow).join(',\n')}\n]}\n`,
  );
}

/** Sends the requests of clients in other languages to the newest server, for each to an empty one. */
async function answerClient(file: string): Promise<Transcript> {
  const python = await ensurePythonEnvironment(path.join(import.meta.dirname, '../requirements-mlflow3.txt'));
  const transcript = readTranscript(path.join(CLIENTS, file));
  const server = await startMlflowServer(python);
  try {
    const replay = new Replay(new MlflowWire({ url: server.url, secrets: { tracking: '' } }));
    const flows = [];
    for (const { name, exchanges } of transcript.flows)
      flows.push({ name, exchanges: await answerAll(replay, exchanges) });
    return { ...transcript, flows };
  } finally {
    await server.dispose();
  }
}

/** Requests with an answer keep it: they are for what the daemon has not, and MLflow has. */
async function answerAll(replay: Replay, exchanges: readonly Partial<Exchange>[]): Promise<Exchange[]> {
  const answered: Exchange[] = [];
  for (const { request, answer } of exchanges)
    if (request) answered.push({ request, answer: answer ?? (await replay.send(request)).answer });
  return answered;
}

const chosen = process.argv.slice(2);
const wanted = (name: string) => chosen.length === 0 || chosen.includes(name);
for (const version of VERSIONS)
  if (wanted(version)) write(path.join(RECORDED, `python-${version}.json`), await record(version));
for (const file of fs.readdirSync(CLIENTS))
  if (wanted(path.parse(file).name)) write(path.join(RECORDED, file), await answerClient(file));
process.exit();
