import type * as z from 'zod';

/**
 * Who may call a route. `owner`: the editor and the CLI, everything. `tracking`: terminals and notebooks too
 * (log, read, register). `execution`: steps, trials and model servers too. `upload`: who sends the parts of one upload,
 * too. Each level includes those before it. `approver` stands beside them: who may approve and reject, and read what a
 * tracking token may read, and the owner.
 */
export type Access = 'owner' | 'approver' | 'tracking' | 'execution' | 'upload';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One operation of the native API: what the server checks, the client types and OpenAPI publishes. */
export interface Route<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Reply extends z.ZodType,
> {
  readonly method: Method;
  /** Express path; parameters as `:name`. */
  readonly path: string;
  readonly access: Access;
  /** One line for the published API description. */
  readonly summary: string;
  /** Path parameters. */
  readonly params?: Params;
  /** Query string; values arrive as strings, so schemas coerce. */
  readonly query?: Query;
  /** JSON body. */
  readonly body?: Body;
  /** It makes something, and takes an `Idempotency-Key`: the same request under the same key makes it once. */
  readonly repeatable?: true;
  /** JSON answer. */
  readonly reply: Reply;
}

export type AnyRoute = Route<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;

/** Declares a route, keeping the exact types of its schemas. */
export function route<
  Reply extends z.ZodType,
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(declaration: Route<Params, Query, Body, Reply>): Route<Params, Query, Body, Reply> {
  return declaration;
}

type Part<
  Name extends string,
  Schema extends z.ZodType,
  Side extends 'input' | 'output',
> = Schema extends z.ZodUndefined
  ? unknown
  : { readonly [K in Name]: Side extends 'input' ? z.input<Schema> : z.output<Schema> };

/** What a client passes to call the route. */
export type RouteInput<R> =
  R extends Route<infer P, infer Q, infer B, z.ZodType>
    ? Part<'params', P, 'input'> & Part<'query', Q, 'input'> & Part<'body', B, 'input'>
    : never;

/** What a handler receives, parsed. */
export type RouteRequest<R> =
  R extends Route<infer P, infer Q, infer B, z.ZodType>
    ? Part<'params', P, 'output'> & Part<'query', Q, 'output'> & Part<'body', B, 'output'>
    : never;

/** What the route answers. */
export type RouteReply<R> =
  R extends Route<z.ZodType, z.ZodType, z.ZodType, infer Reply> ? z.output<Reply> : never;
