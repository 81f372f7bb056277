import { userName } from '../client/variables.ts';
import { cancelImport, getImport, startImport } from '../contract/imports.ts';
import { actorOf } from '../contract/principal.ts';
import type { ApiRouter } from '../http/router.ts';
import type { ImportService } from './service.ts';

/** Mounts the routes of imports. */
export function mountImports(router: ApiRouter, imports: ImportService): void {
  router.mount(startImport, ({ body }, { principal }) =>
    imports.start(body, actorOf(principal, 'import', userName())),
  );
  router.mount(getImport, ({ params }) => imports.get(params.importId));
  router.mount(cancelImport, ({ params }) => imports.cancel(params.importId));
}
