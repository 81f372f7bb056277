/** YAML as DVC writes it, by ruamel.yaml: laid out to the letter as that does, so that what either writes differs in nothing. */
import { parse, type ScalarTag, stringify, type Tags } from 'yaml';
import { floatText, PythonTime, type PythonValue } from './python.ts';
import { DVC_YAML } from './yaml.ts';

type StringifyContext = Parameters<NonNullable<ScalarTag['stringify']>>[1];

/** From this column on, ruamel.yaml goes on in the next line. */
const WIDTH = 80;

/** @param indent of all lines. @returns text that ends with a line break */
export function writeYaml(value: PythonValue, indent = 0): string {
  const text = stringify(value, {
    customTags: (_: Tags): Tags => ['map', 'seq', ...scalarTags(WIDTH - indent)],
    aliasDuplicateObjects: false,
    indentSeq: false,
    lineWidth: 0,
  });
  return text.replace(/^(?=.)/gm, ' '.repeat(indent));
}

function scalarTags(width: number): ScalarTag[] {
  const tag = (
    name: string,
    identify: (value: unknown) => boolean,
    write: (value: unknown, context: StringifyContext) => string,
  ): ScalarTag => ({
    tag: `tag:yaml.org,2002:${name}`,
    default: true,
    identify,
    resolve: text => text,
    stringify: ({ value }, context) => write(value, context),
  });
  return [
    tag(
      'null',
      value => value === null,
      () => '',
    ),
    tag('bool', value => typeof value === 'boolean', String),
    tag('int', value => typeof value === 'bigint', String),
    tag(
      'float',
      value => typeof value === 'number',
      value => writeFloat(value as number),
    ),
    tag(
      'timestamp',
      value => value instanceof PythonTime,
      value => (value as PythonTime).text,
    ),
    tag(
      'str',
      value => typeof value === 'string',
      (value, context) => writeText(value as string, context, width),
    ),
  ];
}

function writeFloat(value: number): string {
  return floatText(value).replace(/^(-?)(inf|nan)$/, '$1.$2');
}

/** What no reader takes for plain text: indicators, comments, and spaces that would get lost. */
const NO_PLAIN =
  /^[#,[\]{}&*!|>'"%@`]|^[?:-](?:\s|$)|:(?:\s|$)|\s#|^(?:---|\.\.\.)|^\s|\s$|[\n\u0085\u2028\u2029]/;
const SPECIAL = /[^\n\x20-\x7e\u0085\u00a0-\ufefe\uff00-\ufffd]/;

function writeText(text: string, context: StringifyContext, width: number): string {
  const place = placeOf(context, width);
  if (text !== '' && !NO_PLAIN.test(text) && !SPECIAL.test(text) && isText(text)) return plain(text, place);
  if (/['\n]/.test(text) || SPECIAL.test(text)) return doubleQuoted(text);
  return singleQuoted(text, place);
}

/** Whether a reader takes it for text: neither a number, a date nor any other word of YAML. */
function isText(text: string): boolean {
  if (text === '=' || text === '<<') return false;
  return typeof parse(text, { ...DVC_YAML, logLevel: 'silent' }) === 'string';
}

/** Where a text begins, and where it goes on in further lines. */
interface Place {
  readonly column: number;
  readonly indent: number;
  readonly width: number;
}

function placeOf({ indent, indentAtStart, implicitKey, inFlow }: StringifyContext, width: number): Place {
  if (implicitKey || inFlow) return { column: 0, indent: 0, width: Number.POSITIVE_INFINITY };
  // A value stands behind its key, which is indented less.
  const column = indentAtStart === undefined ? indent.length : indent.length - 2 + indentAtStart;
  return { column, indent: indent.length, width };
}

/** A line ends at a single space behind its width, or before a word that would go beyond it. */
function plain(text: string, { column: start, indent, width }: Place): string {
  let column = start;
  let written = '';
  const newLine = () => {
    written += `\n${' '.repeat(indent)}`;
    column = indent;
  };
  for (const [part] of text.matchAll(/ +|[^ ]+/g)) {
    const isSpace = part.startsWith(' ');
    if (isSpace && part.length === 1 && column >= width) {
      newLine();
      continue;
    }
    if (!isSpace && column + part.length > width && column > indent) newLine();
    written += part;
    column += part.length;
  }
  return written;
}

/** A line ends at a single space beyond its width. */
function singleQuoted(text: string, { column: start, indent, width }: Place): string {
  let column = start + 1;
  let written = "'";
  let read = 0;
  for (const [part] of text.matchAll(/ +|[^ ]+/g)) {
    const isInside = read > 0 && read + part.length < text.length;
    read += part.length;
    if (part === ' ' && column > width && isInside) {
      written += `\n${' '.repeat(indent)}`;
      column = indent;
      continue;
    }
    const escaped = part.replaceAll("'", "''");
    written += escaped;
    column += escaped.length;
  }
  return `${written}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u2028': 'L',
  '\u2029': 'P',
};

/** In one line, which ruamel.yaml breaks when it is long. */
function doubleQuoted(text: string): string {
  const escaped = text.replace(/["\\\u0085\u2028\u2029\ufeff]|[^\x20-\x7e\u00a0-\ufffd]/g, character => {
    const short = ESCAPES[character];
    const code = character.charCodeAt(0);
    if (short !== undefined) return `\\${short}`;
    return code <= 0xff ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
  return `"${escaped}"`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, '0');
}
