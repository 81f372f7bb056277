/** Giving memory back to the system while nothing is asked of the daemon. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After how long without a request, in milliseconds. */
const QUIET_MS = 20_000;

/**
 * Collects this thread's garbage, which takes some tens of milliseconds. By itself the engine waits for more to come, and
 * keeps what the last load took.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}

/**
 * Does something whenever there was no request for a while.
 *
 * @returns to be called at each request
 */
export function whenQuiet(work: () => void): () => void {
  const timer = setTimeout(work, QUIET_MS).unref();
  return () => void timer.refresh();
}
