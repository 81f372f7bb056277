import type { DaemonClient } from '../../daemon/client/client.ts';
import type { ChangeEvent } from '../../daemon/contract/events.ts';

/** One message of a daemon's event stream: a change, or that what is shown must be loaded anew. */
export type StreamMessage = { readonly type: 'change'; readonly event: ChangeEvent } | { readonly type: 'reset' };

/** How a store's daemon is found and started: the seam between the connection's states and real processes. */
export interface Launcher {
  /** The running daemon of the store; undefined when none runs. */
  attach(store: string): Promise<DaemonClient | undefined>;
  /** The store's daemon, started if need be. @throws Error that says what to do */
  start(store: string): Promise<DaemonClient>;
  /** What happens in the daemon from now on. Ends when the daemon goes away or `signal` says so. */
  events(client: DaemonClient, signal: AbortSignal): AsyncIterable<StreamMessage>;
}
