/** What lets reads through, except for moments in which the writer needs none of them under way. */

/** Where in the shared memory it stands whether the gate is shut (1), and how many reads are under way. */
const SHUT = 0;
const READS = 1;

/** Shared by the writer thread and the reader threads. */
export class ReadGate {
  readonly #state: Int32Array<SharedArrayBuffer>;

  /** @param memory of `ReadGate.memory`, which all threads are given */
  constructor(memory: SharedArrayBuffer) {
    this.#state = new Int32Array(memory);
  }

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Does a read, as soon as the gate is open. Holds the thread until then. */
  pass<Result>(read: () => Result): Result {
    this.#enter();
    try {
      return read();
    } finally {
      Atomics.sub(this.#state, READS, 1);
      Atomics.notify(this.#state, READS);
    }
  }

  /**
   * Shuts the gate and does work once no read is under way. Holds the thread.
   *
   * @param patience how long reads may go on before it is given up, in milliseconds
   * @returns what the work says; false when it was given up
   */
  whileShut(patience: number, work: () => boolean): boolean {
    Atomics.store(this.#state, SHUT, 1);
    try {
      return this.#awaitReads(performance.now() + patience) && work();
    } finally {
      Atomics.store(this.#state, SHUT, 0);
      Atomics.notify(this.#state, SHUT);
    }
  }

  #enter(): void {
    for (;;) {
      Atomics.wait(this.#state, SHUT, 1);
      Atomics.add(this.#state, READS, 1);
      if (Atomics.load(this.#state, SHUT) === 0) return;
      // It was shut in between.
      Atomics.sub(this.#state, READS, 1);
      Atomics.notify(this.#state, READS);
    }
  }

  #awaitReads(until: number): boolean {
    for (;;) {
      const reads = Atomics.load(this.#state, READS);
      if (reads === 0) return true;
      if (Atomics.wait(this.#state, READS, reads, until - performance.now()) === 'timed-out') return false;
    }
  }
}
