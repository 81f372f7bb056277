/** Builds the daemon's services and their routes: the one place that knows them all. */
import type { StorePlace } from './client/store.ts';
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

/** Opens the store and builds everything on it. */
export async function composeServices({ activity }: Surroundings): Promise<Services> {
  const router = new ApiRouter();
  const bus = new EventBus();
  const events = new EventStream(bus);
  events.mount(router);
  activity.count('connectedClients', () => events.clients);

  return {
    router,
    events,
    cancelRunning: async () => {},
    close: async () => {},
  };
}
