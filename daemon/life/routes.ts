/** The daemon's own routes: what it is, what keeps it up, stopping it, its tokens. */
import {
  type About,
  announceClient,
  drainDaemon,
  getAbout,
  getStatus,
  rotateTokens,
  stopDaemon,
} from '../contract/about.ts';
import type { ApiRouter } from '../http/router.ts';
import type { Activity } from './activity.ts';

/** What the daemon can be asked to do with itself. */
export interface Life {
  readonly about: About;
  readonly activity: Activity;
  /** Stops after the current answer has gone out. */
  stop(reason: string): void;
  /** Ends what runs, instead of leaving it to the next daemon. */
  cancelRunning(): Promise<void>;
  rotateTokens(): void;
}

/** Mounts the daemon's own routes. */
export function mountLife(router: ApiRouter, life: Life): void {
  router.mount(getAbout, () => life.about);
  router.mount(getStatus, () => life.activity.status());
  router.mount(drainDaemon, () => {
    life.activity.drain();
    return {};
  });
  router.mount(stopDaemon, async ({ body }) => {
    if (body.cancelRunning) await life.cancelRunning();
    life.stop('asked to stop');
    return {};
  });
  router.mount(rotateTokens, () => {
    life.rotateTokens();
    return {};
  });
  router.mount(announceClient, ({ body }) => {
    if (body.terminals) life.activity.keepForTerminals();
    return {};
  });
}
