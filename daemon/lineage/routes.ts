import { getAffected, getLineage, getOpenLineage, sendOpenLineage } from '../contract/lineage.ts';
import { getCodeChanges, getCodeFile, getDifferences, getOrigins } from '../contract/origins.ts';
import type { ApiRouter } from '../http/router.ts';
import type { LineageService } from './service.ts';

/** Mounts the routes of lineage. */
export function mountLineage(router: ApiRouter, lineage: LineageService): void {
  router.mount(getLineage, ({ query }) => lineage.graph(query));
  router.mount(getOpenLineage, ({ query }) => lineage.events(query.node));
  router.mount(sendOpenLineage, ({ body }) => lineage.send(body));
  router.mount(getOrigins, async ({ body }) => ({ items: await lineage.origins(body.runIds) }));
  router.mount(getCodeChanges, ({ query }) => lineage.codeChanges(query.from, query.to));
  router.mount(getCodeFile, ({ query }) => lineage.codeFile(query.run, query.path));
  router.mount(getDifferences, ({ query: { model, version, against } }) =>
    lineage.differences(model, version, against),
  );
  router.mount(getAffected, ({ query }) => lineage.affected(query.what));
}
