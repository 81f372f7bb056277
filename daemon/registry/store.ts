/** The registry's operations, for `database/operations.ts`. */
import * as described from './store/described.ts';
import { importModel } from './store/import.ts';
import * as models from './store/models.ts';
import * as search from './store/search.ts';
import * as versions from './store/versions.ts';

export const writes = { ...models.writes, ...versions.writes, 'registry.importModel': importModel };
export const reads = { ...models.reads, ...versions.reads, ...described.reads, ...search.reads };
