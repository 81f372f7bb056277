/** DVC's cache of runs: what stages once made of what they read, whatever `dvc.lock` says now. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isList } from './context.ts';
import { type LockEntry, readEntry, writeEntry } from './lock-entry.ts';
import { isDict, jsonText, keyText, type PythonDict, type PythonValue } from './python.ts';
import { replaceFile } from './replace.ts';
import { writeYaml } from './write-yaml.ts';
import { readYaml } from './yaml.ts';

/** What a hash of an entry leaves out, wherever it is. */
const LEFT_OUT: ReadonlySet<string> = new Set(['size', 'nfiles']);

export class RunCache {
  readonly #folder: string;

  /** @param cache folder of DVC's cache */
  constructor(cache: string) {
    this.#folder = path.join(cache, 'runs');
  }

  /**
   * The newest run of a command with these inputs.
   *
   * @param inputs an entry whose outputs have no content yet
   */
  find(inputs: LockEntry): LockEntry | undefined {
    const folder = this.#folderOf(inputs);
    if (folder === undefined || !existsSync(folder)) return undefined;
    const timeOf = (name: string) => statSync(path.join(folder, name)).mtimeMs;
    const [newest] = readdirSync(folder).toSorted((a, b) => timeOf(b) - timeOf(a));
    if (newest === undefined) return undefined;
    try {
      return readEntry(readYaml(readFileSync(path.join(folder, newest), 'utf8')));
    } catch {
      // Damaged: the stage can run, as it would without.
      return undefined;
    }
  }

  /** Remembers a run. */
  save(entry: LockEntry): void {
    const folder = this.#folderOf(entry);
    if (folder === undefined) return;
    const written = writeEntry(entry);
    const file = path.join(folder, hashOf(written));
    if (existsSync(file)) return;
    mkdirSync(folder, { recursive: true });
    replaceFile(file, writeYaml(written));
  }

  #folderOf(entry: LockEntry): string | undefined {
    const paths = writeEntry({ ...entry, outs: entry.outs }).get('outs');
    const outs = isList(paths) ? paths.map(out => (isDict(out) ? (out.get('path') ?? null) : out)) : [];
    const key = keyOf(new Map([...writeEntry(entry), ['outs', outs]]));
    return key === undefined ? undefined : path.join(this.#folder, key.slice(0, 2), key);
  }
}

/** @returns undefined for what Python cannot make JSON of: DVC has no runs with dates among their parameters */
function keyOf(entry: PythonDict): string | undefined {
  try {
    return hashOf(entry);
  } catch {
    return undefined;
  }
}

function hashOf(entry: PythonDict): string {
  return createHash('sha256')
    .update(jsonText(withoutSizes(entry)))
    .digest('hex');
}

function withoutSizes(value: PythonValue): PythonValue {
  if (isList(value)) return value.map(withoutSizes);
  if (!isDict(value)) return value;
  return new Map(
    [...value]
      .filter(([key]) => !LEFT_OUT.has(keyText(key)))
      .map(([key, member]) => [key, withoutSizes(member)]),
  );
}
