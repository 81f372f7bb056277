import type { Readable } from 'node:stream';

/** A file or folder of a store. */
export interface ArtifactEntry {
  /** POSIX path relative to the store's root. */
  readonly path: string;
  readonly isDir: boolean;
  /** In bytes; 0 for a folder. */
  readonly size: number;
  /** In milliseconds since the epoch, with fractions; 0 for a folder of a store that has none of its own. */
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

/** Part of a file: offsets in bytes, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A file as it was when it was opened: a later upload in its place does not show. To be read once, or closed. */
export interface OpenArtifact {
  readonly entry: ArtifactEntry;
  /** The content, or a part of it. The file is closed with the stream. */
  read(range?: ByteRange): Promise<Readable>;
  close(): Promise<void>;
}

/**
 * Where artifacts lie. Paths are POSIX, relative to the root and checked (`checkArtifactPath`); a store contains them
 * once more where it touches its medium, so that no caller can forget to.
 */
export interface ArtifactStore {
  /** The root, as people are told: a folder, or `s3://bucket/prefix`. */
  readonly place: string;

  /** Whether the medium notices by itself when a content is damaged, as object stores do. */
  readonly checksContent?: boolean;

  /** The entries directly below a folder (`''` is the root) by name; none when it is missing or a file. */
  list(folder: string): AsyncIterable<ArtifactEntry>;

  /** The file or folder, or undefined when there is none. */
  stat(path: string): Promise<ArtifactEntry | undefined>;

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such file */
  open(path: string): Promise<OpenArtifact>;

  /**
   * Stores a file whole or not at all, in the place of one of that name.
   *
   * @param confirm called when all of it is there, right before it becomes visible; throws to have nothing kept
   * @throws ApiError INVALID_PARAMETER_VALUE when the name is taken by a folder, INSUFFICIENT_STORAGE on a full disk,
   * BAD_REQUEST when the content ends early
   */
  write(path: string, content: Readable, confirm?: () => Promise<void>): Promise<StoredContent>;

  /** Removes a file, or a folder with all below it; a missing one is no error. */
  delete(path: string): Promise<void>;

  /** A folder of the local disk that holds what is at `path`, to be read only. Undefined when there is no such folder. */
  localFolder(path: string): Promise<string | undefined>;

  /** @throws ApiError that says why files cannot be kept there at present, and what to do about it */
  check(): Promise<void>;
}

/** The files below a folder, at any depth. */
export async function* filesBelow(store: ArtifactStore, folder: string): AsyncGenerator<ArtifactEntry> {
  for await (const entry of store.list(folder)) {
    if (entry.isDir) yield* filesBelow(store, entry.path);
    else yield entry;
  }
}
