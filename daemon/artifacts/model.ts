import type { Readable } from 'node:stream';

/** A file or folder of a store. */
export interface ArtifactEntry {
  /** POSIX path relative to the store's root. */
  readonly path: string;
  readonly isDir: boolean;
  /** In bytes; 0 for a folder. */
  readonly size: number;
  /** In milliseconds since the epoch, with fractions. */
  readonly modifiedAt: number;
}

/** What a complete upload came to. */
export interface StoredContent {
  /** In bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** As `stat` tells it afterwards. */
  readonly modifiedAt: number;
}

/**
 * Where artifacts lie. Paths are POSIX, relative to the root and checked (`checkArtifactPath`); a store contains them
 * once more where it touches its medium, so that no caller can forget to.
 */
export interface ArtifactStore {
  /** The entries directly below a folder (`''` is the root) by name; none when it is missing or a file. */
  list(folder: string): Promise<ArtifactEntry[]>;

  /** The file or folder, or undefined when there is none. */
  stat(path: string): Promise<ArtifactEntry | undefined>;

  /**
   * The content of a file, or of the part from `start` to `end` (bytes, both inclusive).
   * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such file
   */
  read(path: string, range?: { start: number; end: number }): Promise<Readable>;

  /**
   * Stores a file whole or not at all, in the place of one of that name.
   * @throws ApiError INVALID_PARAMETER_VALUE when the name is taken by a folder, INSUFFICIENT_STORAGE on a full disk
   */
  write(path: string, content: Readable): Promise<StoredContent>;

  /** Removes a file, or a folder with all below it; a missing one is no error. */
  delete(path: string): Promise<void>;

  /** A folder of the local disk that holds what is at `path`, to be read only. Undefined when there is no such folder. */
  localFolder(path: string): Promise<string | undefined>;
}
