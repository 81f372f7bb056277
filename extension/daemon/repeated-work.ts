/** Between two times passes so much more than the one before took: others want the daemon and the editor, too. */
const REST = 3;

/**
 * Work that events ask for, again and again: done a moment after it was asked for, once for all who asked until then, and
 * never twice at a time. It takes a quarter of the time at most, however long it takes.
 */
export class RepeatedWork {
  readonly #work: () => unknown;
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  /** How long to wait after the work that is being done, when it was asked for meanwhile. */
  #next: number | undefined;
  /** How long it took the last time, in milliseconds. */
  #took = 0;
  #disposed = false;

  /** @param work rejects never */
  constructor(work: () => unknown) {
    this.#work = work;
  }

  /** Has it done. @param wait milliseconds to wait at least; what is asked for earlier comes no later for that */
  ask(wait: number): void {
    if (this.#disposed || this.#timer) return;
    if (this.#working) this.#next = Math.min(wait, this.#next ?? wait);
    else this.#timer = setTimeout(() => void this.#run(), Math.max(wait, this.#took * REST));
  }

  /** Gives up what was asked for. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#working = true;
    const begun = performance.now();
    await this.#work();
    this.#took = performance.now() - begun;
    this.#working = false;
    const wait = this.#next;
    this.#next = undefined;
    if (wait !== undefined) this.ask(wait);
  }
}
