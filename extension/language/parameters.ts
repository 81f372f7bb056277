import { isMap, type Scalar } from 'yaml';
import { KeyedText } from './keyed-text.ts';
import type { ParameterSource } from './pipeline-text.ts';
import { entriesOf, type Span, valueAt, type YamlText } from './yaml-text.ts';

/** A parameter, or a group of them, where its value is set. */
export interface Parameter {
  /** With dots: `train.rate`. */
  readonly name: string;
  readonly file: string;
  /** The last part of the name, as the key that it is. */
  readonly span: Span;
  /** Where else its file names it: `[train]` and `[train.model]` in TOML. */
  readonly also?: readonly Span[];
  readonly isGroup: boolean;
  /** As plain data; in TOML and Python, as it is written. */
  readonly value: unknown;
}

/** The parameters of a source by their names, groups before their members. */
export function parametersIn(text: YamlText | KeyedText, source: ParameterSource): Map<string, Parameter> {
  return text instanceof KeyedText ? parametersByKeys(text, source) : parametersInYaml(text, source);
}

function parametersByKeys({ keys }: KeyedText, { file, only }: ParameterSource): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  for (const { name, span, isGroup, value } of keys) {
    if (!isTaken(name.split('.')[0] ?? '', only)) continue;
    const before = found.get(name);
    const also = before && [...(before.also ?? []), span];
    // What is set twice has the value that comes last, and is found where it is set first.
    found.set(name, { name, file, span: before?.span ?? span, ...(also && { also }), isGroup, value });
  }
  return found;
}

/** Whether a source takes a parameter or group by its first name. */
function isTaken(first: string, only: ParameterSource['only']): boolean {
  return !only || only.some(each => each === first || each.startsWith(`${first}.`));
}

function parametersInYaml(yaml: YamlText, { file, at, only }: ParameterSource): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  const collect = (node: unknown, prefix: string) => {
    for (const { name: last, key, value } of entriesOf(node)) {
      const name = `${prefix}${last}`;
      if (prefix === '' && !isTaken(last, only)) continue;
      found.set(name, parameter(yaml, file, name, key, value));
      if (isMap(value)) collect(value, `${name}.`);
    }
  };
  collect(at.length === 0 ? yaml.contents : valueAt(yaml.contents, at), '');
  return found;
}

function parameter(
  yaml: YamlText,
  file: string,
  name: string,
  key: Scalar,
  value: { toJSON(): unknown } | null,
): Parameter {
  return { name, file, span: yaml.spanOf(key), isGroup: isMap(value), value: value?.toJSON() ?? null };
}

/** A value in one line, as hovers and lists show it. */
export function showValue({ isGroup, value }: Parameter): string {
  if (isGroup) return typeof value === 'object' ? `{ ${Object.keys(value ?? {}).join(', ')} }` : '{ … }';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** A dotted name in a text: each of its parts, with the name that it completes. */
export function* partsOf(text: string, start: number): Generator<{ name: string; span: Span }> {
  // An index, `lags[0]`, ends what has a name.
  const [named = ''] = /^[^[\]]*/.exec(text) ?? [];
  let name = '';
  for (const part of named.matchAll(/[^.\s]+/g)) {
    name = name === '' ? part[0] : `${name}.${part[0]}`;
    yield { name, span: { start: start + part.index, end: start + part.index + part[0].length } };
  }
}
