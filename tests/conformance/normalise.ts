/** Answers of two servers made comparable: ids, times, hosts and generated names are told by their order of appearance. */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Times of a test's own choosing are below this; those of a server's clock are above. */
const FIRST_CLOCK_TIME = 1.6e12;
const LAST_CLOCK_TIME = 1e13;

/** Lists that have no order of their own, by their field. */
const UNORDERED = new Set(['tags', 'params', 'metrics', 'aliases', 'latest_versions', 'model_inputs']);

/** Texts that are empty when they are not set: clients cannot tell the one from the other. */
const OPTIONAL_TEXTS = new Set(['description', 'run_link', 'run_id', 'user_id', 'model_type']);

const GENERATED_NAME = /^[a-z]+-[a-z]+-\d{1,4}$/;

const ID = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g;

/** One server's side of a comparison: knows the ids that it has seen. */
export class Normaliser {
  readonly #placeholders = new Map<string, string>();
  readonly #experimentsKept: boolean;

  /** @param options.experiments `kept`: both servers have made the same ones, in the same order */
  constructor(options: { readonly experiments?: 'kept' | 'masked' } = {}) {
    this.#experimentsKept = options.experiments === 'kept';
  }

  /** An answer with everything that two servers may choose differently in one form. */
  value(answer: Json): Json {
    return this.masked(ordered(answer));
  }

  /** The value as it is, with ids, times, hosts and generated names masked. */
  masked(value: Json, field = ''): Json {
    if (typeof value === 'string') return this.#text(value, field);
    if (typeof value === 'number')
      return value > FIRST_CLOCK_TIME && value < LAST_CLOCK_TIME ? '<time>' : value;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(item => this.masked(item as Json, field));
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.masked(item, name)]));
  }

  /** The id that a placeholder stands for; undefined when none was seen. */
  original(placeholder: string): string | undefined {
    for (const [id, known] of this.#placeholders) if (known === placeholder) return id;
    return undefined;
  }

  #text(text: string, field: string): string {
    if (field === 'next_page_token') return text && '<token>';
    if (!this.#experimentsKept && field === 'experiment_id' && text !== '0') return '<experiment>';
    if (GENERATED_NAME.test(text)) return '<generated name>';
    const message = parsed(text);
    if (message !== undefined) return JSON.stringify(this.value(message));
    const masked = text
      .replace(ID, id => this.#placeholder(id))
      .replace(/https?:\/\/127\.0\.0\.1:\d+/g, '<server>')
      .replace(/\b1[6-9]\d{11}\b/g, '<time>');
    return this.#experimentsKept
      ? masked
      : masked.replace(/(mlflow-artifacts:\/)[1-9]\d*(?=\/|$)/g, '$1<experiment>');
  }

  #placeholder(id: string): string {
    const known = this.#placeholders.get(id) ?? `<id ${this.#placeholders.size + 1}>`;
    this.#placeholders.set(id, known);
    return known;
  }
}

/** The value with its fields, and its lists that have no order, sorted; without optional texts that are empty. */
function ordered(value: Json, field = ''): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map(item => ordered(item as Json));
    const key = (item: Json) => JSON.stringify(item).replace(ID, '');
    return UNORDERED.has(field) ? items.sort((a, b) => (key(a) < key(b) ? -1 : 1)) : items;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => item !== '' || !OPTIONAL_TEXTS.has(name))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, item]) => [name, ordered(item, name)]),
  );
}

/** The JSON in a text that is an object or a list of them: servers write it with spaces or without. */
function parsed(text: string): Json | undefined {
  if (!/^(\{.*\}|\[\{.*\}\])$/s.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
