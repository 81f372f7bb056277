/** Housekeeping's operations, by name: it goes through what all domains keep. */
import { copyDatabase } from './store/copy.ts';
import { checkDatabase, versionFiles } from './store/invariants.ts';

export const writes = {};

export const reads = {
  'housekeeping.checkDatabase': checkDatabase,
  'housekeeping.versionFiles': versionFiles,
  'housekeeping.copyDatabase': copyDatabase,
} as const;
