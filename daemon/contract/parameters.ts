/** The parameters of a pipeline as a person sees and overrides them. */

/** What the value of a parameter is in its file. */
export type ParameterType = 'number' | 'boolean' | 'text' | 'list' | 'nothing';

/** One parameter. */
export interface Parameter {
  /** Its names with dots between. */
  readonly path: string;
  readonly type: ParameterType;
  /** As a person writes it. */
  readonly value: string;
}

/** The leaves of nested parameters: `{ model: { lr: 0.1 } }` → `model.lr` = `0.1`. Lists count as one value. */
export function flattenParameters(params: unknown, prefix = ''): Parameter[] {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    const value = typeof params === 'string' ? params : JSON.stringify(params);
    return prefix ? [{ path: prefix, type: typeOf(params), value }] : [];
  }
  return Object.entries(params).flatMap(([name, value]) =>
    flattenParameters(value, prefix ? `${prefix}.${name}` : name),
  );
}

function typeOf(value: unknown): ParameterType {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'text';
  return Array.isArray(value) ? 'list' : 'nothing';
}

const NUMBER = /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$|^[-+]?\.inf$|^\.nan$/i;

/** Why a text cannot be the value of a parameter of this type; empty when it can. */
export function valueProblem(type: ParameterType, text: string): string {
  if (type === 'number' && !NUMBER.test(text.trim())) return 'Write a number, for example 0.1 or 1e-3.';
  if (type === 'boolean' && !/^(true|false)$/.test(text)) return 'Write true or false.';
  if (type === 'list' && !/^\[.*\]$/s.test(text.trim())) return 'Write a list, for example [7, 14].';
  return '';
}

/** Text that YAML takes for text, however little it is quoted. */
const PLAIN = /^[A-Za-z_/][\w./-]*$/;
const NO_TEXT = /^(true|false|null|yes|no|on|off)$/i;

/** The override that gives a parameter the value that a person wrote. It is read as YAML: `007` would be a number. */
export function overrideText(type: ParameterType, text: string): string {
  if (type !== 'text') return text.trim();
  return PLAIN.test(text) && !NO_TEXT.test(text) ? text : JSON.stringify(text);
}

/** What a person wrote for an override of an earlier execution. */
export function writtenText(type: ParameterType, override: string): string {
  if (type !== 'text' || !override.startsWith('"')) return override;
  try {
    return String(JSON.parse(override));
  } catch {
    return override;
  }
}

/** The command line that does the same, for a shell such as bash. @param file as the command is to name it; empty = the nearest */
export function runCommandLine(file: string, set: Readonly<Record<string, string>>): string {
  const overrides = Object.entries(set).flatMap(([name, value]) => ['--set', quoted(`${name}=${value}`)]);
  return ['modelthat', 'run', ...(file ? [quoted(file)] : []), ...overrides].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
