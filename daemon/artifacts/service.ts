import type { Readable } from 'node:stream';
import type { Database } from '../database/database.ts';
import type { ArtifactEntry, ArtifactStore, StoredContent } from './model.ts';
import { checkArtifactFile } from './paths.ts';

/** Artifacts with a record of what was uploaded. */
export class ArtifactService {
  /** For reading; what is written or deleted here directly is not recorded. */
  readonly files: ArtifactStore;
  readonly #database: Database;

  constructor(files: ArtifactStore, database: Database) {
    this.files = files;
    this.#database = database;
  }

  /** Stores a file whole or not at all. @throws ApiError as `ArtifactStore.write` does */
  async upload(path: string, content: Readable): Promise<StoredContent> {
    const stored = await this.files.write(path, content);
    await this.#database.write('artifacts.record', { path: checkArtifactFile(path), ...stored });
    return stored;
  }

  /** Removes a file or a folder with all below it; a missing one is no error. */
  async remove(path: string): Promise<void> {
    await this.files.delete(path);
    await this.#database.write('artifacts.forget', { path: checkArtifactFile(path) });
  }

  /** The SHA-256 of a file as it was uploaded; undefined when it was changed since, or came here another way. */
  async sha256(entry: ArtifactEntry): Promise<string | undefined> {
    const recorded = await this.#database.read('artifacts.recorded', { path: entry.path });
    const same = recorded?.size === entry.size && recorded.modifiedAt === entry.modifiedAt;
    return same ? recorded.sha256 : undefined;
  }
}
