/** YAML as DVC reads and writes it, by ruamel.yaml: version 1.2, with its own views of numbers and dates. */
import { parse, type ScalarTag, stringify } from 'yaml';
import { floatText, PythonTime, type PythonValue } from './python.ts';

const FLOAT = 'tag:yaml.org,2002:float';
const INT = 'tag:yaml.org,2002:int';

/** What ruamel.yaml takes for numbers beyond YAML's core schema, and how it writes floats. */
const TAGS: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:timestamp',
    default: true,
    identify: value => value instanceof PythonTime,
    test: /^\d{4}-(?:\d{2}-\d{2}|\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::\d{2})?))?)$/,
    resolve: text => new PythonTime(text),
    stringify: node => (node.value as PythonTime).text,
  },
  {
    tag: INT,
    default: true,
    test: /^[-+]?(?:0b[01_]+|[0-9]+_[0-9_]*|0x[0-9a-fA-F_]*_[0-9a-fA-F_]*)$/,
    resolve: text => toInt(text),
  },
  {
    tag: FLOAT,
    default: true,
    identify: value => typeof value === 'number',
    test: /^[-+]?(?:[0-9][0-9_]*_[0-9_]*\.[0-9_]*|[0-9]+\.[0-9]*_[0-9_]*)(?:[eE][-+]?[0-9]+)?$/,
    resolve: text => Number(text.replaceAll('_', '')),
    stringify: node => floatText(node.value as number).replace(/^(-?)(inf|nan)$/, '$1.$2'),
  },
];

function toInt(text: string): bigint {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}

/** Options of the YAML library. */
export const DVC_YAML = {
  version: '1.2',
  schema: 'core',
  merge: true,
  intAsBigInt: true,
  customTags: (tags: readonly unknown[]) => [...TAGS, ...(tags as ScalarTag[])],
} as const;

/** @throws YAMLParseError */
export function readYaml(text: string): PythonValue {
  const value: unknown = parse(text, { ...DVC_YAML, mapAsMap: true, logLevel: 'error' });
  return (value ?? null) as PythonValue;
}

/** As ruamel.yaml lays it out; ends with a line break. @param width of a line before it is folded */
export function writeYaml(value: PythonValue, width = 80): string {
  return stringify(value, {
    ...DVC_YAML,
    keepUndefined: false,
    aliasDuplicateObjects: false,
    indentSeq: false,
    singleQuote: true,
    blockQuote: false,
    lineWidth: width,
  });
}
