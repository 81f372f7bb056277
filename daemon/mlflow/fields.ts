/** Reading the fields of an MLflow request, from a JSON body or a query string, with MLflow's messages when they are bad. */
import { invalid } from '../contract/errors.ts';
import { badValue, pythonType, requireUnicode } from '../tracking/batch-body.ts';
import { type KeyValue, missingValue } from '../tracking/model.ts';

type Values = Readonly<Record<string, unknown>>;

const MAX_INT64_DIGITS = 19;

/**
 * The fields of one message. A field that is absent, null or an empty list is "not set", as in protobuf; in a query string
 * every value is text, which numbers and booleans are read from.
 */
export class Fields {
  readonly #values: Values;
  readonly #source: 'body' | 'query';
  /** Where this message stands in the request: `metrics[0].`. */
  readonly #place: string;

  constructor(values: Values, source: 'body' | 'query', place = '') {
    this.#values = values;
    this.#source = source;
    this.#place = place;
  }

  /** @throws ApiError INVALID_PARAMETER_VALUE unless the body is a JSON object */
  static ofBody(body: unknown): Fields {
    if (isMessage(body)) return new Fields(body, 'body');
    throw invalid(`The body must be a JSON object, not ${pythonType(body)}.`);
  }

  /** The text of a field, which may be empty. */
  string(name: string): string | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string') return requireUnicode(value, this.#place + name);
    throw badValue(value, this.#place + name);
  }

  /** Text that must be there and not be empty. @param names the field and its older names, the first of them in messages */
  requiredString(...names: readonly [string, ...string[]]): string {
    for (const name of names) {
      const value = this.string(name);
      if (value) return value;
    }
    throw missingValue(this.#place + names[0]);
  }

  integer(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && isIntegerText(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
    throw badValue(value, this.#place + name);
  }

  /** How many entries a page is to have: at least one. */
  pageSize(name: string, limits: { readonly initial: number; readonly most: number }): number {
    const value = this.integer(name) ?? limits.initial;
    if (value < 1)
      throw invalid(`Invalid value ${value} for parameter '${name}' supplied. It must be a positive integer`);
    if (value > limits.most)
      throw invalid(
        `Invalid value ${value} for parameter '${name}' supplied. It must be at most ${limits.most}`,
      );
    return value;
  }

  /** A number; NaN and infinities come as text. */
  double(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'boolean') return Number(value);
    const number = typeof value === 'string' && value.trim() !== '' ? parseDouble(value) : value;
    if (typeof number === 'number') return number;
    throw badValue(value, this.#place + name);
  }

  /** Python clients write True and False into query strings. */
  boolean(name: string): boolean | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === 'boolean') return value;
    if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
    throw badValue(value, this.#place + name);
  }

  /** A name or its number. @param names in the order of their numbers, from 1 */
  enumeration<Name extends string>(name: string, names: readonly Name[]): Name | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const found = names.find((each, index) => value === each || Number(value) === index + 1);
    if (found) return found;
    throw invalid(
      `Invalid value ${JSON.stringify(value)} for parameter '${this.#place}${name}' supplied: it must be one of ` +
        `${names.join(', ')}.`,
    );
  }

  /** A list of texts; in a query the repeated field. */
  strings(name: string): string[] {
    const value = this.#list(name);
    for (const item of value) if (typeof item !== 'string') throw badValue(value, this.#place + name);
    return value as string[];
  }

  /** A list of texts that has at least one. */
  requiredStrings(name: string): string[] {
    const items = this.strings(name);
    if (items.length === 0) throw missingValue(this.#place + name);
    return items;
  }

  /** A list of messages. */
  messages(name: string): Fields[] {
    const value = this.#list(name);
    return value.map((item, index) => {
      if (!isMessage(item)) throw badValue(value, this.#place + name);
      return new Fields(item, this.#source, `${this.#place}${name}[${index}].`);
    });
  }

  /** A list of messages that has to be there, and may be empty. */
  requiredMessages(name: string): Fields[] {
    if (this.#get(name) === undefined) throw missingValue(this.#place + name);
    return this.messages(name);
  }

  /** A message within the message. */
  message(name: string): Fields | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!isMessage(value)) throw badValue(value, this.#place + name);
    return new Fields(value, this.#source, `${this.#place}${name}.`);
  }

  /** Tags or params: the key must be there, an absent value is empty. */
  pairs(name: string): KeyValue[] {
    return this.messages(name).map(pair => pair.pair());
  }

  /** The message itself as a tag or param. */
  pair(): KeyValue {
    return { key: this.requiredString('key'), value: this.string('value') ?? '' };
  }

  /** @throws ApiError INVALID_PARAMETER_VALUE when the field is not set */
  require<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw missingValue(this.#place + name);
    return value;
  }

  #get(name: string): unknown {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    if (value === null || value === undefined) return undefined;
    // Of a field that is repeated though it is no list, the first counts.
    return this.#source === 'query' && Array.isArray(value) ? value[0] : value;
  }

  #list(name: string): unknown[] {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) return value;
    if (this.#source === 'query') return [value];
    throw badValue(value, this.#place + name);
  }
}

/** Pairs as a map; of a doubled key the last value. */
export function toMap(pairs: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(pairs.map(pair => [pair.key, pair.value]));
}

function isMessage(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIntegerText(text: string): boolean {
  return /^[+-]?\d+$/.test(text) && text.length <= MAX_INT64_DIGITS;
}

function parseDouble(text: string): number | undefined {
  const number = Number(text.replace(/^(-?)inf(inity)?$/i, '$1Infinity'));
  return Number.isNaN(number) && !/^nan$/i.test(text) ? undefined : number;
}
