/** Fresh copies of workspace fixtures: no test sees what another one, or a killed one, has left. */

import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endDaemons } from './end-daemons.ts';
import { killSteps, stepsBelow } from './step-processes.ts';

/** A temporary workspace. */
export interface TemporaryWorkspace {
  /** Absolute, real path of the copied fixture. */
  readonly folder: string;
  /** Folder outside the workspace for the daemon's state (`MODELTHAT_STATE_DIR`). */
  readonly stateDir: string;
  /** Ends the daemons that were started there and the steps that they leave running, and removes both. */
  remove(): void;
}

/** What using a fixture by hand leaves in it, and no copy begins with. */
const LEFT = new Set(['.modelthat', 'data', 'reports']);

/**
 * Copies the folder `fixture` to a temporary place.
 *
 * @param keptState a folder for the daemon's state that stays, with the Python environments that were made there; the state
 * of stores does not
 */
export function temporaryWorkspace(fixture: string, keptState?: string): TemporaryWorkspace {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'modelthat-workspace-')));
  const folder = path.join(root, path.basename(fixture));
  cpSync(fixture, folder, {
    recursive: true,
    filter: source => !LEFT.has(path.relative(fixture, source)),
  });
  const stateDir = keptState ?? path.join(root, 'state');
  const forgetStores = () => {
    endDaemons(stateDir);
    rmSync(path.join(stateDir, 'stores'), { recursive: true, force: true });
  };
  // Of tests that were killed.
  forgetStores();
  return {
    folder,
    stateDir,
    remove() {
      forgetStores();
      killSteps(stepsBelow(root));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
