import { userName } from '../client/variables.ts';
import * as contract from '../contract/evaluations.ts';
import { CARD_TAGS, getModelCard, writeModelCard } from '../contract/models.ts';
import { actorOf } from '../contract/principal.ts';
import type { ApiRouter } from '../http/router.ts';
import type { RegistryService } from '../registry/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import { renderCard } from './card.ts';
import { gatherCard } from './card-facts.ts';
import type { EvaluationService } from './service.ts';

/** Mounts the routes of evaluations. */
export function mountEvaluations(router: ApiRouter, evaluations: EvaluationService): void {
  router.mount(contract.startEvaluation, ({ body }, { principal }) =>
    evaluations.start(body, principal.subject ?? userName()),
  );
  router.mount(contract.getEvaluation, ({ params }) => evaluations.get(params.runId));
  router.mount(contract.listEvaluations, async ({ params }) => ({
    items: await evaluations.list(params.name),
  }));
  router.mount(contract.cancelEvaluation, ({ params }) => evaluations.cancel(params.runId));
}

/** Mounts the routes of model cards. */
export function mountModelCards(
  router: ApiRouter,
  parts: { readonly registry: RegistryService; readonly tracking: TrackingService },
  evaluations: EvaluationService,
): void {
  router.mount(writeModelCard, async ({ params, body }, { principal }) => {
    const actor = actorOf(principal, 'native', userName());
    for (const part of ['purpose', 'limits'] as const) {
      const text = body[part]?.trim();
      if (text === '') await parts.registry.deleteVersionTag(params, CARD_TAGS[part], actor);
      else if (text !== undefined) await parts.registry.setVersionTag(params, CARD_TAGS[part], text, actor);
    }
    return parts.registry.show(params.name, params.version);
  });
  router.mount(getModelCard, async ({ params, query: { format } }) => ({
    format,
    text: renderCard(await gatherCard(parts, evaluations, params), format),
  }));
}
