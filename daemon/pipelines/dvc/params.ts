/** The values of the parameters that stages depend on. */
import { existsSync } from 'node:fs';
import { isList } from './context.ts';
import type { DvcParams, ParamsEdits } from './model.ts';
import { readParamsFile } from './params-file.ts';
import { isDict, type PythonDict, type PythonValue } from './python.ts';

/** Reads files of parameters, each once. */
export class ParamsReader {
  readonly #read = new Map<string, PythonDict | undefined>();
  readonly #edits: ParamsEdits;

  /** @param edits what files are read as in place of what they hold */
  constructor(edits: ParamsEdits = {}) {
    this.#edits = edits;
  }

  /**
   * The values that a stage depends on, by name; a name without a value is missing.
   *
   * @returns undefined when there is no such file, or when it cannot be read
   */
  values({ file, keys }: DvcParams): PythonDict | undefined {
    const all = this.#all(file);
    if (keys === null || all === undefined) return all;
    const found = keys.map(key => [key, valueAt(all, key.split('.'))] as const);
    return new Map(found.filter((each): each is [string, PythonValue] => each[1] !== undefined));
  }

  #all(file: string): PythonDict | undefined {
    if (!this.#read.has(file)) this.#read.set(file, readAll(file, this.#edits[file]));
    return this.#read.get(file);
  }
}

function readAll(file: string, instead: string | undefined): PythonDict | undefined {
  if (!existsSync(file)) return undefined;
  const { values, problems } = readParamsFile(file, instead);
  return problems.some(({ severity }) => severity === 'error') ? undefined : values;
}

/** Parts of a name that are numbers count in lists, and name keys that are numbers. */
function valueAt(value: PythonValue, parts: readonly string[]): PythonValue | undefined {
  let found: PythonValue | undefined = value;
  for (const part of parts) {
    const number = /^\d+$/.test(part) ? BigInt(part) : undefined;
    if (isDict(found)) found = found.get(number === undefined || found.has(part) ? part : number);
    else if (isList(found)) found = number === undefined ? undefined : found[Number(number)];
    else return undefined;
  }
  return found;
}
