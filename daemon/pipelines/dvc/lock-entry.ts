/** What `dvc.lock` says of one stage. */
import { isList } from './context.ts';
import { compareText, isDict, keyText, type PythonDict, type PythonValue } from './python.ts';

/** By which rule a digest was made: DVC 2 took line ends of text files for the same. */
export type HashName = 'md5' | 'md5-dos2unix';

/** A file or folder, as it was when the stage ran. */
export interface LockedFile {
  /** As the file has it: relative to the stage's folder, with `/`. */
  readonly path: string;
  readonly hash: HashName;
  /** MD5; that of a folder ends in `.dir`. */
  readonly digest: string;
  readonly size: number | null;
  /** How many files a folder has. */
  readonly files: number | null;
  readonly executable: boolean;
}

export interface LockEntry {
  readonly cmd: string | readonly string[];
  readonly deps: readonly LockedFile[];
  /** Values by the path of their file. */
  readonly params: ReadonlyMap<string, PythonDict>;
  readonly outs: readonly LockedFile[];
}

/** The name of the file whose parameters come first. */
const DEFAULT_PARAMS = 'params.yaml';

/** @throws Error when it is none */
export function readEntry(value: PythonValue | undefined): LockEntry {
  if (!isDict(value)) throw new Error('it is no mapping');
  const params = value.get('params') ?? new Map();
  if (!isDict(params)) throw new Error('its params are no mapping');
  const files = [...params].flatMap(([file, values]) =>
    isDict(values) ? [[keyText(file), values] as const] : [],
  );
  return {
    cmd: readCommand(value.get('cmd')),
    deps: readFiles(value.get('deps')),
    params: new Map(files),
    outs: readFiles(value.get('outs')),
  };
}

function readCommand(value: PythonValue | undefined): LockEntry['cmd'] {
  if (typeof value === 'string') return value;
  if (isList(value)) return value.map(String);
  throw new Error('it has no cmd');
}

function readFiles(value: PythonValue | undefined): LockedFile[] {
  if (value === undefined || value === null) return [];
  if (!isList(value)) throw new Error('its deps or outs are no list');
  return value.map(each => {
    if (!isDict(each)) throw new Error('one of its deps or outs is no mapping');
    const number = (key: string) => (each.get(key) === undefined ? null : Number(each.get(key)));
    return {
      path: String(each.get('path')),
      hash: each.get('hash') === undefined ? 'md5-dos2unix' : 'md5',
      // What DVC knows by other means, an etag for one, is as good as unknown.
      digest: String(each.get('md5') ?? ''),
      size: number('size'),
      files: number('nfiles'),
      executable: each.get('isexec') === true,
    };
  });
}

/** The entry as DVC writes it: in its order, and sorted as it sorts. */
export function writeEntry({ cmd, deps, params, outs }: LockEntry): PythonDict {
  const entry = new Map<PythonValue, PythonValue>([['cmd', cmd]]);
  if (deps.length > 0) entry.set('deps', writeFiles(deps));
  if (params.size > 0) entry.set('params', writeParams(params));
  if (outs.length > 0) entry.set('outs', writeFiles(outs));
  return entry;
}

function writeFiles(files: readonly LockedFile[]): PythonDict[] {
  return files
    .toSorted((a, b) => compareText(a.path, b.path))
    .map(({ path, hash, digest, size, files: count, executable }) => {
      const written = new Map<PythonValue, PythonValue>([['path', path]]);
      if (hash === 'md5') written.set('hash', hash);
      written.set('md5', digest);
      if (size !== null) written.set('size', BigInt(size));
      if (count !== null) written.set('nfiles', BigInt(count));
      if (executable) written.set('isexec', true);
      return written;
    });
}

function writeParams(params: LockEntry['params']): PythonDict {
  const rank = (file: string) => (file === DEFAULT_PARAMS ? 0 : 1);
  const files = [...params].toSorted(([a], [b]) => rank(a) - rank(b) || compareText(a, b));
  return new Map(files.map(([file, values]) => [file, sorted(values)]));
}

function sorted(values: PythonDict): PythonDict {
  return new Map([...values].toSorted(([a], [b]) => compareText(keyText(a), keyText(b))));
}
