import { existsSync } from 'node:fs';
import type { DaemonClient } from '../../daemon/client/client.ts';
import { readConnection } from '../../daemon/client/connection.ts';
import { readEvents, type StreamMessage } from '../../daemon/client/events.ts';
import { keepArtifactPlace, keptArtifactPlace } from '../../daemon/client/settings.ts';
import { attach, ensureDaemon, type Progress } from '../../daemon/client/start.ts';
import { openPlace } from '../../daemon/client/store.ts';

export type { StreamMessage } from '../../daemon/client/events.ts';

/** How a store's daemon is found and started: the seam between the states of a connection and real processes. */
export interface Launcher {
  /** The running daemon of the store; undefined when none runs. */
  attach(store: string): Promise<DaemonClient | undefined>;
  /** The store's daemon, started, or replaced by a newer one, if need be. @throws Error that says what to do */
  start(store: string, progress: Progress): Promise<DaemonClient>;
  /** Whether the store's last daemon went down without saying so; an orderly stop leaves nothing behind. */
  crashed(store: string): Promise<boolean>;
  /** What happens in the daemon from now on. Ends when the daemon goes away or `signal` says so. */
  events(client: DaemonClient, signal: AbortSignal): AsyncIterable<StreamMessage>;
}

/**
 * Real daemons, run by the editor's own runtime.
 *
 * @param main the daemon's program
 * @param artifactPlace where a store that is started is to keep artifacts; '' leaves it as it is
 */
export function processLauncher(main: string, artifactPlace: () => string): Launcher {
  return {
    async attach(store) {
      // Looking for a daemon makes nothing, least of all in a folder that is not trusted.
      if (!existsSync(store)) return undefined;
      return (await attach(openPlace(store)))?.client;
    },
    async start(store, progress) {
      const place = openPlace(store);
      const artifacts = artifactPlace();
      if (artifacts !== '' && artifacts !== keptArtifactPlace(place.state))
        keepArtifactPlace(place.state, artifacts);
      return (await ensureDaemon(place, { main }, progress)).client;
    },
    async crashed(store) {
      return readConnection(openPlace(store).state).found === 'connection';
    },
    async *events(client, signal) {
      yield* readEvents(client, signal);
    },
  };
}
