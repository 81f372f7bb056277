/** The workspace's files as planning and caching see them, read and copied in threads of their own. */
import type { Piscina } from 'piscina';
import { entry } from '../../entry.ts';
import type { Lacking, Wanted } from '../cache/gather.ts';
import type { CacheReference, CacheReferences, CacheSurvey } from '../cache/survey.ts';
import { fileThreads } from '../file-threads.ts';
import type { StepCommands } from './code.ts';
import type { Content } from './content.ts';
import type { FilesPlace, FolderStates } from './files-thread.ts';

export class WorkspaceFiles {
  readonly #pool: Piscina;

  constructor(place: FilesPlace) {
    this.#pool = fileThreads(entry(import.meta.url, 'files-thread'), place);
  }

  /** What each absolute path holds, null where nothing is. */
  contents(places: readonly string[]): Promise<(Content | null)[]> {
    return this.#run('contents', places);
  }

  /** For each step the absolute paths of its code. */
  code(steps: readonly StepCommands[]): Promise<string[][]> {
    return this.#run('code', steps);
  }

  /** Keeps what each output holds in the cache, and tells what that was; of each dependency, which files it had. */
  keep(outputs: readonly string[], deps: readonly string[]): Promise<Content[]> {
    return this.#run('keep', { outputs, deps });
  }

  /** Keeps some files of a folder in the cache, as a folder of their own. @returns its digest */
  keepSome(folder: string, names: readonly string[]): Promise<string> {
    return this.#run('keepSome', { folder, names });
  }

  /** Whether the cache can restore all of these. */
  has(contents: readonly Content[]): Promise<boolean> {
    return this.#run('has', contents);
  }

  /** Puts outputs back as they were kept. */
  restore(items: readonly { readonly place: string; readonly content: Content }[]): Promise<void> {
    return this.#run('restore', items);
  }

  /**
   * Puts data into its places by its digests, from the cache or from where it may still lie unchanged.
   *
   * @param dryRun only look whether it could be
   * @returns files that are nowhere; with any, nothing was put anywhere
   */
  gather(wanted: readonly Wanted[], dryRun: boolean): Promise<Lacking[]> {
    return this.#run('gather', { wanted, dryRun });
  }

  /** Makes sure that whoever writes to these absolute paths writes to nothing in the cache. */
  unshare(places: readonly string[]): Promise<void> {
    return this.#run('unshare', places);
  }

  /** What of the cache some references need, and what lies in it beside. */
  survey(references: CacheReferences): Promise<CacheSurvey> {
    return this.#run('survey', references);
  }

  /** Digests of all in the cache that some references need. */
  needed(references: readonly CacheReference[]): Promise<string[]> {
    return this.#run('needed', references);
  }

  /** Removes files of the cache. */
  discard(files: readonly string[]): Promise<void> {
    return this.#run('discard', files);
  }

  /** The files of a folder as it was kept, and as it is; undefined when it was not kept, or is no folder. */
  manifests(kept: string, place: string): Promise<FolderStates | undefined> {
    return this.#run('manifests', { kept, place });
  }

  async close(): Promise<void> {
    await this.#pool.close({ force: true });
  }

  #run<Result>(name: string, input: unknown): Promise<Result> {
    return this.#pool.run(input, { name }) as Promise<Result>;
  }
}
