/** The end of daemons that tests have started: they are detached, and would outlive the tests. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readConnection } from '../../daemon/client/connection.ts';

const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 50;

/**
 * Ends the daemons whose state lies in `stateDir` (the `MODELTHAT_STATE_DIR` of the tests), and waits until they are
 * gone. Synchronous, so that it can run while this process exits.
 */
export function endDaemons(stateDir: string): void {
  for (const store of globSync('stores/*', { cwd: stateDir })) {
    const reading = readConnection(path.join(stateDir, store));
    if (reading.found !== 'connection') continue;
    const { pid } = reading.connection;
    if (signal(pid, 'SIGTERM') && !awaitEnd(pid)) signal(pid, 'SIGKILL');
  }
}

/** @returns whether the process has ended in time */
function awaitEnd(pid: number): boolean {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (!signal(pid, 0) || isZombie(pid)) return true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
  return false;
}

/** Whether a process has ended and only waits to be collected, which nobody does for an orphan in some containers. */
function isZombie(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && / Z /.test(readFileSync(file, 'utf8'));
}

/** @returns whether the process exists */
function signal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
