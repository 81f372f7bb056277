import { invalid } from '../contract/errors.ts';
import { STAGES, Stage } from '../contract/models.ts';
import { INVOCATIONS_PATH, listEndpoints, PING_PATH } from '../contract/serving.ts';
import { readBody } from '../http/body.ts';
import type { ApiRouter } from '../http/router.ts';
import { DEFAULT_TARGET, type Target } from './model.ts';
import type { ServingService } from './service.ts';

/** Puts predictions on the router: MLflow's scoring protocol, and the list of endpoints. */
export function mountServing(router: ApiRouter, serving: ServingService): void {
  router.mount(listEndpoints, async () => ({ items: await serving.endpoints() }));

  const invocations = { method: 'POST', path: INVOCATIONS_PATH, access: 'execution' } as const;
  router.raw(invocations, async (request, response, { access }) => {
    const target = readTarget(request.query);
    const body = new Uint8Array(await readBody(request));
    const contentType = request.headers['content-type'] ?? '';
    const { endpoint } = request.params;
    // Not by rank: the token of a step is held by code that runs already.
    const mayRunCode = access !== 'tracking' && access !== 'approver';
    const answer = await serving.predict(String(endpoint), target, contentType, body, mayRunCode);
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      'content-length': answer.body.length,
    });
    response.end(answer.body);
  });

  // Whether there is something to serve; it starts nothing.
  router.raw({ method: 'GET', path: PING_PATH, access: 'execution' }, async (request, response) => {
    await serving.check(String(request.params.endpoint), readTarget(request.query));
    response.type('text/plain').send('\n');
  });
}

/** @throws ApiError INVALID_PARAMETER_VALUE for both at once, an unknown stage, or a version that is no number */
function readTarget(query: Record<string, unknown>): Target {
  const { stage, version } = query;
  if (stage !== undefined && version !== undefined)
    throw invalid(
      'Both stage and version are given; a prediction is made by one version, so name one of the two.',
    );
  if (version !== undefined) {
    if (typeof version !== 'string' || !/^[1-9]\d{0,14}$/.test(version))
      throw invalid(`version is "${String(version)}"; it must be a positive whole number.`);
    return { version: Number(version) };
  }
  if (stage === undefined) return DEFAULT_TARGET;
  const parsed = Stage.safeParse(stage);
  if (parsed.success) return { stage: parsed.data };
  throw invalid(`stage is "${String(stage)}"; it must be one of ${STAGES.join(', ')}.`);
}
