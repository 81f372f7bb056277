/** Typed calls to a daemon. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { ApiError, ErrorBody } from '../contract/errors.ts';
import type { AnyRoute, RouteInput, RouteReply } from '../contract/route.ts';

/** Where a daemon is, and the token that opens it. */
export interface Address {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string;
}

/** Options of one request. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
}

interface LooseInput {
  readonly params?: Record<string, unknown>;
  readonly query?: Record<string, unknown>;
  readonly body?: unknown;
}

/** After so long without an answer, in milliseconds, another program may have taken the place of the daemon. */
const TRUST_MS = 1_000;

/** How often a request is sent that may be, and the pause after the first time, in milliseconds. */
const ATTEMPTS = 3;
const RETRY_MS = 100;

/** A client of one daemon. */
export class DaemonClient {
  readonly address: Address;
  readonly #prove: (() => Promise<boolean>) | undefined;
  /** On the clock of `performance.now()`. */
  #trustedUntil = 0;

  /**
   * @param prove asks whether the daemon still listens there. The token is sent only to what has proved it a moment ago:
   * a client may live longer than its daemon, whose port another program can take then
   */
  constructor(address: Address, prove?: () => Promise<boolean>) {
    this.address = address;
    this.#prove = prove;
  }

  /**
   * Calls an operation of the native API.
   *
   * @throws ApiError as the daemon answered it; TEMPORARILY_UNAVAILABLE when no daemon answers; INTERNAL_ERROR when the
   * answer is not what the route promises
   */
  async call<R extends AnyRoute>(
    route: R,
    input: RouteInput<R>,
    options: RequestOptions = {},
  ): Promise<RouteReply<R>> {
    const { params, query, body } = input as LooseInput;
    const path = fillPath(route.path, params) + queryString(query);
    const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
    if (route.repeatable) headers.set('idempotency-key', randomUUID());
    const send = () =>
      this.fetch(path, {
        method: route.method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(options.signal ? { signal: options.signal } : {}),
      });
    const response = await (route.repeatable ? insist(send) : send());
    const reply = route.reply.safeParse(await response.json());
    if (reply.success) return reply.data as RouteReply<R>;
    throw new ApiError(
      'INTERNAL_ERROR',
      `The daemon's answer to ${route.method} ${route.path} is not understood; its version may be another. ${z.prettifyError(reply.error)}`,
    );
  }

  /**
   * A request with the token, for routes outside the table (artifact content, predictions, MLflow's).
   *
   * @param path from the root, with its query
   * @throws ApiError when the answer is not a success
   */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    if (performance.now() > this.#trustedUntil && (await this.#prove?.()) === false)
      throw this.#unavailable('what listens there, if anything, is not this daemon');
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.address.token}`);
    const response = await fetch(`${this.address.url}${path}`, { ...init, headers, redirect: 'error' }).catch(
      (error: Error) => {
        if (error.name === 'AbortError') throw error;
        this.#trustedUntil = 0;
        throw this.#unavailable(reason(error));
      },
    );
    this.#trustedUntil = performance.now() + TRUST_MS;
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  /** The same daemon, called with another token. */
  withToken(token: string): DaemonClient {
    return new DaemonClient({ ...this.address, token }, this.#prove);
  }

  #unavailable(why: string): ApiError {
    return new ApiError('TEMPORARILY_UNAVAILABLE', `No daemon answers at ${this.address.url} (${why})`);
  }
}

/** Sends a request that has its effect once however often it comes, again where no answer came. */
async function insist(send: () => Promise<Response>): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const lost = error instanceof ApiError && error.code === 'TEMPORARILY_UNAVAILABLE';
      if (!lost || attempt === ATTEMPTS) throw error;
      await setTimeout(attempt * RETRY_MS);
    }
  }
}

function reason(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    return ApiError.fromBody(ErrorBody.parse(JSON.parse(text)));
  } catch {
    return new ApiError('INTERNAL_ERROR', `HTTP ${response.status}: ${text.slice(0, 500)}`);
  }
}

/** `/runs/:runId` with its parameters filled in and encoded. */
function fillPath(template: string, params: Record<string, unknown> = {}): string {
  return template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
}

function queryString(query: Record<string, unknown> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return search.size > 0 ? `?${search}` : '';
}
