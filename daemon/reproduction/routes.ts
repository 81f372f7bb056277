import { getReproduction, listReproductions, startReproduction } from '../contract/reproductions.ts';
import type { ApiRouter } from '../http/router.ts';
import type { ReproductionService } from './service.ts';

/** Mounts the routes of reproductions. */
export function mountReproductions(router: ApiRouter, reproductions: ReproductionService): void {
  router.mount(startReproduction, ({ body }) => reproductions.start(body));
  router.mount(listReproductions, ({ query }) => reproductions.list(query));
  router.mount(getReproduction, ({ params }) => reproductions.get(params.reproductionId));
}
