/** Fresh copies of workspace fixtures: no test sees what another one, or a killed one, has left. */

import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A temporary workspace. */
export interface TemporaryWorkspace {
  /** Absolute, real path of the copied fixture. */
  readonly folder: string;
  /** Folder outside the workspace for the daemon's state (`MODELTHAT_STATE_DIR`). */
  readonly stateDir: string;
  /** Removes both. */
  remove(): void;
}

/** Copies the folder `fixture` to a temporary place. */
export function temporaryWorkspace(fixture: string): TemporaryWorkspace {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'modelthat-workspace-')));
  const folder = path.join(root, path.basename(fixture));
  cpSync(fixture, folder, { recursive: true });
  return {
    folder,
    stateDir: path.join(root, 'state'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
