// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the messages show the syntax they are about
/** Conditions of steps (`when`): comparisons of parameters, joined by `and`, `or`, `not` and parentheses. */
import { ValueError } from './attempts.ts';

type Scalar = string | number | boolean | null;

const TOKEN =
  /\s*(?:(?<reference>\$\{[^}]*\})|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<text>"[^"]*"|'[^']*')|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<sign><=|>=|==|!=|<|>|\(|\)))/uy;

interface Token {
  readonly kind: 'reference' | 'number' | 'text' | 'word' | 'sign';
  readonly text: string;
}

const REMEDY = "Write it like “${train.enabled}” or “${data.stores} > 100 and ${mode} == 'full'”.";

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  const source = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(source)?.groups;
    if (!groups) throw new ValueError(`“${source.slice(at).trim()}” is not understood`, REMEDY);
    for (const kind of ['reference', 'number', 'text', 'word', 'sign'] as const) {
      const found = groups[kind];
      if (found !== undefined) tokens.push({ kind, text: found });
    }
  }
  return tokens;
}

/** Recursive descent: either := both (or both)*, both := one (and one)*, one := not one | (either) | value [sign value]. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #lookUp: (reference: string) => unknown;
  #at = 0;

  constructor(tokens: readonly Token[], lookUp: (reference: string) => unknown) {
    this.#tokens = tokens;
    this.#lookUp = lookUp;
  }

  whole(): boolean {
    const holds = this.#either();
    const rest = this.#tokens[this.#at];
    if (rest) throw new ValueError(`“${rest.text}” is not expected there`, REMEDY);
    return holds;
  }

  // All operands are read, also where the outcome is known: a mistake shows whatever the parameters are.
  #either(): boolean {
    let holds = this.#both();
    while (this.#take('or')) holds = this.#both() || holds;
    return holds;
  }

  #both(): boolean {
    let holds = this.#one();
    while (this.#take('and')) holds = this.#one() && holds;
    return holds;
  }

  #one(): boolean {
    if (this.#take('not')) return !this.#one();
    if (this.#take('(')) {
      const holds = this.#either();
      if (!this.#take(')')) throw new ValueError('a closing parenthesis is missing', REMEDY);
      return holds;
    }
    const left = this.#value();
    const sign = this.#take('==', '!=', '<', '<=', '>', '>=');
    if (sign !== undefined) return compare(left, sign, this.#value());
    if (typeof left === 'boolean') return left;
    throw new ValueError(`${JSON.stringify(left)} is neither true nor false`, 'Compare it with something.');
  }

  #value(): Scalar {
    const token = this.#tokens[this.#at++];
    switch (token?.kind) {
      case 'reference':
        return asScalar(token.text, this.#lookUp(token.text));
      case 'number':
        return Number(token.text);
      case 'text':
        return token.text.slice(1, -1);
      case 'word':
        if (['true', 'false', 'null'].includes(token.text)) return JSON.parse(token.text) as Scalar;
        throw new ValueError(`“${token.text}” is no value`, `Write \${${token.text}} or '${token.text}'.`);
      default:
        throw new ValueError(`a value is missing ${token ? `before “${token.text}”` : 'at the end'}`, REMEDY);
    }
  }

  #take(...texts: string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'text' || !texts.includes(token.text)) return undefined;
    this.#at++;
    return token.text;
  }
}

function asScalar(reference: string, value: unknown): Scalar {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as Scalar;
  throw new ValueError(`“${reference}” is a list or a group of parameters`, 'Name one of its values.');
}

function compare(left: Scalar, sign: string, right: Scalar): boolean {
  if (sign === '==') return left === right;
  if (sign === '!=') return left !== right;
  if (typeof left !== 'number' || typeof right !== 'number') {
    const shown = [left, right].map(each => JSON.stringify(each)).join(` ${sign} `);
    throw new ValueError(`${shown}: only numbers can be larger or smaller`, 'Compare numbers, or use ==.');
  }
  if (sign === '<') return left < right;
  if (sign === '<=') return left <= right;
  return sign === '>' ? left > right : left >= right;
}

/**
 * Whether a condition holds.
 *
 * @param lookUp the value behind `${name}`; what it throws is passed on
 * @throws ValueError when it cannot be read
 */
export function holds(text: string, lookUp: (reference: string) => unknown): boolean {
  return new Parser(tokenise(text), lookUp).whole();
}
