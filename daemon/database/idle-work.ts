/** Work that the writer thread does in small pieces, in between what it is asked to write. */

/** Milliseconds between two pieces while there is writing, too: under load this takes a twentieth of the time. */
const PAUSE_MS = 100;

/** Milliseconds until it is looked again whether there is something to do: after writes, and without any. */
const NEXT_LOOK_MS = { active: 1000, idle: 10_000 };

export class IdleWork {
  readonly #work: (idle: boolean) => boolean;
  #timer: NodeJS.Timeout | undefined;
  #written = true;
  #stopped = false;

  /**
   * @param work does a piece of a few milliseconds, told whether nothing was written since the piece before; says whether
   * there may be more to do
   */
  constructor(work: (idle: boolean) => boolean) {
    this.#work = work;
    this.#in(NEXT_LOOK_MS.active);
  }

  /** To be told after something was written. */
  written(): void {
    this.#written = true;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #in(milliseconds: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#look(), milliseconds);
    this.#timer.unref();
  }

  #look(): void {
    const busy = this.#written;
    this.#written = false;
    if (this.#work(!busy)) this.#in(busy ? PAUSE_MS : 0);
    else this.#in(busy ? NEXT_LOOK_MS.active : NEXT_LOOK_MS.idle);
  }
}
