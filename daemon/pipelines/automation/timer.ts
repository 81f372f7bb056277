import { look, type Schedule } from './schedule.ts';

/** The longest time without a look: clocks are set, and machines sleep. */
const LOOK_EVERY_MS = 20_000;

/** What is done when times of a schedule have come. */
export interface Settling {
  /** The time that an execution is to be started for; null when it was missed, and is left out. */
  readonly due: number | null;
  /** The last of the times that are settled by it. */
  readonly settled: number;
}

/** Waits for the times of one schedule. */
export class ScheduleTimer {
  readonly #schedule: Schedule;
  readonly #settle: (settling: Settling) => void;
  #settled: number;
  #next: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Begins to wait. What was missed is settled at once.
   *
   * @param settled the time up to which everything is settled
   */
  constructor(schedule: Schedule, settled: number, settle: (settling: Settling) => void) {
    this.#schedule = schedule;
    this.#settled = settled;
    this.#settle = settle;
    this.#look();
  }

  /** When the schedule is due next; null = never. */
  get next(): number | null {
    return this.#next;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const now = Date.now();
    const { due, settled, next } = look(this.#schedule, this.#settled, now);
    const hasCome = settled > this.#settled;
    this.#settled = settled;
    this.#next = next;
    const wait = Math.min(next === null ? LOOK_EVERY_MS : next - now, LOOK_EVERY_MS);
    this.#timer = setTimeout(() => this.#look(), Math.max(0, wait)).unref();
    if (hasCome) this.#settle({ due, settled });
  }
}
