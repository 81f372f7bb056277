/** The scorecard: all checks, in the order in which they are run. */
import type { Check } from './check.ts';
import { damagedModels } from './damaged-models.ts';
import { schemaFuzz } from './fuzz.ts';
import { singleInstance } from './single-instance.ts';
import { suddenDeath } from './sudden-death.ts';
import { tokenBirth } from './token-birth.ts';
import { untrustedWorkspace } from './untrusted-workspace.ts';

export const checks: readonly Check[] = [
  tokenBirth,
  damagedModels,
  untrustedWorkspace,
  schemaFuzz,
  suddenDeath,
  singleInstance,
];
