/** A number of places that work takes turns in: first come, first served. */
export class Slots {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Whether work would have to wait. */
  get taken(): boolean {
    return this.#free === 0;
  }

  /**
   * Waits for a place, works in it, and gives it back.
   *
   * @param stop aborted when the work is not to be done any more, if it has not begun
   */
  async use(work: () => Promise<void>, stop: AbortSignal): Promise<void> {
    if (!(await this.#take(stop))) return;
    try {
      await work();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free++;
    }
  }

  /** @returns whether there is a place now; false when it was not waited for */
  async #take(stop: AbortSignal): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    if (stop.aborted) return false;
    return new Promise(resolve => {
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(begin), 1);
        resolve(false);
      };
      const begin = () => {
        stop.removeEventListener('abort', leave);
        resolve(true);
      };
      this.#queue.push(begin);
      stop.addEventListener('abort', leave, { once: true });
    });
  }
}
