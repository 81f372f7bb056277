import { cancelImport, getImport, startImport } from '../contract/imports.ts';
import type { ApiRouter } from '../http/router.ts';
import type { ImportService } from './service.ts';

/** Mounts the routes of imports. */
export function mountImports(router: ApiRouter, imports: ImportService): void {
  router.mount(startImport, ({ body }) => imports.start(body));
  router.mount(getImport, ({ params }) => imports.get(params.importId));
  router.mount(cancelImport, ({ params }) => imports.cancel(params.importId));
}
