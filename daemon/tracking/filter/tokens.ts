/** Splitting a search filter or order_by item into tokens. */
import { invalid } from '../../contract/errors.ts';

/**
 * `name`: an identifier, a keyword, or text in double quotes (which is a name or a string, as its place says).
 * `string`: text in single quotes. `number`: as written. `symbol`: a comparator, a comma or a parenthesis.
 */
export type Token =
  | {
      readonly kind: 'name';
      /** What stands before the first dot, when there is one: `metrics` of `metrics.loss`. */
      readonly prefix: string | undefined;
      readonly key: string;
      /** The quote around the whole name, if any. */
      readonly quote: '"' | '`' | '';
      readonly text: string;
    }
  | { readonly kind: 'string'; readonly value: string; readonly text: string }
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  | { readonly kind: 'symbol'; readonly text: string };

const QUOTED_KEY = /`([^`]*)`|"([^"]*)"/.source;
const BARE = /[\p{L}_][\p{L}\p{N}_]*/u.source;

/** Longest patterns first where one begins like another. */
const SPACE = /\s+/uy;
const STRING = /'([^']*)'/uy;
const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\p{L}\p{N}_.])/uy;
const DOTTED = new RegExp(`(${BARE})\\.(?:${QUOTED_KEY}|([\\p{L}\\p{N}_][\\p{L}\\p{N}_.]*))`, 'uy');
const QUOTED = new RegExp(QUOTED_KEY, 'uy');
const WORD = new RegExp(BARE, 'uy');
const SYMBOL = /!=|>=|<=|<>|==|[=<>(),]/uy;

/** @throws ApiError at the first character that no token can begin with */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let place = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = place;
    return pattern.exec(text);
  };
  while (place < text.length) {
    const space = match(SPACE);
    if (space) {
      place += space[0].length;
      continue;
    }
    const token = readToken(match);
    if (!token)
      throw invalid(
        `Invalid clause in '${text}': did not expect ${JSON.stringify(text.slice(place, place + 20))} at character ${place + 1}. ` +
          "Quote values with single quotes and keys that hold other characters than letters, digits, '_' and '.' with backticks.",
      );
    tokens.push(token);
    place += token.text.length;
  }
  return tokens;
}

function readToken(match: (pattern: RegExp) => RegExpExecArray | null): Token | undefined {
  const string = match(STRING);
  if (string) return { kind: 'string', value: string[1] ?? '', text: string[0] };
  const number = match(NUMBER);
  if (number) return { kind: 'number', value: Number(number[0]), text: number[0] };
  const dotted = match(DOTTED);
  if (dotted) {
    const key = dotted[2] ?? dotted[3] ?? dotted[4] ?? '';
    return { kind: 'name', prefix: dotted[1], key, quote: '', text: dotted[0] };
  }
  const quoted = match(QUOTED);
  if (quoted) {
    const quote = quoted[1] === undefined ? '"' : '`';
    return { kind: 'name', prefix: undefined, key: quoted[1] ?? quoted[2] ?? '', quote, text: quoted[0] };
  }
  const word = match(WORD);
  if (word) return { kind: 'name', prefix: undefined, key: word[0], quote: '', text: word[0] };
  const symbol = match(SYMBOL);
  return symbol ? { kind: 'symbol', text: symbol[0] } : undefined;
}
