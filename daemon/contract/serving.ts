import * as z from 'zod';
import { Stage } from './models.ts';
import { route } from './route.ts';
import { Time } from './values.ts';

/** A model has an endpoint of its own name from its first version on. */
export const Endpoint = z.object({
  name: z.string(),
  /** Versions with a live process. */
  processes: z.array(
    z.object({
      version: z.number().int(),
      stage: Stage,
      runtime: z.enum(['onnx', 'pyfunc']),
      pid: z.number().int().nullable(),
      state: z.enum(['starting', 'ready', 'failed']),
      message: z.string(),
      lastUsedAt: Time,
    }),
  ),
});
export type Endpoint = z.infer<typeof Endpoint>;

export const listEndpoints = route({
  method: 'GET',
  path: '/api/v1/endpoints',
  access: 'tracking',
  summary: 'Endpoints and their live processes',
  reply: z.object({ items: z.array(Endpoint) }),
});

/** MLflow scoring protocol: `POST /serve/<model>/invocations?stage=Staging` (or `?version=3`; default Production). */
export const INVOCATIONS_PATH = '/serve/:endpoint/invocations';

/** Says `\n` when the endpoint has a version to serve; takes the same query. */
export const PING_PATH = '/serve/:endpoint/ping';
