/** YAML as DVC reads it, by ruamel.yaml: version 1.2, with its own views of numbers and dates. */
import { parse, type ScalarTag } from 'yaml';
import { PythonTime, type PythonValue } from './python.ts';

const FLOAT = 'tag:yaml.org,2002:float';
const INT = 'tag:yaml.org,2002:int';

/** What ruamel.yaml takes for numbers and dates beyond YAML's core schema. */
const TAGS: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:timestamp',
    default: true,
    test: /^\d{4}-(?:\d{2}-\d{2}|\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::\d{2})?))?)$/,
    resolve: text => new PythonTime(text),
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
    test: /^[-+]?(?:[0-9][0-9_]*_[0-9_]*\.[0-9_]*|[0-9]+\.[0-9]*_[0-9_]*)(?:[eE][-+]?[0-9]+)?$/,
    resolve: text => Number(text.replaceAll('_', '')),
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
