import { Slots } from './slots.ts';

/** Names that one step at a time can hold, over all executions of a daemon. */
export class Mutexes {
  readonly #places = new Map<string, Slots>();

  /**
   * Works while it holds all these names. They are always taken in the same order, so no two can wait for each other.
   *
   * @param waiting told which name is waited for
   * @param stop aborted when the work is not to be done any more, if it has not begun
   */
  async use(
    names: readonly string[],
    work: () => Promise<void>,
    stop: AbortSignal,
    waiting: (name: string) => void,
  ): Promise<void> {
    const [first, ...rest] = [...new Set(names)].sort();
    if (first === undefined) return work();
    const place = this.#placeOf(first);
    if (place.taken) waiting(first);
    await place.use(() => this.use(rest, work, stop, waiting), stop);
  }

  #placeOf(name: string): Slots {
    const place = this.#places.get(name) ?? new Slots(1);
    this.#places.set(name, place);
    return place;
  }
}
