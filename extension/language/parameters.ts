import { isMap, type Scalar } from 'yaml';
import type { ParameterSource } from './pipeline-text.ts';
import { entriesOf, type Span, valueAt, type YamlText } from './yaml-text.ts';

/** A parameter, or a group of them, where its value is set. */
export interface Parameter {
  /** With dots: `train.rate`. */
  readonly name: string;
  readonly file: string;
  /** The last part of the name, as the key that it is. */
  readonly span: Span;
  readonly isGroup: boolean;
  /** As plain data. */
  readonly value: unknown;
}

/** The parameters of a source by their names, groups before their members. */
export function parametersIn(yaml: YamlText, { file, at, only }: ParameterSource): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  const collect = (node: unknown, prefix: string) => {
    for (const { name: last, key, value } of entriesOf(node)) {
      const name = `${prefix}${last}`;
      if (prefix === '' && only && !only.some(each => each === last || each.startsWith(`${last}.`))) continue;
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
  if (isGroup) return `{ ${Object.keys(value as object).join(', ')} }`;
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
