/** Values as Python has them: what DVC compares, writes and hashes. An int is a `bigint` here, a float a `number`. */

/** A date or a time, as it was written. */
export class PythonTime {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type PythonValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | PythonTime
  | readonly PythonValue[]
  | PythonDict;

/** With its keys in order; those of a YAML file may be numbers. */
export type PythonDict = ReadonlyMap<PythonValue, PythonValue>;

export function isDict(value: PythonValue | undefined): value is PythonDict {
  return value instanceof Map;
}

/** A float as Python's `repr` writes it. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  // Both languages take the fewest digits that give the number back; they differ in when they write an exponent.
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 16) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
}

/** As `json.dumps(value, sort_keys=True)` writes it. @throws TypeError for dates, as Python does */
export function jsonText(value: PythonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'number') return jsonFloat(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof PythonTime) throw new TypeError(`${value.text} is a date, which JSON cannot hold`);
  if (!isDict(value)) return `[${value.map(jsonText).join(', ')}]`;
  const members = [...value].map(([key, member]) => [keyText(key), member] as const);
  members.sort(([a], [b]) => compareText(a, b));
  return `{${members.map(([key, member]) => `${jsonString(key)}: ${jsonText(member)}`).join(', ')}}`;
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return floatText(value);
}

/** A key of a dict as text: what `json` makes of one that is none. */
export function keyText(key: PythonValue): string {
  if (typeof key === 'string') return key;
  return key instanceof PythonTime ? key.text : jsonText(key);
}

function jsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Orders texts as Python does: by code points, where JavaScript goes by halves of them. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  if (!/[\ud800-\udfff]/.test(a + b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A value as JSON can hold it, for records and for people: a date becomes text, an int of more than 53 bits, too. */
export function toPlain(value: PythonValue): unknown {
  if (value instanceof PythonTime) return value.text;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : floatText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (!isDict(value)) return value.map(toPlain);
  return Object.fromEntries([...value].map(([key, member]) => [keyText(key), toPlain(member)]));
}
