/** Builds the daemon's services and their routes: the one place that knows them all. */
import path from 'node:path';
import type { StorePlace } from './client/store.ts';
import { checkStore } from './contract/about.ts';
import { openDatabase } from './database/database.ts';
import { EventBus } from './events/bus.ts';
import { EventStream } from './http/events.ts';
import { ApiRouter } from './http/router.ts';
import type { ExecutionTokens } from './http/tokens.ts';
import type { Activity } from './life/activity.ts';
import type { Logger } from './log.ts';

/** What the services are given. */
export interface Surroundings {
  readonly place: StorePlace;
  readonly log: Logger;
  readonly tokens: ExecutionTokens;
  readonly activity: Activity;
  /** Address of this daemon, as its children are told it. */
  readonly url: string;
  /** To be called when the daemon cannot go on. */
  readonly onFailure: (error: Error) => void;
}

/** The running services behind one router. */
export interface Services {
  readonly router: ApiRouter;
  readonly events: EventStream;
  /** Ends every running execution. */
  cancelRunning(): Promise<void>;
  /** Stops all services; what was acknowledged is on disk afterwards. */
  close(): Promise<void>;
}

/**
 * Opens the store and builds everything on it.
 *
 * @throws ApiError when the database is damaged or newer than this daemon
 */
export async function composeServices({ place, activity, onFailure }: Surroundings): Promise<Services> {
  const database = await openDatabase(path.join(place.store, 'modelthat.db'), onFailure);
  const bus = new EventBus();
  const router = new ApiRouter();

  const events = new EventStream(bus);
  events.mount(router);
  activity.count('connectedClients', () => events.clients);
  router.mount(checkStore, async () => ({ problems: await database.read('database.check', {}) }));

  return {
    router,
    events,
    cancelRunning: async () => {},
    close: () => database.close(),
  };
}
