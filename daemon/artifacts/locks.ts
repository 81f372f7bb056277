/** Lets one at a time change what is at a path, above it or below it. */
export class PathLocks {
  readonly #held = new Map<string, Promise<void>>();

  /** Waits for its turn. @returns what lets go of the path */
  async acquire(path: string): Promise<() => void> {
    for (;;) {
      const other = [...this.#held].find(([held]) => overlap(held, path));
      if (!other) break;
      await other[1];
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(path, promise);
    return () => {
      this.#held.delete(path);
      resolve();
    };
  }
}

function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}
