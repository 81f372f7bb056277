import path from 'node:path';
import * as vscode from 'vscode';
import type { DaemonClient } from '../../daemon/client/client.ts';
import { stopDaemon } from '../../daemon/contract/about.ts';
import { ApiError } from '../../daemon/contract/errors.ts';
import type { AnyRoute, RouteInput, RouteReply } from '../../daemon/contract/route.ts';
import type { DaemonState } from '../contributes/names.ts';
import type { Launcher, StreamMessage } from './launcher.ts';

/** How long a daemon that went away is waited for: another window may be handing over to a newer one. */
const REATTACH_MS = 5_000;
const REATTACH_PAUSE_MS = 250;
/** A daemon that crashes again within this time of its restart is not started again by itself. */
const RESTART_GUARD_MS = 60_000;

/** The window's one connection to a store: starts or attaches its daemon, follows its events, and comes back. */
export class StoreConnection implements vscode.Disposable {
  /** The store's folder. */
  readonly store: string;
  readonly #launcher: Launcher;
  readonly #log: vscode.LogOutputChannel;
  readonly #stateChanged = new vscode.EventEmitter<void>();
  readonly #streamed = new vscode.EventEmitter<StreamMessage>();
  readonly onDidChangeState = this.#stateChanged.event;
  /** Changes in the daemon; `reset` after every new connection. */
  readonly onDidReceive = this.#streamed.event;
  #state: DaemonState = 'stopped';
  #problem = '';
  #session: Promise<DaemonClient> | undefined;
  #streaming = new AbortController();
  #restartedAt = 0;
  #askedToStop = false;

  constructor(store: string, launcher: Launcher, log: vscode.LogOutputChannel) {
    this.store = store;
    this.#launcher = launcher;
    this.#log = log;
  }

  get state(): DaemonState {
    return this.#state;
  }

  /** Whether a person stopped it, so that nothing but a person starts it again. */
  get stoppedByHand(): boolean {
    return this.#askedToStop;
  }

  /** The folder whose files belong to the store. */
  get workspace(): string {
    return path.dirname(this.store);
  }

  /** Why the state is `failed`. */
  get problem(): string {
    return this.#problem;
  }

  /** The project's folder name, for labels. */
  get label(): string {
    return path.basename(this.workspace);
  }

  /** A person wants the daemon: starts or attaches, also after it was stopped by hand. @throws Error that says why not */
  start(): Promise<DaemonClient> {
    this.#askedToStop = false;
    return this.connect();
  }

  /**
   * The daemon's client; starts or attaches at the first need. In a workspace that is not trusted only attaches.
   *
   * @throws Error when there is no daemon, or when a person stopped it
   */
  async connect(): Promise<DaemonClient> {
    if (this.#askedToStop)
      throw new ApiError('TEMPORARILY_UNAVAILABLE', 'The daemon is stopped; start it first.');
    this.#session ??= this.#open();
    return this.#session;
  }

  /** Attaches when the daemon already runs; otherwise leaves it stopped. */
  async attachIfRunning(): Promise<void> {
    if (this.#session) return;
    const client = await this.#launcher.attach(this.store);
    if (!client || this.#session) return;
    this.#session = Promise.resolve(client);
    this.#opened(client);
  }

  /** Calls the daemon, which is started when it does not run. @throws ApiError as the daemon answered */
  async call<R extends AnyRoute>(route: R, input: RouteInput<R>): Promise<RouteReply<R>> {
    return (await this.connect()).call(route, input);
  }

  /** Stops the daemon, which is then not brought back by itself. What runs goes on and is adopted by the next one. */
  async stop(): Promise<void> {
    const client = await this.#session;
    if (!client) return;
    this.#askedToStop = true;
    await client.call(stopDaemon, { body: { cancelRunning: false } });
  }

  dispose(): void {
    this.#askedToStop = true;
    this.#streaming.abort();
    this.#stateChanged.dispose();
    this.#streamed.dispose();
  }

  async #open(): Promise<DaemonClient> {
    this.#become('starting');
    try {
      const client = vscode.workspace.isTrusted
        ? await this.#launcher.start(this.store, message => this.#log.info(message))
        : await this.#launcher.attach(this.store);
      if (!client) throw new Error('No daemon runs, and in a workspace that is not trusted none is started');
      this.#opened(client);
      return client;
    } catch (error) {
      this.#session = undefined;
      this.#log.error(error instanceof Error ? error : String(error));
      this.#become('failed', error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #opened(client: DaemonClient): void {
    this.#log.info(`Connected to the daemon of ${this.store} at ${client.address.url}`);
    this.#become('running');
    this.#streamed.fire({ type: 'reset' });
    void this.#follow(client);
  }

  async #follow(client: DaemonClient): Promise<void> {
    this.#streaming = new AbortController();
    const { signal } = this.#streaming;
    try {
      for await (const message of this.#launcher.events(client, signal)) this.#streamed.fire(message);
    } catch (error) {
      if (!signal.aborted) this.#log.warn(`The event stream of ${this.store} ended: ${String(error)}`);
    }
    if (!signal.aborted) await this.#comeBack();
  }

  /** The daemon went away: start it again if it crashed, else attach to its successor if there is one. */
  async #comeBack(): Promise<void> {
    this.#session = undefined;
    if (await this.#isToRestart()) {
      this.#restartedAt = Date.now();
      await this.connect().catch(() => {});
      return;
    }
    const deadline = Date.now() + (this.#askedToStop ? 0 : REATTACH_MS);
    while (Date.now() < deadline) {
      await this.attachIfRunning().catch(error => this.#log.warn(String(error)));
      if (this.#session) return;
      await new Promise(resolve => setTimeout(resolve, REATTACH_PAUSE_MS));
    }
    this.#become('stopped');
  }

  async #isToRestart(): Promise<boolean> {
    if (this.#askedToStop || !vscode.workspace.isTrusted) return false;
    if (Date.now() - this.#restartedAt < RESTART_GUARD_MS) return false;
    return this.#launcher.crashed(this.store);
  }

  #become(state: DaemonState, problem = ''): void {
    this.#state = state;
    this.#problem = problem;
    this.#stateChanged.fire();
  }
}
