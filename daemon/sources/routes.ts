import { getSourceResults } from '../contract/sources.ts';
import type { ApiRouter } from '../http/router.ts';
import type { SourceService } from './service.ts';

/** Mounts the routes about source files. */
export function mountSources(router: ApiRouter, sources: SourceService): void {
  router.mount(getSourceResults, ({ query }) => sources.resultsOf(query.file));
}
