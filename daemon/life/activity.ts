/** What keeps the daemon up, and when it stops by itself. */
import type { DaemonStatus } from '../contract/about.ts';

const CHECK_EVERY_MS = 30_000;
/** A client waits for a drained daemon to make room for another. */
const CHECK_DRAINED_MS = 200;
/** How long terminals may expect the daemon to be there after they were given its variables. */
const TERMINALS_MS = 24 * 60 * 60_000;

/** Counts that a part of the daemon reports; any above zero keeps the daemon up. */
export type Occupation = Pick<
  DaemonStatus,
  'runningExecutions' | 'activeRuns' | 'servingProcesses' | 'connectedClients' | 'automations'
>;

/** Watches for idleness. */
export class Activity {
  #draining = false;
  #lastRequest = Date.now();
  #terminalsUntil = 0;
  readonly #idleMs: number;
  readonly #counters = new Map<keyof Occupation, () => number | Promise<number>>();
  #timer: NodeJS.Timeout | undefined;
  #onIdle: (reason: string) => void = () => {};

  /** @param idleMs after how long with nothing to do the daemon is idle */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** Begins to watch. @param onIdle called once, when the daemon is idle or drained */
  watch(onIdle: (reason: string) => void): void {
    this.#onIdle = onIdle;
    this.#checkEvery(Math.min(CHECK_EVERY_MS, this.#idleMs));
  }

  /** Whether no new execution is to be taken. */
  get draining(): boolean {
    return this.#draining;
  }

  /** When the daemon would stop if it did nothing until then. */
  get #idleAt(): number {
    return Math.max(this.#lastRequest + this.#idleMs, this.#terminalsUntil);
  }

  /** A part of the daemon says how to count what it does. */
  count(what: keyof Occupation, counter: () => number | Promise<number>): void {
    this.#counters.set(what, counter);
  }

  /** A request came in. */
  touch(): void {
    this.#lastRequest = Date.now();
  }

  /** A window has handed its variables to terminals, which expect the daemon to be there. */
  keepForTerminals(): void {
    this.#terminalsUntil = Date.now() + TERMINALS_MS;
  }

  /** Takes no new executions from now on; the daemon stops when those that run have ended. */
  drain(): void {
    this.#draining = true;
    this.#checkEvery(CHECK_DRAINED_MS);
  }

  async status(): Promise<DaemonStatus> {
    const occupation = await this.#occupation();
    const idle = Object.values(occupation).every(count => count === 0);
    return { draining: this.#draining, ...occupation, idleStopAt: idle ? this.#idleAt : null };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #checkEvery(interval: number): void {
    clearInterval(this.#timer);
    // A daemon that cannot count what it does is not idle; whoever asks for the status is told why.
    this.#timer = setInterval(() => void this.#check().catch(() => {}), interval).unref();
  }

  async #check(): Promise<void> {
    // Counting may ask the database, which rests as long as nobody needs it.
    if (!this.#draining && this.#idleAt > Date.now()) return;
    const status = await this.status();
    const drained = status.draining && status.runningExecutions === 0;
    const idle = status.idleStopAt !== null && status.idleStopAt <= Date.now();
    if (!drained && !idle) return;
    this.stop();
    this.#onIdle(drained ? 'drained' : 'idle');
  }

  async #occupation(): Promise<Occupation> {
    const count = async (what: keyof Occupation) => (await this.#counters.get(what)?.()) ?? 0;
    return {
      runningExecutions: await count('runningExecutions'),
      activeRuns: await count('activeRuns'),
      servingProcesses: await count('servingProcesses'),
      connectedClients: await count('connectedClients'),
      automations: await count('automations'),
    };
  }
}
