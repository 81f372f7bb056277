/** The scorecard: all checks, in the order in which they are run. */
import { artifactKills } from './artifact-kills.ts';
import { artifactMemory } from './artifact-memory.ts';
import { artifactSwaps } from './artifact-swaps.ts';
import { backupUnderLoad } from './backup-under-load.ts';
import {
  badArchives,
  containedAtTheSink,
  hostilePage,
  hostsAreListed,
  otherUser,
  pathTraversal,
  routesNeedTokens,
  tokensAreCompared,
} from './by-ordinary-tests.ts';
import { cancelledTrees } from './cancelled-trees.ts';
import type { Check } from './check.ts';
import { daemonDeath } from './daemon-death.ts';
import { damagedModels } from './damaged-models.ts';
import { failingCalls } from './failing-calls.ts';
import { fullDisk } from './full-disk.ts';
import { schemaFuzz } from './fuzz.ts';
import { hostileRequests } from './hostile-requests.ts';
import { injection } from './injection.ts';
import { killPoints } from './kill-points.ts';
import { bigBatches, fieldShapes, overload, smallWriters } from './load.ts';
import { limits, oddValues } from './odd-input.ts';
import { pidReuse } from './pid-reuse.ts';
import { powerCuts } from './power-cuts.ts';
import { restartStorm } from './restart-storm.ts';
import { scrub } from './scrub.ts';
import { sequencesOfCalls } from './sequences.ts';
import { silentClients } from './silent-clients.ts';
import { singleInstance } from './single-instance.ts';
import { soak } from './soak.ts';
import { suddenDeath } from './sudden-death.ts';
import { tokenBirth } from './token-birth.ts';
import { untrustedWorkspace } from './untrusted-workspace.ts';
import { yamlBombs } from './yaml-bombs.ts';

export const checks: readonly Check[] = [
  routesNeedTokens,
  tokenBirth,
  tokensAreCompared,
  hostsAreListed,
  hostilePage,
  otherUser,
  pathTraversal,
  containedAtTheSink,
  artifactSwaps,
  badArchives,
  damagedModels,
  untrustedWorkspace,
  schemaFuzz,
  sequencesOfCalls,
  limits,
  artifactMemory,
  oddValues,
  yamlBombs,
  injection,
  hostileRequests,
  suddenDeath,
  fullDisk,
  powerCuts,
  failingCalls,
  artifactKills,
  scrub,
  backupUnderLoad,
  daemonDeath,
  pidReuse,
  cancelledTrees,
  silentClients,
  singleInstance,
  restartStorm,
  killPoints,
  smallWriters,
  bigBatches,
  fieldShapes,
  soak,
  overload,
];
