/**
 * Parameters that are asked for with other values than their files have. Stages read the files themselves, so the values are
 * written there when an execution begins, as `dvc exp run --set-param` does; a plan is made of the files as they would be.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isAlias, isMap, isNode, isScalar, isSeq, parseDocument, YAMLError } from 'yaml';
import { invalid } from '../../contract/errors.ts';
import { isInside } from '../definition/graph.ts';
import type { PipelineDefinition } from '../definition/model.ts';
import { suggest } from '../definition/source.ts';
import { flatten } from '../definition/template.ts';
import { valueAt } from './context.ts';
import { readParamsFile } from './params-file.ts';
import { isDict, jsonText, type PythonValue, toPlain } from './python.ts';
import { replaceFile } from './replace.ts';
import { DEFAULT_PARAMS } from './vars.ts';
import { DVC_YAML, readYaml } from './yaml.ts';

/** An override that cannot be written. */
export class OverrideError extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Files that values can be put into without touching what stands around them. */
const WRITABLE = new Set(['.yaml', '.yml', '.json']);

/** Where the parameters of a `dvc.yaml` can be. */
export interface ParamsPlaces {
  /** That files are relative to. */
  readonly folder: string;
  /** Folder of the project: nothing outside of it is changed. */
  readonly root: string;
  /** Files whose parameters are known by their names alone. */
  readonly loaded: readonly string[];
}

/**
 * The files with the values that are asked for.
 *
 * @param set values as YAML, by the dotted names of parameters; one of another file has that before it, as DVC writes it:
 * `extra.yaml:seed`
 * @throws OverrideError
 */
export function editsOf(set: Readonly<Record<string, string>>, places: ParamsPlaces): Record<string, string> {
  const edits: Record<string, string> = {};
  for (const [key, value] of Object.entries(set)) {
    const { file, name } = placeOf(key, places);
    edits[file] = withValue(file, edits[file] ?? readFileSync(file, 'utf8'), name, value);
  }
  return edits;
}

/**
 * Writes the values that a definition was read with into their files, as far as they are not there yet.
 *
 * @returns the definition as it is from then on
 * @throws ApiError INVALID_PARAMETER_VALUE when a file cannot be written
 */
export function writeEdits(definition: PipelineDefinition): PipelineDefinition {
  if (!definition.dvc?.edits) return definition;
  const { edits, ...project } = definition.dvc;
  for (const [file, text] of Object.entries(edits)) write(file, text);
  return { ...definition, dvc: project };
}

function write(file: string, text: string): void {
  try {
    // A link stays one.
    if (readFileSync(file, 'utf8') !== text) replaceFile(realpathSync(file), text);
  } catch (error) {
    throw invalid(`The parameters cannot be written into ${file}: ${(error as Error).message}.`);
  }
}

function placeOf(key: string, { folder, root, loaded }: ParamsPlaces): { file: string; name: string } {
  const [before = '', ...rest] = key.split(':');
  const name = rest.length === 0 ? before : rest.join(':');
  const file = rest.length === 0 ? fileOf(name, folder, loaded) : path.resolve(folder, before);
  const shown = path.relative(folder, file);
  if (!existsSync(file))
    throw new OverrideError(`there is no file “${shown}”`, 'Name one of parameters: extra.yaml:name=value.');
  if (!isInside(realpathSync(file), realpathSync(root)))
    throw new OverrideError(`“${shown}” lies outside of the project`, 'Change it by hand.');
  if (!WRITABLE.has(path.extname(file).toLowerCase())) {
    const remedy = `Change “${name}” there, or have DVC do it: dvc exp run --set-param ${shown}:${name}=…`;
    throw new OverrideError(`“${shown}” is neither YAML nor JSON, and cannot be changed by --set`, remedy);
  }
  return { file, name };
}

/** The file that a parameter is in which is known by its name alone. */
function fileOf(name: string, folder: string, loaded: readonly string[]): string {
  const parts = name.split('.');
  const found = loaded.find(file => valueAt(readParamsFile(file).values, parts) !== undefined);
  return found ?? path.join(folder, DEFAULT_PARAMS);
}

/** The text of a file with another value of one parameter, and all else as it was. */
function withValue(file: string, text: string, name: string, written: string): string {
  const parts = name.split('.');
  const wanted = readValue(name, written);
  const [start, end] = rangeOf(file, text, name);
  const old = text.slice(start, end);
  // What was empty stands right behind its colon; a list over several lines takes its last line break with it.
  const before = old === '' && /\S/.test(text[start - 1] ?? '') ? ' ' : '';
  const after = old.endsWith('\n') ? '\n' : '';
  const edited = text.slice(0, start) + before + textOf(file, wanted, written) + after + text.slice(end);
  const { values, problems } = readParamsFile(file, edited);
  const found = valueAt(values, parts);
  if (problems.length > 0 || found === undefined || !isSame(found, wanted)) {
    throw new OverrideError(
      `“${name}=${written}” cannot be written into ${path.basename(file)}`,
      'Change the file by hand.',
    );
  }
  return edited;
}

function readValue(name: string, written: string): PythonValue {
  try {
    const value = readYaml(written);
    if (!isDict(value)) return value;
  } catch (error) {
    if (!(error instanceof YAMLError)) throw error;
    throw new OverrideError(
      `“${name}=${written}”: the value is not valid YAML`,
      'Quote it as a YAML string.',
    );
  }
  throw new OverrideError(`“${name}=${written}”: the value is a mapping`, 'Set its members one by one.');
}

/** As it was written where that is one line and the same in the file; texts in quotes, unless they are plain words. */
function textOf(file: string, value: PythonValue, written: string): string {
  if (path.extname(file).toLowerCase() === '.json') return jsonText(value);
  if (typeof value !== 'string') return written.trim() === '' ? 'null' : written.trim();
  return value === written && /^[\w./-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Where the value of a parameter stands. @throws OverrideError when there is none, or it is a group */
function rangeOf(file: string, text: string, name: string): [number, number] {
  const document = parseDocument(text, { ...DVC_YAML, logLevel: 'error' });
  let node: unknown = document.contents;
  for (const part of name.split('.')) {
    if (isSeq(node)) node = node.items[Number(part)];
    else if (isMap(node))
      node = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === part)?.value;
    else node = undefined;
  }
  if (!isNode(node) || !node.range) {
    const known = Object.keys(flatten(toPlain(readParamsFile(file, text).values)));
    throw new OverrideError(
      `there is no parameter “${name}” in ${path.basename(file)}`,
      suggest(name, known),
    );
  }
  if (isMap(node)) throw new OverrideError(`“${name}” is a group of parameters`, 'Set its members.');
  if (isAlias(node))
    throw new OverrideError(`“${name}” has its value from an anchor`, 'Change the file by hand.');
  return [node.range[0], node.range[1]];
}

function isSame(a: PythonValue, b: PythonValue): boolean {
  return JSON.stringify(toPlain(a)) === JSON.stringify(toPlain(b));
}
