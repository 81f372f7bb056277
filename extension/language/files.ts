/** What the editor knows of a file or folder. */
export interface FileFacts {
  readonly isFolder: boolean;
  /** In bytes. */
  readonly size: number;
}

/** The files around a pipeline, all by absolute paths. */
export interface Files {
  /** The pipeline files of the workspace. */
  pipelines(): Promise<readonly string[]>;
  /** A file's text, as typed where it is open; undefined when there is none, or it is too large. */
  read(file: string): Promise<string | undefined>;
  stat(file: string): Promise<FileFacts | undefined>;
  /** What is in a folder; nothing when there is none. */
  list(folder: string): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]>;
}
