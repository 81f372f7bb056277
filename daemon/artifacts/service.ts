import type { Readable } from 'node:stream';
import { ApiError } from '../contract/errors.ts';
import type { Database } from '../database/database.ts';
import { PathLocks } from './locks.ts';
import type { ArtifactStore, OpenArtifact, StoredContent } from './model.ts';
import { checkArtifactFile } from './paths.ts';
import { Soundness } from './soundness.ts';

/** An open file with the SHA-256 of its content, where that was recorded. */
export interface RecordedArtifact extends OpenArtifact {
  readonly sha256: string | undefined;
}

/** @throws ApiError PERMISSION_DENIED when what is at a path, or above or below it, may not be changed */
export type ChangeGuard = (path: string) => Promise<void>;

/** Artifacts with a record of what was uploaded. */
export class ArtifactService {
  /** For reading; what is written or deleted here directly is neither guarded nor recorded. */
  readonly files: ArtifactStore;
  readonly #database: Database;
  readonly #soundness: Soundness;
  /** From when a change becomes visible until it is recorded. */
  readonly #locks = new PathLocks();
  #guard: ChangeGuard = async () => {};

  constructor(files: ArtifactStore, database: Database) {
    this.files = files;
    this.#database = database;
    this.#soundness = new Soundness(files);
  }

  /** Has every change asked for from now on. */
  guardChanges(guard: ChangeGuard): void {
    this.#guard = guard;
  }

  /**
   * What would refuse an upload before anything is sent.
   *
   * @returns the path in its one form
   * @throws ApiError INVALID_PARAMETER_VALUE for a path that names no file, and as the guard does
   */
  async checkUpload(path: string): Promise<string> {
    const checked = checkArtifactFile(path);
    await this.#guard(checked);
    return checked;
  }

  /** Stores a file whole or not at all. @throws ApiError as `ArtifactStore.write` and the guard do */
  async upload(path: string, content: Readable): Promise<StoredContent> {
    const checked = await this.checkUpload(path);
    let release = () => {};
    try {
      const stored = await this.files.write(checked, content, async () => {
        // Asked again at the end: an upload may take so long that a version is released meanwhile.
        await this.#guard(checked);
        release = await this.#locks.acquire(checked);
        // A record never stands beside another content, not even after a crash between the two.
        if (await this.#recorded(checked)) await this.#database.write('artifacts.forget', { path: checked });
      });
      await this.#database.write('artifacts.record', { path: checked, ...stored });
      this.#soundness.remember(checked, stored);
      return stored;
    } finally {
      release();
    }
  }

  /** Removes a file or a folder with all below it; a missing one is no error. @throws ApiError as the guard does */
  async remove(path: string): Promise<void> {
    const checked = checkArtifactFile(path);
    await this.#guard(checked);
    const release = await this.#locks.acquire(checked);
    try {
      while ((await this.#database.write('artifacts.forget', { path: checked })) > 0);
      await this.files.delete(checked);
    } finally {
      release();
    }
  }

  /**
   * Opens a file that is what was uploaded; about one that came here another way nothing is known.
   *
   * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such file, DATA_LOSS when it is damaged
   */
  async open(path: string): Promise<RecordedArtifact> {
    const recorded = await this.#recorded(path);
    if (!recorded) return { ...(await this.files.open(path)), sha256: undefined };
    try {
      return { ...(await this.#soundness.open(path, recorded)), sha256: recorded.sha256 };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'DATA_LOSS') throw error;
      // Unless another content was uploaded meanwhile.
      const now = await this.#recorded(path);
      if (now?.sha256 === recorded.sha256) throw error;
      return this.open(path);
    }
  }

  #recorded(path: string): Promise<StoredContent | null> {
    return this.#database.read('artifacts.recorded', { path });
  }
}
