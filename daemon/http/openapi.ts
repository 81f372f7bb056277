/** The published description of the native API, made from the same schemas that check it. */
import * as z from 'zod';
import { PRODUCT_VERSION } from '../client/version.ts';
import { operations } from '../contract/api.ts';
import { ErrorBody } from '../contract/errors.ts';
import type { AnyRoute } from '../contract/route.ts';
import { sendJson } from './errors.ts';
import { MAX_KEY_LENGTH } from './idempotency.ts';
import type { ApiRouter } from './router.ts';

type JsonObject = Record<string, unknown>;

/** Puts `/openapi.json` on the router. It is made at the first request. */
export function mountOpenApi(router: ApiRouter): void {
  let document: Uint8Array | undefined;
  router.raw({ method: 'GET', path: '/openapi.json', access: 'execution' }, (_request, response) => {
    document ??= Buffer.from(JSON.stringify(describeApi()));
    sendJson(response, 200, document);
  });
}

/** The OpenAPI 3.1 document of all operations in the contract. */
function describeApi(): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const [name, route] of operations) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(name, route) };
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
      default: { description: 'An error', content: json({ $ref: '#/components/schemas/Error' }) },
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

function json(schema: unknown): JsonObject {
  return { 'application/json': { schema } };
}
