/** The MLflow protocol: one table of all its routes, and how they are put on the daemon. */

import { userName } from '../client/variables.ts';
import { actorOf } from '../contract/principal.ts';
import { readJson } from '../http/body.ts';
import { sendJson } from '../http/errors.ts';
import { answerOnce } from '../http/idempotency.ts';
import type { ApiRouter, RawHandler } from '../http/router.ts';
import type { SourceService } from '../sources/service.ts';
import type { WebhookService } from '../webhooks/service.ts';
import { type ArtifactParts, artifactProxyRoutes, artifactRoutes } from './artifacts.ts';
import { experimentRoutes } from './experiments.ts';
import { Fields } from './fields.ts';
import { recordingPlaces } from './logged-at.ts';
import { loggedModelRoutes } from './logged-models.ts';
import { metricRoutes } from './metrics.ts';
import { modelVersionRoutes } from './model-versions.ts';
import { multipartRoutes } from './multipart.ts';
import { registeredModelRoutes } from './registered-models.ts';
import { unchangedByReproductions } from './reproductions.ts';
import type { MessageRoute, MlflowRoute } from './route.ts';
import { runRoutes } from './runs.ts';
import { serverInfoRoutes } from './server-info.ts';
import { webhookRoutes } from './webhooks.ts';

/** What the protocol is served with. */
type MlflowParts = ArtifactParts & { readonly webhooks: WebhookService; readonly sources: SourceService };

/** Every route of the protocol that is answered. */
function mlflowRoutes(parts: MlflowParts): MlflowRoute[] {
  return [
    ...experimentRoutes(parts.tracking.experiments),
    ...runRoutes(parts.tracking),
    ...metricRoutes(parts.tracking),
    ...unchangedByReproductions(
      [...registeredModelRoutes(parts.registry), ...modelVersionRoutes(parts.registry, parts.stages)],
      parts,
    ),
    ...loggedModelRoutes(parts.models),
    ...artifactRoutes(parts),
    ...artifactProxyRoutes(parts),
    ...multipartRoutes(parts.uploads),
    ...webhookRoutes(parts.webhooks),
    ...serverInfoRoutes(),
  ];
}

/** Puts the protocol on the daemon, for every kind of token: it is how code logs. */
export function mountMlflow(router: ApiRouter, parts: MlflowParts): void {
  for (const route of mlflowRoutes(parts))
    for (const prefix of route.prefixes)
      router.raw(
        { method: route.method, path: prefix + route.path, access: route.access ?? 'execution' },
        recordingPlaces('handle' in route ? route.handle : messageHandler(route), parts.sources),
      );
}

function messageHandler(route: MessageRoute): RawHandler {
  return async (request, response, principal) => {
    const params = request.params as Record<string, string>;
    const actor = actorOf(principal, 'mlflow', userName());
    const answerTo = (fields: Fields) => route.answer({ fields, params, principal, actor });
    if (route.method === 'GET') {
      sendJson(response, 200, await answerTo(new Fields(request.query, 'query')));
      return;
    }
    const body = await readJson(request);
    const answer = () => answerTo(Fields.ofBody(body));
    sendJson(response, 200, await answerOnce(request, principal, JSON.stringify(body), answer));
  };
}
