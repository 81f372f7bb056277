/** Listening: the guard, then the router, on 127.0.0.1 and ::1. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PROOF_HEADER, proofOf } from '../client/connection.ts';
import type { ApiError } from '../contract/errors.ts';
import type { Logger } from '../log.ts';
import { sendError, toApiError } from './errors.ts';
import { Guard } from './security.ts';
import type { Tokens } from './tokens.ts';

/** Longer than the pause after which MLflow's clients give up an idle connection of their pool. */
const KEEP_ALIVE_MS = 65_000;
const HEADERS_TIMEOUT_MS = 10_000;
const CONNECTION_CHECK_MS = 2_000;
const SWEEP_MS = 50;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 1_000;
const NONCE = /^[0-9a-f]{16,128}$/;

/** What the server checks requests with. */
export interface ServerParts {
  readonly tokens: Tokens;
  /** Key of the proofs on `/health`. */
  readonly proofKey: string;
  readonly log: Logger;
  /** Told of every request that passed the checks. */
  readonly onRequest: () => void;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** The daemon's listening sockets. */
export class HttpServer {
  readonly port: number;
  readonly #servers: readonly Server[];
  readonly #application: PromiseWithResolvers<Handle>;

  private constructor(port: number, servers: readonly Server[], application: PromiseWithResolvers<Handle>) {
    this.port = port;
    this.#servers = servers;
    this.#application = application;
  }

  /**
   * Listens on the port on both loopback addresses (on one, where the machine has only one). `/health` is answered at
   * once, other requests wait for `serve`.
   *
   * @throws Error with code EADDRINUSE when another program has the port
   */
  static async bind(port: number, parts: ServerParts): Promise<HttpServer> {
    const application = Promise.withResolvers<Handle>();
    const handle = guarded(port, parts, application.promise);
    const first = await open(port, '127.0.0.1', handle);
    try {
      return new HttpServer(port, [first, await open(port, '::1', handle)], application);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')
        return new HttpServer(port, [first], application);
      // `localhost` may mean ::1: there must be nobody else there.
      first.close();
      throw error;
    }
  }

  /** Has requests that passed the checks answered by `application` from now on. */
  serve(application: Handle): void {
    this.#application.resolve(application);
  }

  /** Takes no new connections, lets running requests end, and closes what is left after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const deadline = performance.now() + graceMs;
    // A connection whose request has ended waits for the next one: it is to be closed as well.
    const sweep = setInterval(() => {
      for (const server of this.#servers) {
        if (performance.now() < deadline) server.closeIdleConnections();
        else server.closeAllConnections();
      }
    }, SWEEP_MS);
    await Promise.all(
      this.#servers.map(server => new Promise<void>(resolve => server.close(() => resolve()))),
    );
    clearInterval(sweep);
  }
}

/** The checks, then the application. */
function guarded(port: number, parts: ServerParts, application: Promise<Handle>): Handle {
  const guard = new Guard(port, parts.tokens);
  return (request, response) => {
    response.setHeader('x-content-type-options', 'nosniff');
    try {
      if (guard.admit(request)) {
        answerHealth(request, response, parts.proofKey, port);
        return;
      }
    } catch (error) {
      refuse(response, toApiError(error, parts.log));
      return;
    }
    // The tokens of steps that an earlier daemon started are known once its work is taken up.
    void application.then(handle => {
      try {
        guard.authenticate(request);
      } catch (error) {
        refuse(response, toApiError(error, parts.log));
        return;
      }
      parts.onRequest();
      handle(request, response);
    });
  };
}

/** Answered by the guard alone, so that no statement and no queue can delay it. */
function answerHealth(request: IncomingMessage, response: ServerResponse, key: string, port: number): void {
  const nonce = new URLSearchParams(request.url?.split('?')[1] ?? '').get('nonce');
  if (nonce && NONCE.test(nonce)) response.setHeader(PROOF_HEADER, proofOf(key, nonce, port));
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 2 });
  response.end(request.method === 'HEAD' ? undefined : 'OK');
}

/** Answers and hangs up: what a refused client still sends is not worth reading. */
function refuse(response: ServerResponse, error: ApiError): void {
  response.setHeader('connection', 'close');
  // Not Basic: a browser would ask for a password, keep it, and send it along with any page's requests.
  if (error.status === 401) response.setHeader('www-authenticate', 'Bearer');
  sendError(response, error);
}

function open(port: number, host: string, handle: Handle): Promise<Server> {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Node looks only every half minute for those that are over their time.
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
      // Uploads of large artifacts take their time.
      requestTimeout: 0,
      maxHeaderSize: MAX_HEADER_BYTES,
      // A missing Host is answered by the guard, like a wrong one.
      requireHostHeader: false,
    },
    handle,
  );
  server.maxConnections = MAX_CONNECTIONS;
  // The checks come before the client is told to send its body: only who reads it listens so.
  server.on('checkContinue', (request, response) => {
    request.on('newListener', function asked(event) {
      if (event !== 'data' && event !== 'readable') return;
      request.off('newListener', asked);
      if (!response.headersSent) response.writeContinue();
    });
    handle(request, response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
