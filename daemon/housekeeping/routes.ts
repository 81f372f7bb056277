import { checkStore } from '../contract/about.ts';
import { cancelStoreTask, getStoreTask, startStoreTask } from '../contract/housekeeping.ts';
import type { Database } from '../database/database.ts';
import type { ApiRouter } from '../http/router.ts';
import type { HousekeepingService } from './service.ts';

/** Puts the tasks of a store on the native API. */
export function mountHousekeeping(
  router: ApiRouter,
  housekeeping: HousekeepingService,
  database: Database,
): void {
  router.mount(checkStore, () => database.survey('housekeeping.checkDatabase', {}));
  router.mount(startStoreTask, ({ body }) => housekeeping.start(body));
  router.mount(getStoreTask, ({ params }) => housekeeping.state(params.taskId));
  router.mount(cancelStoreTask, ({ params }) => {
    housekeeping.cancel(params.taskId);
    return {};
  });
}
