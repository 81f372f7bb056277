/**
 * MLflow's filter language, for runs, experiments, models and versions alike: comparisons joined by AND. What names mean
 * and which comparators they take is the searched thing's own matter (its store), see condition.ts.
 */
import { type ApiError, invalid } from '../../contract/errors.ts';
import { type Token, tokenize } from './tokens.ts';

export const COMPARATORS = [
  '=',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  'LIKE',
  'ILIKE',
  'IN',
  'NOT IN',
  'IS NULL',
  'IS NOT NULL',
] as const;
export type Comparator = (typeof COMPARATORS)[number];

export type FilterValue =
  | { readonly kind: 'string'; readonly value: string; readonly text: string }
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  | { readonly kind: 'list'; readonly value: readonly string[]; readonly text: string }
  /** IS NULL and IS NOT NULL compare with nothing. */
  | { readonly kind: 'none'; readonly text: '' };

/** `metrics.loss < 0.1`: prefix "metrics", key "loss". */
export interface Comparison {
  readonly prefix: string | undefined;
  readonly key: string;
  readonly comparator: Comparator;
  readonly value: FilterValue;
}

export interface Ordering {
  readonly prefix: string | undefined;
  readonly key: string;
  readonly descending: boolean;
}

/** More than anybody writes by hand, less than SQLite refuses. */
const MAX_COMPARISONS = 100;
const MAX_VALUE_LENGTH = 10_000;

/**
 * @param text empty = no comparisons
 * @throws ApiError INVALID_PARAMETER_VALUE, and nothing else, whatever the text
 */
export function parseFilter(text: string): Comparison[] {
  if (text === '') return [];
  const reader = new Reader(tokenize(text), text);
  const comparisons = [readComparison(reader)];
  while (!reader.atEnd) {
    if (!reader.takeWord('AND')) throw reader.unexpected("'AND' or the end");
    comparisons.push(readComparison(reader));
  }
  if (comparisons.length > MAX_COMPARISONS)
    throw invalid(
      `Invalid filter: ${comparisons.length} comparisons; at most ${MAX_COMPARISONS} are allowed.`,
    );
  return comparisons;
}

/**
 * @param items `<name> [ASC|DESC]` each
 * @throws ApiError when one cannot be parsed or a name comes twice
 */
export function parseOrderBy(items: readonly string[]): Ordering[] {
  const orderings = items.map(readOrdering);
  const seen = new Set<string>();
  for (const { prefix = '', key } of orderings) {
    const name = `${prefix}.${key}`;
    if (seen.has(name)) throw invalid(`'order_by' contains '${key}' more than once: ${items.join(', ')}`);
    seen.add(name);
  }
  return orderings;
}

function readOrdering(item: string): Ordering {
  const reader = new Reader(tokenize(item), item);
  const name = reader.takeName();
  if (!name) throw invalid(`Invalid order_by clause '${item}'. Could not be parsed.`);
  const descending = reader.takeWord('DESC');
  if (!descending) reader.takeWord('ASC');
  if (!reader.atEnd)
    throw invalid(`Invalid order_by clause '${item}'. Expected one name, then ASC, DESC or nothing.`);
  return { prefix: name.prefix, key: name.key, descending };
}

function readComparison(reader: Reader): Comparison {
  const name = reader.takeName();
  if (!name) throw reader.unexpected('a name, such as metrics.loss');
  const comparator = readComparator(reader);
  return { prefix: name.prefix, key: name.key, comparator, value: readValue(reader, comparator) };
}

function readComparator(reader: Reader): Comparator {
  if (reader.takeWord('IS')) {
    const negated = reader.takeWord('NOT');
    if (!reader.takeWord('NULL')) throw reader.unexpected("'NULL'");
    return negated ? 'IS NOT NULL' : 'IS NULL';
  }
  if (reader.takeWord('NOT')) {
    if (!reader.takeWord('IN')) throw reader.unexpected("'IN'");
    return 'NOT IN';
  }
  for (const word of ['LIKE', 'ILIKE', 'IN'] as const) if (reader.takeWord(word)) return word;
  for (const symbol of ['=', '!=', '>', '>=', '<', '<='] as const)
    if (reader.takeSymbol(symbol)) return symbol;
  throw reader.unexpected(`one of ${COMPARATORS.join(', ')}`);
}

function readValue(reader: Reader, comparator: Comparator): FilterValue {
  if (comparator === 'IS NULL' || comparator === 'IS NOT NULL') return { kind: 'none', text: '' };
  if (comparator === 'IN' || comparator === 'NOT IN') return readList(reader);
  const token = reader.take();
  const value = token && (token.kind === 'number' ? token : asString(token));
  if (!value) throw reader.unexpected('a number or a quoted string', token);
  if (value.text.length > MAX_VALUE_LENGTH)
    throw invalid(
      `Invalid filter: a value has ${value.text.length} characters; at most ${MAX_VALUE_LENGTH} are allowed.`,
    );
  return value;
}

function readList(reader: Reader): FilterValue {
  const items: string[] = [];
  if (!reader.takeSymbol('(')) throw reader.unexpected("'(' and a list of quoted strings");
  do {
    const token = reader.take();
    const item = token && asString(token);
    if (!item) throw reader.unexpected('a quoted string', token);
    items.push(item.value);
  } while (reader.takeSymbol(','));
  if (!reader.takeSymbol(')')) throw reader.unexpected("',' or ')'");
  return { kind: 'list', value: items, text: `(${items.map(item => `'${item}'`).join(', ')})` };
}

/** In the place of a value, text in double quotes is a string too. */
function asString(token: Token): { kind: 'string'; value: string; text: string } | undefined {
  if (token.kind === 'string') return token;
  if (token.kind === 'name' && token.quote === '"')
    return { kind: 'string', value: token.key, text: token.text };
  return undefined;
}

/** Reads tokens one after the other. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  #place = 0;

  constructor(tokens: readonly Token[], source: string) {
    this.#tokens = tokens;
    this.#source = source;
  }

  get atEnd(): boolean {
    return this.#place >= this.#tokens.length;
  }

  take(): Token | undefined {
    const token = this.#tokens[this.#place];
    if (token) this.#place += 1;
    return token;
  }

  takeName(): (Token & { kind: 'name' }) | undefined {
    const token = this.#tokens[this.#place];
    if (token?.kind !== 'name') return undefined;
    this.#place += 1;
    return token;
  }

  /** Takes a keyword, in any case. */
  takeWord(word: string): boolean {
    const token = this.#tokens[this.#place];
    const found =
      token?.kind === 'name' &&
      token.quote === '' &&
      token.prefix === undefined &&
      token.key.toUpperCase() === word;
    if (found) this.#place += 1;
    return found;
  }

  takeSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#place];
    const found = token?.kind === 'symbol' && token.text === symbol;
    if (found) this.#place += 1;
    return found;
  }

  unexpected(wanted: string, found = this.#tokens[this.#place]): ApiError {
    return invalid(
      `Invalid clause in '${this.#source}': expected ${wanted}, found ${found ? JSON.stringify(found.text) : 'the end'}.`,
    );
  }
}
