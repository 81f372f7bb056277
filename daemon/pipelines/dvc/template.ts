// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the messages show the syntax they are about
/** Filling in `${…}` by DVC's rules. */
import { replaceUpToLastBrace, TemplateError } from '../definition/template.ts';
import type { Parsing } from './config.ts';
import { type Context, isList } from './context.ts';
import { floatText, isDict, keyText, type PythonDict, PythonTime, type PythonValue } from './python.ts';

/** In one line: a reference cannot go on in the next. */
const REFERENCE = /(?<!\\)\$\{([^}]*)\}/g;

/** Whether there is a reference in a text. */
export function isTemplate(text: string): boolean {
  return text.split('\n').some(line => line.slice(0, line.lastIndexOf('}') + 1).search(REFERENCE) >= 0);
}

/**
 * Fills in a text. One that is a single reference keeps the value's type, and may be a list or a mapping.
 *
 * @param parsing present in a command, where a mapping becomes options
 * @throws TemplateError
 */
export function fill(text: string, context: Context, parsing?: Parsing): PythonValue {
  const [, whole] = /^\$\{([^\n}]*)\}$/.exec(text) ?? [];
  if (whole !== undefined) return context.get(whole);
  const by = (_: string, reference: string) => textOf(reference, context.get(reference), parsing);
  const filled = text.split('\n').map(line => replaceUpToLastBrace(line, REFERENCE, by));
  return filled.join('\n').replaceAll('\\${', '${');
}

function textOf(reference: string, value: PythonValue, parsing: Parsing | undefined): string {
  if (parsing && isDict(value)) return options(value, parsing);
  if (isDict(value) || isList(value)) throw composite(reference, value);
  return scalarText(value);
}

/** A list or mapping where only a single value can be. */
export function composite(reference: string, value: PythonValue): TemplateError {
  const kind = isList(value) ? 'a list' : 'a mapping';
  const remedy = 'Name one of its values; only a mapping, and only in “cmd”, becomes options.';
  return new TemplateError(`“${reference}” is ${kind}, which cannot stand here`, remedy);
}

/** A value as DVC writes it into texts and names. */
export function scalarText(value: PythonValue): string {
  return typeof value === 'boolean' ? String(value) : pythonText(value);
}

/** A value as `str()` of Python writes it, when it is no list or mapping. */
export function pythonText(value: PythonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return floatText(value);
  return value instanceof PythonTime ? value.text : String(value);
}

/** A mapping as options: `--name value`. */
function options(mapping: PythonDict, parsing: Parsing): string {
  return [...leaves(mapping)].flatMap(([name, value]) => option(name, value, parsing)).join(' ');
}

function option(name: string, value: PythonValue, parsing: Parsing): string[] {
  if (value === true) return [`--${name}`];
  if (value === false) return parsing.bool === 'boolean_optional' ? [`--no-${name}`] : [];
  if (!isList(value)) return [`--${name} ${word(name, value)}`];
  const words = value.map(member => word(name, member));
  if (parsing.list === 'append') return words.map(each => `--${name} ${each}`);
  return words.length === 0 ? [] : [`--${name} ${words.join(' ')}`];
}

function word(name: string, value: PythonValue): string {
  if (typeof value === 'string') return quote(value);
  if (!isDict(value) && !isList(value)) return pythonText(value);
  throw new TemplateError(
    `“${name}” holds lists or mappings in a list, which cannot become options`,
    'Use a list of single values.',
  );
}

/** Every value that is no mapping, under its dotted name. */
function* leaves(mapping: PythonDict, prefix = ''): Generator<[string, PythonValue]> {
  for (const [key, value] of mapping) {
    if (isDict(value)) yield* leaves(value, `${prefix}${keyText(key)}.`);
    else yield [`${prefix}${keyText(key)}`, value];
  }
}

/** A text as one word of a command. */
function quote(text: string): string {
  if (process.platform === 'win32') return quoteForWindows(text);
  if (text !== '' && !/[^\w@%+=:,./-]/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** As the C runtime reads it: backslashes count only before a quote. */
function quoteForWindows(text: string): string {
  const escaped = text.replace(/(\\*)"/g, '$1$1\\"');
  return text === '' || /[ \t]/.test(text) ? `"${escaped.replace(/(\\+)$/, '$1$1')}"` : escaped;
}
