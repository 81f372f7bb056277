/** What a `dvc.yaml` and its stages say under `vars`, and the parameters that go with it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../contract/pipelines.ts';
import { type Source, type SourcePath, suggest } from '../definition/source.ts';
import { Context, isList } from './context.ts';
import type { ParamsEdits } from './model.ts';
import { type ReadParams, readParamsFile } from './params-file.ts';
import { isDict, type PythonDict, PythonTime, type PythonValue } from './python.ts';
import { isTemplate } from './template.ts';

/** The file whose parameters templates see without being told to, and that stages mean when they name no file. */
export const DEFAULT_PARAMS = 'params.yaml';

/** What templates are filled in with, and the files that it is from. */
export interface Scope {
  readonly context: Context;
  /** Names that were taken from a file; null = all. */
  readonly loaded: ReadonlyMap<string, readonly string[] | null>;
  /** Whether all that it should hold could be read. */
  readonly complete: boolean;
}

export const EMPTY_SCOPE: Scope = { context: new Context(), loaded: new Map(), complete: true };

/** Where variables stand. */
export interface VarsPlace {
  readonly source: Source;
  readonly at: SourcePath;
  /** The folder that files are relative to. */
  readonly folder: string;
}

/** Reads variables, and no file twice. */
export class VarsReader {
  /** Problems in the files, each once. */
  readonly problems: Diagnostic[] = [];
  readonly #files = new Map<string, ReadParams>();
  readonly #edits: ParamsEdits;

  /** @param edits what files are read as in place of what they hold */
  constructor(edits: ParamsEdits = {}) {
    this.#edits = edits;
  }

  /** Files that were read. */
  get files(): string[] {
    return [...this.#files.keys()];
  }

  /** The parameters of a file; undefined when it cannot be read, which `problems` then tells of. */
  params(file: string): PythonDict | undefined {
    const read = this.#files.get(file) ?? readParamsFile(file, this.#edits[file]);
    if (!this.#files.has(file)) this.problems.push(...read.problems);
    this.#files.set(file, read);
    return read.problems.length === 0 ? read.values : undefined;
  }

  /** Adds `params.yaml`, where there is one. */
  addDefault(scope: Scope, place: VarsPlace): Scope {
    const file = path.join(place.folder, DEFAULT_PARAMS);
    return existsSync(file) ? this.#addFile(scope, DEFAULT_PARAMS, place) : scope;
  }

  /** Adds what is listed under `vars`. */
  add(scope: Scope, vars: readonly PythonValue[], { source, at, folder }: VarsPlace): Scope {
    let added = scope;
    for (const [index, item] of vars.entries()) {
      const place = { source, at: [...at, index], folder };
      if (hasTemplate(item)) {
        source.error(place.at, 'variables cannot be made of others', 'Write the value out.');
      } else if (typeof item === 'string') {
        added = this.#addFile(added, item, place);
      } else if (isDict(item)) {
        added = { ...added, context: merge(added.context, item, place.at.join('.'), place) };
      }
    }
    return added;
  }

  /** @param item a file, or a file and names in it: `params.json:train,test` */
  #addFile(scope: Scope, item: string, place: VarsPlace): Scope {
    const { source, at, folder } = place;
    const [name = ''] = item.split(':', 1);
    const names = item
      .slice(name.length + 1)
      .split(',')
      .filter(Boolean);
    const file = path.resolve(folder, name);
    const earlier = scope.loaded.get(file);
    if (earlier === null && names.length === 0) return scope;
    const twice =
      earlier !== undefined && (names.length === 0 || !earlier || names.some(each => earlier.includes(each)));
    if (twice) {
      const part = earlier === null ? 'as a whole' : `in part: ${earlier?.join(', ')}`;
      source.error(at, `“${name}” is loaded already, ${part}`, 'Load each value once.');
      return scope;
    }
    if (!existsSync(file)) {
      source.error(at, `the file “${name}” does not exist`, 'Create it, or correct the path.');
      return scope;
    }
    const values = this.params(file);
    if (!values) return { ...scope, complete: false };
    const loaded = new Map(scope.loaded).set(
      file,
      names.length === 0 ? null : [...(earlier ?? []), ...names],
    );
    return { ...scope, loaded, context: merge(scope.context, pick(values, names, name, place), name, place) };
  }
}

/** @param names none = all */
function pick(
  values: PythonDict,
  names: readonly string[],
  file: string,
  { source, at }: VarsPlace,
): PythonDict {
  if (names.length === 0) return values;
  const picked = new Map<PythonValue, PythonValue>();
  for (const name of names) {
    const value = values.get(name);
    if (value === undefined) {
      const known = [...values.keys()].map(String);
      source.error(at, `there is no “${name}” in “${file}”`, suggest(name, known));
    } else {
      picked.set(name, value);
    }
  }
  return picked;
}

function merge(context: Context, values: PythonDict, from: string, { source, at }: VarsPlace): Context {
  const { context: merged, redefined } = context.merge(values, from);
  for (const name of redefined) {
    source.error(
      at,
      `“${name}” has a value already, from ${context.sourceOf(name)}`,
      'Rename one of them: DVC never replaces a value.',
    );
  }
  for (const name of dates(values)) {
    source.error(
      at,
      `“${name}” in ${from} is a date, which DVC cannot use in templates`,
      'Put it in quotes, so that it is text.',
    );
  }
  return merged;
}

/** Names of values that are dates. */
function dates(value: PythonValue, name = ''): string[] {
  if (value instanceof PythonTime) return [name];
  const under = (key: unknown) => (name === '' ? String(key) : `${name}.${key}`);
  if (isList(value)) return value.flatMap((member, index) => dates(member, under(index)));
  return isDict(value) ? [...value].flatMap(([key, member]) => dates(member, under(key))) : [];
}

function hasTemplate(value: PythonValue): boolean {
  if (typeof value === 'string') return isTemplate(value);
  if (isList(value)) return value.some(hasTemplate);
  return isDict(value) && [...value].flat().some(hasTemplate);
}
