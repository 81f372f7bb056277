// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the messages show the syntax they are about
/** What `${…}` in a `dvc.yaml` can name: parameters of files, and variables of the file and of the stage. */
import { suggest } from '../definition/source.ts';
import { flatten, TemplateError } from '../definition/template.ts';
import { isDict, type PythonDict, type PythonValue, toPlain } from './python.ts';

/** `a.b[0]`: whatever stands between dots and brackets is a name. */
const REFERENCE = /^[^.[\]]+(?:\.[^.[\]]+|\[[^.[\]]+\])*$/;

interface Layer {
  readonly source: string;
  readonly values: PythonDict;
}

/** Values by name. A context never changes: what adds to it makes another. */
export class Context {
  readonly values: PythonDict;
  /** What was merged, in order. */
  readonly #layers: readonly Layer[];

  constructor(values: PythonDict = new Map(), layers: readonly Layer[] = []) {
    this.values = values;
    this.#layers = layers;
  }

  /**
   * Takes in values: mappings are merged with those that are there.
   *
   * @returns also the names that had a value already, and keep it
   */
  merge(values: PythonDict, source: string): { context: Context; redefined: readonly string[] } {
    const redefined: string[] = [];
    const merged = merge(this.values, values, [], redefined);
    return { context: new Context(merged, [...this.#layers, { source, values }]), redefined };
  }

  /** Takes in values in place of those that are there. */
  with(values: PythonDict, source: string): Context {
    return new Context(new Map([...this.values, ...values]), [{ source, values }, ...this.#layers]);
  }

  /** Where a name has its value from. */
  sourceOf(name: string): string {
    const parts = name.split('.');
    return this.#layers.find(({ values }) => valueAt(values, parts) !== undefined)?.source ?? '';
  }

  /** @throws TemplateError when there is no such name */
  get(reference: string): PythonValue {
    if (!REFERENCE.test(reference)) {
      throw new TemplateError(
        `\${${reference}} is not a name`,
        'Write ${name}, ${group.name} or ${list[0]}; \\${ is a literal ${.',
      );
    }
    const name = reference.replaceAll('[', '.').replaceAll(']', '');
    const parts = name.split('.').map(part => part.trim());
    const value = valueAt(this.values, parts);
    if (value !== undefined) return value;
    throw new TemplateError(
      `there is no “${reference.trim()}”`,
      suggest(parts.join('.'), Object.keys(flatten(toPlain(this.values)))),
    );
  }
}

function merge(
  into: PythonDict,
  values: PythonDict,
  path: readonly PythonValue[],
  redefined: string[],
): PythonDict {
  const merged = new Map(into);
  for (const [key, value] of values) {
    const there = into.get(key);
    if (typeof key !== 'string') continue;
    if (isDict(there) && isDict(value)) merged.set(key, merge(there, value, [...path, key], redefined));
    else if (there === undefined) merged.set(key, nameable(value));
    else redefined.push([...path, key].join('.'));
  }
  return merged;
}

/** What can be named: DVC leaves out what stands under keys that are no text. */
function nameable(value: PythonValue): PythonValue {
  if (isList(value)) return value.map(nameable);
  if (!isDict(value)) return value;
  const named = [...value].filter(([key]) => typeof key === 'string');
  return new Map(named.map(([key, member]) => [key, nameable(member)]));
}

/** The value behind a dotted name such as `train.layers.0`; undefined when there is none. */
export function valueAt(value: PythonValue, parts: readonly string[]): PythonValue | undefined {
  let found: PythonValue | undefined = value;
  for (const part of parts) {
    if (isDict(found)) found = found.get(part);
    else if (isList(found)) found = /^-?\d+$/.test(part) ? found.at(Number(part)) : undefined;
    else return undefined;
  }
  return found;
}

/** `Array.isArray` does not narrow read-only lists. */
export function isList(value: PythonValue | undefined): value is readonly PythonValue[] {
  return Array.isArray(value);
}
