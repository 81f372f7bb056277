/** Folders in the user's state folder in which executions are run again. */
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { WorkspaceFiles } from '../pipelines/inputs/files.ts';
import { RepeatingMemory } from './memory.ts';

/** The scratch folders, each named by the id of its execution. */
export class Scratch {
  readonly #folder: string;
  readonly #cache: string;
  readonly #files = new Map<string, WorkspaceFiles>();

  /**
   * @param folder made when it is missing
   * @param cache folder of the store's cache
   */
  constructor(folder: string, cache: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = realpathSync(folder);
    this.#cache = cache;
  }

  /** Where the copy of the code is. */
  tree(id: string): string {
    return path.join(this.#folder, id, 'tree');
  }

  /** A file beside it. */
  file(id: string, name: string): string {
    return path.join(this.#folder, id, name);
  }

  /** The execution whose copy a path lies in. */
  idOf(place: string): string {
    return path.relative(this.#folder, place).split(path.sep)[0] ?? '';
  }

  isReady(id: string): boolean {
    return existsSync(this.file(id, 'ready'));
  }

  /** Notes that all is in its place: it is not put there again once steps have run. */
  setReady(id: string): void {
    writeFileSync(this.file(id, 'ready'), '');
  }

  /** Reads the files of a copy. */
  filesOf(id: string): WorkspaceFiles {
    const known =
      this.#files.get(id) ??
      new WorkspaceFiles({ cache: this.#cache, workspace: this.tree(id), link: false });
    this.#files.set(id, known);
    return known;
  }

  memoryOf(id: string): RepeatingMemory {
    return new RepeatingMemory(this.filesOf(id));
  }

  /** Removes a folder and all in it. */
  async remove(id: string): Promise<void> {
    await this.#files.get(id)?.close();
    this.#files.delete(id);
    await rm(path.join(this.#folder, id), { recursive: true, force: true, maxRetries: 3 });
  }

  /** Removes what an earlier daemon left behind. @param staying ids that are still needed */
  async sweep(staying: ReadonlySet<string>): Promise<void> {
    for (const id of readdirSync(this.#folder)) if (!staying.has(id)) await this.remove(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map(files => files.close()));
  }
}
