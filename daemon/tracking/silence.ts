import type { Logger } from '../log.ts';
import type { TrackingService } from './service.ts';

/** How often runs whose heartbeats stopped are looked for, in milliseconds. */
const CHECK_EVERY_MS = 15_000;

/** Gives up lost runs from now on. @returns a function that ends it */
export function watchSilence(tracking: TrackingService, log: Logger): () => void {
  const timer = setInterval(() => {
    tracking.loseSilentRuns().catch((error: unknown) => log.warn({ err: error }, 'lost runs are not ended'));
  }, CHECK_EVERY_MS).unref();
  return () => clearInterval(timer);
}
