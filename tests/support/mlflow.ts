/** A bare client of the MLflow protocol: what the Python client puts on the wire, and nothing else. */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { TestDaemon } from './daemon.ts';

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON; fails when it is none. */
  json<Shape = Record<string, unknown>>(): Shape;
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Speaks to one daemon with its tracking token. */
export class MlflowWire {
  readonly #url: URL;
  readonly #token: string;

  constructor(
    daemon: Pick<TestDaemon, 'url'> & { readonly secrets: Pick<TestDaemon['secrets'], 'tracking'> },
    token: string = daemon.secrets.tracking,
  ) {
    this.#url = new URL(daemon.url);
    this.#token = token;
  }

  /** Sends a request with its path as it is: unlike fetch, this does not tidy `..` and `%2e` away. */
  send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          host: this.#url.hostname,
          port: this.#url.port,
          method,
          path,
          headers: {
            authorization: `Basic ${Buffer.from(`modelthat:${this.#token}`).toString('base64')}`,
            ...(body === undefined || headers['transfer-encoding']
              ? {}
              : { 'content-length': Buffer.byteLength(body) }),
            ...headers,
          },
        },
        response => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const whole = Buffer.concat(chunks);
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: whole,
              json: <Shape>() => JSON.parse(whole.toString('utf8')) as Shape,
            });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  /** A GET of `/api/2.0/mlflow/…`. */
  get(route: string, query: Query = {}): Promise<Answer> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      for (const item of Array.isArray(value) ? value : [value])
        if (item !== undefined) search.append(name, String(item));
    return this.send('GET', `/api/2.0/mlflow/${route}?${search}`);
  }

  /** A request with a JSON body to `/api/2.0/mlflow/…`. */
  call(method: 'POST' | 'PATCH' | 'DELETE', route: string, body: object): Promise<Answer> {
    return this.send(method, `/api/2.0/mlflow/${route}`, JSON.stringify(body), {
      'content-type': 'application/json',
    });
  }

  /** A POST that must succeed. @returns its JSON */
  async post<Shape = Record<string, unknown>>(route: string, body: object): Promise<Shape> {
    return succeeded<Shape>(await this.call('POST', route, body));
  }

  /** A GET that must succeed. @returns its JSON */
  async read<Shape = Record<string, unknown>>(route: string, query: Query = {}): Promise<Shape> {
    return succeeded<Shape>(await this.get(route, query));
  }

  /** Uploads to the artifact proxy. */
  async upload(path: string, content: string | Uint8Array): Promise<void> {
    succeeded(await this.send('PUT', proxyPath(path), content));
  }

  /** Makes an experiment and a run in it. */
  async startRun(
    name = `e${Math.random()}`,
  ): Promise<{ runId: string; experimentId: string; artifacts: string }> {
    const { experiment_id: experimentId } = await this.post<{ experiment_id: string }>('experiments/create', {
      name,
    });
    const { run } = await this.post<{ run: { info: { run_id: string; artifact_uri: string } } }>(
      'runs/create',
      {
        experiment_id: experimentId,
        start_time: 1000,
      },
    );
    return {
      runId: run.info.run_id,
      experimentId,
      artifacts: run.info.artifact_uri.replace('mlflow-artifacts:/', ''),
    };
  }
}

/** The proxy's path for an artifact, encoded as the Python client does it. */
export function proxyPath(path: string): string {
  return `/api/2.0/mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The JSON of an answer that must be a success. */
export function succeeded<Shape = Record<string, unknown>>(answer: Answer): Shape {
  assert.equal(answer.status, 200, answer.body.toString());
  return answer.json<Shape>();
}

/** Checks that an answer is this error. @param message the text, or a part of it */
export function assertError(answer: Answer, status: number, code: string, message: string | RegExp): void {
  const body = answer.json<{ error_code: string; message: string }>();
  assert.deepEqual({ status: answer.status, code: body.error_code }, { status, code }, body.message);
  if (typeof message === 'string')
    assert.ok(body.message.includes(message), `${body.message} has no: ${message}`);
  else assert.match(body.message, message);
}
