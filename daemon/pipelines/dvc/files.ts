/** What stages read and write, hashed and copied in threads of their own. */
import type { Piscina } from 'piscina';
import { entry } from '../../entry.ts';
import { fileThreads } from '../file-threads.ts';
import type { DvcContent } from './content.ts';
import type { DvcPlace, Kept, Wanted } from './dvc-thread.ts';

export class DvcFiles {
  readonly #pool: Piscina;

  constructor(place: DvcPlace) {
    this.#pool = fileThreads(entry(import.meta.url, 'dvc-thread'), place);
  }

  /** What each absolute path holds, null where nothing is. @param root folder of the project */
  contents(root: string, wanted: readonly Wanted[]): Promise<(DvcContent | null)[]> {
    return this.#run('contents', { root, wanted });
  }

  /** Whether each of these digests can be restored from the cache. */
  has(root: string, kept: readonly string[]): Promise<boolean[]> {
    return this.#run('has', { root, kept });
  }

  /** Keeps what outputs hold in the cache; of each dependency, which files it had. */
  keep(root: string, what: Kept): Promise<void> {
    return this.#run('keep', { root, ...what });
  }

  /** Removes outputs, and makes those that persist writable. @throws DvcCacheError for what lies outside the project */
  clear(root: string, outs: readonly string[], persistent: readonly string[]): Promise<void> {
    return this.#run('clear', { root, outs, persistent });
  }

  /** Puts outputs back as they were kept. */
  restore(root: string, items: readonly { place: string; content: DvcContent }[]): Promise<void> {
    return this.#run('restore', { root, items });
  }

  /** The file of a folder that differs from when the folder had the digest `before`, where that is known. */
  difference(root: string, place: string, before: string): Promise<string | undefined> {
    return this.#run('difference', { root, place, before });
  }

  async close(): Promise<void> {
    await this.#pool.close({ force: true });
  }

  #run<Result>(name: string, input: unknown): Promise<Result> {
    return this.#pool.run(input, { name }) as Promise<Result>;
  }
}
