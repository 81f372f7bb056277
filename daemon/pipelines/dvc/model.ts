/** What a `dvc.yaml` says of a stage beyond what every step has, with templates filled in and paths absolute. */

/** A file or folder that a stage makes. */
export interface DvcOutput {
  readonly path: string;
  readonly kind: 'out' | 'metric' | 'plot';
  /** Whether DVC keeps its content in its cache, and lists it in a `.gitignore`. */
  readonly cache: boolean;
  /** Whether it stays where it is when the stage runs. */
  readonly persist: boolean;
}

/** Parameters of one file that a stage depends on. */
export interface DvcParams {
  readonly file: string;
  /** Dotted names; null = all of the file. */
  readonly keys: readonly string[] | null;
}

/** A stage of a `dvc.yaml`, as its entry in `dvc.lock` is compared with. */
export interface DvcStage {
  /** As in `dvc.lock`: `train`, or `train@cnn` for one of a group. */
  readonly name: string;
  /** Absolute path of the `dvc.lock` that holds its entry: a pipeline has stages of several files. */
  readonly lock: string;
  /** Folder that it runs in. */
  readonly wdir: string;
  /** As in the file once templates are filled in: one text, or a list of commands. */
  readonly cmd: string | readonly string[];
  readonly deps: readonly string[];
  readonly params: readonly DvcParams[];
  readonly outs: readonly DvcOutput[];
  /** What it names that is not on this machine, as it is written: in none of these lists. */
  readonly elsewhere: readonly string[];
  /** Whether it is never run, and no stage before it is for its sake. */
  readonly frozen: boolean;
  readonly alwaysChanged: boolean;
}

/** What a definition that is a `dvc.yaml` belongs to. */
export interface DvcProject {
  /** Folder that holds `.dvc`; of the definition itself where there is none. */
  readonly root: string;
  /** What its stages depend on of the data that `.dvc` files keep versions of. */
  readonly data: readonly DvcData[];
  /** What files of parameters are to hold before it is run; absent when they are to stay as they are. */
  readonly edits?: ParamsEdits;
}

/** Texts of files of parameters, by their absolute paths. */
export type ParamsEdits = Readonly<Record<string, string>>;

/** A file or folder that a `.dvc` file keeps a version of. */
export interface DvcData {
  readonly path: string;
  /** Absolute path of the `.dvc` file. */
  readonly file: string;
}
