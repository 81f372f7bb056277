import type { Logger } from '../log.ts';
import type { TrackingService } from './service.ts';

/** How often runs whose heartbeats stopped are looked for, in milliseconds. */
const CHECK_EVERY_MS = 15_000;

/** A clock that differs by more from the time that has passed was set, or the machine slept. In milliseconds. */
const CLOCK_MOVED_MS = 2_000;

/** Gives up lost runs from now on. @returns a function that ends it */
export function watchSilence(tracking: TrackingService, log: Logger): () => void {
  let offset = Date.now() - performance.now();
  const check = async () => {
    const moved = Date.now() - performance.now() - offset;
    offset += moved;
    if (Math.abs(moved) > CLOCK_MOVED_MS) await tracking.clockMoved(moved);
    await tracking.loseSilentRuns();
  };
  const timer = setInterval(() => {
    check().catch((error: unknown) => log.warn({ err: error }, 'lost runs are not ended'));
  }, CHECK_EVERY_MS).unref();
  return () => clearInterval(timer);
}
