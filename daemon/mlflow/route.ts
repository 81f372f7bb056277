import type { Request, Response } from 'express';
import type { Actor } from '../contract/audit.ts';
import type { Principal } from '../contract/principal.ts';
import type { Access, Method } from '../contract/route.ts';
import type { Fields } from './fields.ts';

/** One request of the MLflow protocol. */
export interface Call {
  /** The query of a GET, the JSON body of any other method. */
  readonly fields: Fields;
  /** Parameters in the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly principal: Principal;
  /** The principal as the audit log keeps it. */
  readonly actor: Actor;
}

/** Where a route is found: clients call `/api`, MLflow's pages `/ajax-api`. */
export const PREFIXES = {
  v2: ['/api/2.0', '/ajax-api/2.0'],
  v2Ajax: ['/ajax-api/2.0'],
  v3: ['/api/3.0', '/ajax-api/3.0'],
  none: [''],
} as const;

interface Place {
  readonly method: Method;
  readonly prefixes: readonly string[];
  /** Express path below each prefix. */
  readonly path: string;
  /** Who may call it; by default every kind of token may with which code logs. */
  readonly access?: Access;
}

/** A route that reads fields and answers with JSON. A Uint8Array is JSON that a reader thread has already serialised. */
export interface MessageRoute extends Place {
  readonly answer: (call: Call) => Promise<object> | object;
}

/** A route that reads or writes raw bytes. */
export interface RawRoute extends Place {
  readonly handle: (request: Request, response: Response, principal: Principal) => Promise<void> | void;
}

export type MlflowRoute = MessageRoute | RawRoute;

/** A route of the protocol's version 2, which most are. */
export function route(method: Method, path: string, answer: MessageRoute['answer']): MessageRoute {
  return { method, prefixes: PREFIXES.v2, path, answer };
}
