import type { Readable } from 'node:stream';
import type { Database } from '../database/database.ts';
import type { ArtifactEntry, ArtifactStore, OpenArtifact, StoredContent } from './model.ts';
import { checkArtifactFile } from './paths.ts';

/** An open file with the SHA-256 of its content, where that is known. */
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
  #guard: ChangeGuard = async () => {};

  constructor(files: ArtifactStore, database: Database) {
    this.files = files;
    this.#database = database;
  }

  /** Has every change asked for from now on. */
  guardChanges(guard: ChangeGuard): void {
    this.#guard = guard;
  }

  /** Stores a file whole or not at all. @throws ApiError as `ArtifactStore.write` and the guard do */
  async upload(path: string, content: Readable): Promise<StoredContent> {
    const checked = checkArtifactFile(path);
    await this.#guard(checked);
    // Asked again at the end: an upload may take so long that a version is released meanwhile.
    const stored = await this.files.write(checked, content, () => this.#guard(checked));
    await this.#database.write('artifacts.record', { path: checked, ...stored });
    return stored;
  }

  /** Removes a file or a folder with all below it; a missing one is no error. @throws ApiError as the guard does */
  async remove(path: string): Promise<void> {
    const checked = checkArtifactFile(path);
    await this.#guard(checked);
    await this.files.delete(checked);
    await this.#database.write('artifacts.forget', { path: checked });
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such file */
  async open(path: string): Promise<RecordedArtifact> {
    const file = await this.files.open(path);
    try {
      return { ...file, sha256: await this.sha256(file.entry) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The SHA-256 of a file as it was uploaded; undefined when it was changed since, or came here another way. */
  async sha256(entry: ArtifactEntry): Promise<string | undefined> {
    const recorded = await this.#database.read('artifacts.recorded', { path: entry.path });
    const same = recorded?.size === entry.size && recorded.modifiedAt === entry.modifiedAt;
    return same ? recorded.sha256 : undefined;
  }
}
