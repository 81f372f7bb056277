/** `meta.yaml` as MLflow writes it: a flat map of texts and numbers, with a map of tags in some. */
import { parse } from 'yaml';
import * as z from 'zod';
import { Unreadable } from '../folder.ts';

/**
 * All plain values are texts, as nothing is lost that way: an experiment id of 18 digits is no double, and a name may
 * look like a number in one version of YAML and not in the other. Only null is told apart.
 */
const PLAIN_NULL = {
  tag: 'tag:yaml.org,2002:null',
  default: true,
  test: /^(?:~|null|Null|NULL)?$/,
  resolve: () => null,
} as const;

const Meta = z.record(z.string(), z.unknown());

/** One `meta.yaml`; each field is checked when it is asked for. */
export class MetaFile {
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @throws Unreadable when it is no YAML map */
  constructor(text: string) {
    this.#fields = parseMap(text);
  }

  /** The first of these fields that is there, as text; null and absence are undefined. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
      if (typeof value === 'string') return value;
      if (value !== undefined && value !== null)
        throw new Unreadable(`'${name}' should be a text or number, and is a list or map`);
    }
    return undefined;
  }

  /** @throws Unreadable when the field is missing */
  requireText(...names: readonly string[]): string {
    const value = this.text(...names);
    if (value === undefined) throw new Unreadable(`'${names[0]}' is missing`);
    return value;
  }

  /** A whole number. @throws Unreadable when it is something else */
  integer(...names: readonly string[]): number | undefined {
    const text = this.text(...names);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value)) return value;
    throw new Unreadable(`'${names[0]}' should be a whole number, not '${text.slice(0, 80)}'`);
  }

  /** A map of texts; empty when it is missing. */
  map(name: string): Record<string, string> {
    const parsed = z.record(z.string(), z.string()).safeParse(this.#fields[name] ?? {});
    return parsed.success ? parsed.data : {};
  }
}

function parseMap(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(text, { schema: 'failsafe', customTags: [PLAIN_NULL], logLevel: 'error' });
  } catch (error) {
    const { message } = error as Error;
    throw new Unreadable(`it is not valid YAML: ${message.split('\n', 1)[0]?.replace(/:$/, '')}`);
  }
  const map = Meta.safeParse(value);
  if (map.success && Object.keys(map.data).length > 0) return map.data;
  throw new Unreadable('it is not a YAML map');
}
