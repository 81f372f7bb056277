/** The registry's operations, for `database/operations.ts`. */
import * as aliases from './store/aliases.ts';
import * as approvals from './store/approvals.ts';
import * as described from './store/described.ts';
import { importModel } from './store/import.ts';
import * as models from './store/models.ts';
import * as pages from './store/pages.ts';
import * as promotion from './store/promotion.ts';
import * as rollback from './store/rollback.ts';
import * as search from './store/search.ts';
import * as versions from './store/versions.ts';

export const writes = {
  ...models.writes,
  ...aliases.writes,
  ...versions.writes,
  ...promotion.writes,
  ...rollback.writes,
  'registry.importModel': importModel,
};
export const reads = {
  ...models.reads,
  ...versions.reads,
  ...described.reads,
  ...search.reads,
  ...pages.reads,
  ...approvals.reads,
  ...promotion.reads,
  ...rollback.reads,
};
