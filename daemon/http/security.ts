/**
 * The checks every request passes before any router sees it, so that no new route can miss them. In this order: Host,
 * Origin and Sec-Fetch-Site, token, content type, declared body length.
 */
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';
import { BODY_LIMIT } from './body.ts';
import { type Tokens, tokenOf } from './tokens.ts';

/** The one path that is answered without a token. */
const HEALTH_PATH = '/health';

/** Routes whose bodies are not JSON (uploads, predictions): method and beginning of the path. */
const RAW_BODIES: readonly { readonly method: string; readonly prefix: string }[] = [
  { method: 'PUT', prefix: '/api/2.0/mlflow-artifacts/artifacts/' },
  { method: 'PUT', prefix: '/ajax-api/2.0/mlflow-artifacts/artifacts/' },
  { method: 'PUT', prefix: '/api/2.0/mlflow-artifacts/mpu/parts/' },
  { method: 'POST', prefix: '/ajax-api/2.0/mlflow/upload-artifact' },
  // Nothing is there: MLflow's clients, which send traces to it in another format, are to be told so.
  { method: 'POST', prefix: '/v1/traces' },
  { method: 'POST', prefix: '/serve/' },
  { method: 'POST', prefix: '/v2/models/' },
];

const MLFLOW_PATH = /^\/(ajax-)?api\/[23]\.0\//;
const MLFLOW_CHECKED_METHODS = ['POST', 'PUT'];
const CHECKED_METHODS = ['POST', 'PUT', 'PATCH'];

const principals = new WeakMap<IncomingMessage, Principal>();

/** Who sent a request that has passed the checks. */
export function principalOf(request: IncomingMessage): Principal {
  const principal = principals.get(request);
  if (!principal) throw new ApiError('UNAUTHENTICATED', UNAUTHENTICATED_MESSAGE);
  return principal;
}

const UNAUTHENTICATED_MESSAGE =
  'This needs a valid token: set the variables that `modelthat env` prints, or send "Authorization: Bearer <token>". ' +
  'The token of an upload in parts ends with it, and with the daemon: begin the upload anew.';

/** The checks of one listening address. */
export class Guard {
  readonly #hosts: ReadonlySet<string>;
  readonly #tokens: Tokens;

  constructor(port: number, tokens: Tokens) {
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
    this.#tokens = tokens;
  }

  /**
   * Looks at where a request comes from.
   *
   * @returns true when the request is for `/health` and needs no principal
   * @throws ApiError when it may not pass
   */
  admit(request: IncomingMessage): boolean {
    this.#checkHost(request);
    checkOrigin(request);
    return isHealth(request);
  }

  /** Knows a request's principal from then on. @throws ApiError when it may not pass */
  authenticate(request: IncomingMessage): void {
    const token = tokenOf(request.headers.authorization);
    const principal = token === undefined ? undefined : this.#tokens.principalOf(token);
    if (!principal) throw new ApiError('UNAUTHENTICATED', UNAUTHENTICATED_MESSAGE);
    principals.set(request, principal);
    if (!hasRawBody(request)) checkBody(request);
  }

  /** Against DNS rebinding: a page of another site reaches us only under that site's name. */
  #checkHost(request: IncomingMessage): void {
    const hosts = request.rawHeaders.filter((_, index) => index % 2 === 0 && isHostHeader(request, index));
    const relative = request.url?.startsWith('/') === true;
    if (!relative || hosts.length !== 1 || !this.#hosts.has(request.headers.host ?? '')) {
      throw new ApiError(
        'PERMISSION_DENIED',
        'The Host header does not name this daemon; use its address as given.',
      );
    }
  }
}

function isHostHeader(request: IncomingMessage, index: number): boolean {
  return request.rawHeaders[index]?.toLowerCase() === 'host';
}

/** No page of ours is served over HTTP, so a request that a page makes is a foreign one. */
function checkOrigin(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  if (request.headers.origin !== undefined || (site !== undefined && site !== 'none')) {
    throw new ApiError('PERMISSION_DENIED', 'Requests from web pages are refused.');
  }
}

/** Whether the request is for `/health`, with or without a query. */
function isHealth(request: IncomingMessage): boolean {
  const { method, url = '' } = request;
  return (
    (method === 'GET' || method === 'HEAD') && (url === HEALTH_PATH || url.startsWith(`${HEALTH_PATH}?`))
  );
}

function hasRawBody(request: IncomingMessage): boolean {
  const { method, url = '' } = request;
  return RAW_BODIES.some(raw => raw.method === method && url.startsWith(raw.prefix));
}

/** Only JSON that says it is JSON: a page can send other types without asking first. */
function checkBody(request: IncomingMessage): void {
  const { method = '', url = '', headers } = request;
  const mlflow = MLFLOW_PATH.test(url);
  if ((mlflow ? MLFLOW_CHECKED_METHODS : CHECKED_METHODS).includes(method)) {
    const type = headers['content-type'];
    if (mlflow) checkMlflowType(type);
    else if (mediaType(type) !== 'application/json') {
      throw new ApiError(
        'UNSUPPORTED_MEDIA_TYPE',
        `Content-Type must be application/json, not ${type ?? 'missing'}`,
      );
    }
  }
  if (Number(headers['content-length'] ?? 0) > BODY_LIMIT) {
    throw new ApiError('PAYLOAD_TOO_LARGE', `The body is larger than ${BODY_LIMIT} bytes; send it in parts`);
  }
}

/** In the words of the MLflow server, which clients and its own tests know. */
function checkMlflowType(type: string | undefined): void {
  if (type === undefined) {
    throw new ApiError('INVALID_PARAMETER_VALUE', 'Bad Request. Content-Type header is missing.');
  }
  if (mediaType(type) !== 'application/json') {
    throw new ApiError(
      'INVALID_PARAMETER_VALUE',
      "Bad Request. Content-Type must be one of ['application/json'].",
    );
  }
}

/** The type without its parameters, in lower case. */
function mediaType(type: string | undefined): string {
  return (type ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
