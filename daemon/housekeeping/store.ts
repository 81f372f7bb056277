/** Housekeeping's operations, by name: it goes through what all domains keep. */
import { copyDatabase } from './store/copy.ts';
import { binned, experimentFolders, unknownIds, versionNeeds } from './store/garbage.ts';
import { checkDatabase, versionFiles } from './store/invariants.ts';
import {
  beginPurge,
  compact,
  executionsOf,
  finishPurge,
  measuredModels,
  purgeSome,
  unfinishedPurges,
} from './store/purge.ts';
import { usage } from './store/usage.ts';

export const writes = {
  'housekeeping.beginPurge': beginPurge,
  'housekeeping.purgeSome': purgeSome,
  'housekeeping.finishPurge': finishPurge,
  'housekeeping.compact': compact,
} as const;

export const reads = {
  'housekeeping.checkDatabase': checkDatabase,
  'housekeeping.versionFiles': versionFiles,
  'housekeeping.versionNeeds': versionNeeds,
  'housekeeping.copyDatabase': copyDatabase,
  'housekeeping.binned': binned,
  'housekeeping.unknownIds': unknownIds,
  'housekeeping.experimentFolders': experimentFolders,
  'housekeeping.unfinishedPurges': unfinishedPurges,
  'housekeeping.executionsOf': executionsOf,
  'housekeeping.measuredModels': measuredModels,
  'housekeeping.usage': usage,
} as const;
