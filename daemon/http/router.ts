/** The one way to put a route on the daemon: each names who may call it. */
import type { ServerResponse } from 'node:http';
import { type Request, type Response, Router } from 'express';
import { ApiError } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';
import type { Access, AnyRoute, Method, RouteReply, RouteRequest } from '../contract/route.ts';
import { readJson } from './body.ts';
import { parseInput, sendJson } from './errors.ts';
import { answerOnce } from './idempotency.ts';
import { principalOf } from './security.ts';

/** What a handler knows of its caller. */
export interface Caller {
  readonly principal: Principal;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

/** Answers a route of the contract. A Uint8Array is JSON that a reader thread has already serialised. */
export type Handler<R extends AnyRoute> = (
  request: RouteRequest<R>,
  caller: Caller,
) => Promise<RouteReply<R> | Uint8Array> | RouteReply<R> | Uint8Array;

/** Answers a route with a protocol of its own; `readBody` and `readJson` read the body. */
export type RawHandler = (request: Request, response: Response, principal: Principal) => Promise<void> | void;

/** A route outside the contract's table. */
export interface RawRoute {
  readonly method: Method;
  /** Express path. */
  readonly path: string;
  readonly access: Access;
}

/** An approver is not among them: it is let into what it is named for, and else only reads. */
const LEVELS: readonly Access[] = ['upload', 'execution', 'tracking', 'owner'];

/** Told of every answer of a mounted route. */
export type AnswerListener = (method: string, status: number, seconds: number) => void;

/** Routes of the daemon. Domains add theirs in `routes.ts`. */
export class ApiRouter {
  readonly express = Router({ caseSensitive: true });
  /** All that is mounted, in the order in which it was. */
  readonly routes: RawRoute[] = [];
  #listener: AnswerListener | undefined;

  /** Sets who is told of answers. */
  onAnswer(listener: AnswerListener): void {
    this.#listener = listener;
  }

  /** Mounts an operation of the contract: input is parsed, access checked, the answer sent as JSON. */
  mount<R extends AnyRoute>(route: R, handler: Handler<R>): void {
    this.raw(route, async (request, response, principal) => {
      const body = route.body ? await readJson(request) : undefined;
      const input = {
        ...(route.params ? { params: parseInput(route.params, request.params, 'path') } : {}),
        ...(route.query ? { query: parseInput(route.query, request.query, 'query') } : {}),
        ...(route.body ? { body: parseInput(route.body, body, 'body') } : {}),
      };
      const answer = () => handler(input as RouteRequest<R>, { principal, signal: goneSignal(response) });
      const repeated = route.repeatable && answerOnce(request, principal, JSON.stringify(body), answer);
      sendJson(response, 200, await (repeated ?? answer()));
    });
  }

  /** Mounts a route that reads its body and writes its answer itself. */
  raw(route: RawRoute, handler: RawHandler): void {
    this.routes.push(route);
    const method = route.method.toLowerCase() as Lowercase<Method>;
    this.express[method](route.path, async (request, response) => {
      const start = performance.now();
      response.once('finish', () => {
        this.#listener?.(route.method, response.statusCode, (performance.now() - start) / 1000);
      });
      const principal = principalOf(request);
      requireAccess(route, principal);
      await handler(request, response, principal);
    });
  }
}

function mayCall({ access }: Principal, route: RawRoute): boolean {
  if (route.access === 'approver') return access === 'approver' || access === 'owner';
  if (access === 'approver') return route.method === 'GET' && route.access !== 'owner';
  return LEVELS.indexOf(access) >= LEVELS.indexOf(route.access);
}

function requireAccess(route: RawRoute, principal: Principal): void {
  if (mayCall(principal, route)) return;
  throw new ApiError(
    'PERMISSION_DENIED',
    `${route.method} ${route.path} needs the ${route.access} token; this is an ${principal.access} token.`,
  );
}

/** Not the socket's end: many requests follow each other on one socket, and each would leave a listener there. */
function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}
