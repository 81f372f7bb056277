/** A route for tests of other people, which expect a new server for each: it is there only with `--test-reset`. */
import type { ArtifactStore } from '../artifacts/model.ts';
import type { Database } from '../database/database.ts';
import type { ApiRouter } from '../http/router.ts';

/** Where the route is. The contract does not publish it. */
const RESET_PATH = '/test/reset';

/** Mounts the route that empties the store: database and artifacts. Never in a daemon that people log to. */
export function mountTestReset(router: ApiRouter, database: Database, files: ArtifactStore): void {
  router.raw({ method: 'POST', path: RESET_PATH, access: 'owner' }, async (_request, response) => {
    await database.write('database.reset', {});
    for await (const { path } of files.list('')) await files.delete(path);
    response.json({});
  });
}
