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

/** Copies the folder `fixture` to a temporary place. */
export function temporaryWorkspace(fixture: string): TemporaryWorkspace {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'modelthat-workspace-')));
  const folder = path.join(root, path.basename(fixture));
  cpSync(fixture, folder, { recursive: true });
  const stateDir = path.join(root, 'state');
  return {
    folder,
    stateDir,
    remove() {
      endDaemons(stateDir);
      killSteps(stepsBelow(root));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
