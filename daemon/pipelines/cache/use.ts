/** Lets many use the cache at the same time, and one take things out of it while nobody does. */
export class CacheUse {
  #users = 0;
  #exclusive: Promise<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  /** Uses the cache: what is found in it stays there until the work is done. */
  async share<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#exclusive) await this.#exclusive;
    this.#users += 1;
    try {
      return await work();
    } finally {
      this.#users -= 1;
      if (this.#users === 0) {
        this.#idle?.resolve();
        this.#idle = undefined;
      }
    }
  }

  /** Waits until something of what keeps it from being changed has ended. */
  #rest(): Promise<void> {
    if (this.#exclusive) return this.#exclusive;
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Changes the cache once nobody uses it. Users do not wait for it to begin. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#exclusive || this.#users > 0) await this.#rest();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exclusive = promise;
    try {
      return await work();
    } finally {
      this.#exclusive = undefined;
      resolve();
    }
  }
}
