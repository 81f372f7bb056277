/** The published description of the API, made from what is mounted and from the same schemas that check it. */
import * as z from 'zod';
import { PRODUCT_VERSION } from '../client/version.ts';
import { operations } from '../contract/api.ts';
import { ErrorBody } from '../contract/errors.ts';
import type { AnyRoute } from '../contract/route.ts';
import { sendJson } from './errors.ts';
import { MAX_KEY_LENGTH } from './idempotency.ts';
import type { ApiRouter, RawRoute } from './router.ts';

type JsonObject = Record<string, unknown>;

/** Puts `/openapi.json` on the router. It is made at the first request. */
export function mountOpenApi(router: ApiRouter): void {
  let document: Uint8Array | undefined;
  router.raw({ method: 'GET', path: '/openapi.json', access: 'execution' }, (_request, response) => {
    document ??= Buffer.from(JSON.stringify(describeApi(router.routes)));
    sendJson(response, 200, document);
  });
}

/** The OpenAPI 3.1 document of all routes: in full those of the contract, by their paths those of other protocols. */
function describeApi(routes: readonly RawRoute[]): JsonObject {
  const names = new Map([...operations].map(([name, route]) => [route as RawRoute, name]));
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    const path = route.path.replace(/[:*](\w+)/g, '{$1}');
    const name = names.get(route);
    const described = name === undefined ? describeOther(route) : describeOperation(name, route as AnyRoute);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: described };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'modelthat', version: PRODUCT_VERSION },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic', description: 'The password is the token' },
      },
      schemas: { Error: z.toJSONSchema(ErrorBody) },
    },
    security: [{ bearer: [] }, { basic: [] }],
    paths,
  };
}

/** A route whose protocol is described elsewhere: MLflow's, a model's, the daemon's own documents. */
function describeOther(route: RawRoute): JsonObject {
  const names = [...route.path.matchAll(/[:*](\w+)/g)].map(([, name]) => name);
  return {
    'x-access': route.access,
    parameters: names.map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    responses: { 200: { description: 'Done' }, default: ERROR },
  };
}

function describeOperation(name: string, route: AnyRoute): JsonObject {
  return {
    operationId: name,
    summary: route.summary,
    'x-access': route.access,
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...(route.repeatable ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(route.body ? { requestBody: { required: true, content: json(schemaOf(route.body, 'input')) } } : {}),
    responses: {
      200: { description: 'Done', content: json(schemaOf(route.reply, 'output')) },
      default: ERROR,
    },
  };
}

const IDEMPOTENCY_KEY: JsonObject = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A new one for each request. Within a day, the same request under the same key has its effect once.',
  schema: { type: 'string', minLength: 1, maxLength: MAX_KEY_LENGTH },
};

function parameters(place: 'path' | 'query', schema: z.ZodType | undefined): JsonObject[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' });
}

const ERROR = { description: 'An error', content: json({ $ref: '#/components/schemas/Error' }) };

function json(schema: unknown): JsonObject {
  return { 'application/json': { schema } };
}
