/** Gates: comparisons of metrics that a version must fulfil, in pipelines and in the rules of the registry. */
import type { GateResult } from '../contract/models.ts';
import { encodeDouble } from '../contract/values.ts';
import { OWN_RUN } from './model.ts';

/** Metrics a gate may read. */
export interface GateMetrics {
  /** Of what is judged. */
  readonly candidate: Readonly<Record<string, number>>;
  /** Of the version now in Production; null when there is none. */
  readonly champion: Readonly<Record<string, number>> | null;
}

const COMPARISONS = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
} as const satisfies Record<string, (a: number, b: number) => boolean>;
type Comparison = keyof typeof COMPARISONS;

type Value = (metrics: GateMetrics) => number;

/** A gate that can be judged. */
export interface Gate {
  readonly text: string;
  readonly left: Value;
  readonly comparison: Comparison;
  readonly right: Value;
}

/** A gate that is not written as one. */
export class GateSyntaxError extends Error {
  override readonly name = 'GateSyntaxError';
}

class NoChampion extends Error {}
class NoMetric extends Error {}

const TOKEN =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>(?:champion\.)?(?:[\p{L}_][\p{L}\p{N}_.@]*|`[^`]+`))|(?<comparison><=|>=|==|!=|<|>)|(?<operator>[-+*/()]))/uy;

interface Token {
  readonly kind: 'number' | 'name' | 'comparison' | 'operator';
  readonly text: string;
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  const source = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(source)?.groups;
    if (!groups) throw new GateSyntaxError(`“${source.slice(at).trim()}” is not understood`);
    for (const kind of ['number', 'name', 'comparison', 'operator'] as const) {
      const found = groups[kind];
      if (found !== undefined) tokens.push({ kind, text: found });
    }
  }
  return tokens;
}

/** Recursive descent over: sum := product (± product)*, product := factor (×÷ factor)*, factor := number | name | (sum) | -factor. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  sum(): Value {
    let left = this.#product();
    for (let operator = this.#take('+', '-'); operator; operator = this.#take('+', '-')) {
      left = combine(left, operator, this.#product());
    }
    return left;
  }

  comparison(): Comparison {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'comparison') {
      throw new GateSyntaxError(`a comparison (${Object.keys(COMPARISONS).join(' ')}) is missing`);
    }
    return token.text as Comparison;
  }

  #product(): Value {
    let left = this.#factor();
    for (let operator = this.#take('*', '/'); operator; operator = this.#take('*', '/')) {
      left = combine(left, operator, this.#factor());
    }
    return left;
  }

  #factor(): Value {
    if (this.#take('-')) {
      const inner = this.#factor();
      return metrics => -inner(metrics);
    }
    if (this.#take('(')) {
      const inner = this.sum();
      if (!this.#take(')')) throw new GateSyntaxError('a closing parenthesis is missing');
      return inner;
    }
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'number') {
      const value = Number(token.text);
      return () => value;
    }
    if (token?.kind === 'name') return metricValue(token.text);
    throw new GateSyntaxError(
      `a number or a metric is expected ${token ? `before “${token.text}”` : 'at the end'}`,
    );
  }

  #take(...operators: string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'operator' || !operators.includes(token.text)) return undefined;
    this.#at++;
    return token.text;
  }
}

function combine(left: Value, operator: string, right: Value): Value {
  switch (operator) {
    case '+':
      return metrics => left(metrics) + right(metrics);
    case '-':
      return metrics => left(metrics) - right(metrics);
    case '*':
      return metrics => left(metrics) * right(metrics);
    default:
      return metrics => left(metrics) / right(metrics);
  }
}

function metricValue(written: string): Value {
  const ofChampion = written.startsWith('champion.');
  const key = (ofChampion ? written.slice('champion.'.length) : written).replaceAll('`', '');
  return ({ candidate, champion }) => {
    if (ofChampion && champion === null) throw new NoChampion();
    const values = (ofChampion ? champion : candidate) ?? {};
    const value = lookUp(values, key);
    if (value !== undefined) return value;
    const known = Object.keys(values);
    throw new NoMetric(
      `${ofChampion ? 'the version in Production has' : 'there is'} no metric “${key}”; ${known.length === 0 ? 'none was logged' : `logged: ${known.join(', ')}`}`,
    );
  };
}

/** A metric of the run itself has its plain name as long as no evaluation stands over it. */
function lookUp(values: Readonly<Record<string, number>>, key: string): number | undefined {
  if (Object.hasOwn(values, key)) return values[key];
  const plain = key.endsWith(`@${OWN_RUN}`) ? key.slice(0, -OWN_RUN.length - 1) : undefined;
  if (plain === undefined || !Object.hasOwn(values, plain)) return undefined;
  const evaluated = Object.keys(values).some(name => name.startsWith(`${plain}@`));
  return evaluated ? undefined : values[plain];
}

/**
 * Reads a gate such as `rmspe <= champion.rmspe * 1.02`. Metric names with other characters than letters, digits, `_`,
 * `.` and the `@` before the name of an evaluation go between backquotes.
 *
 * @throws GateSyntaxError
 */
export function parseGate(text: string): Gate {
  const parser = new Parser(tokenise(text));
  const left = parser.sum();
  const comparison = parser.comparison();
  const right = parser.sum();
  if (!parser.done) throw new GateSyntaxError('there is more after the comparison');
  return { text, left, comparison, right };
}

/**
 * Judges a gate. One that compares with a champion passes, with a message, while nothing is in Production. What is not a
 * number fulfils none, `!=` included: it says that something went wrong.
 */
export function judge(gate: Gate, metrics: GateMetrics): GateResult {
  const found: { observed: number | null; expected: number | null } = { observed: null, expected: null };
  const result = (passed: boolean, message?: string): GateResult => ({
    gate: gate.text,
    passed,
    observed: found.observed === null ? null : encodeDouble(found.observed),
    expected: found.expected === null ? null : encodeDouble(found.expected),
    ...(message === undefined ? {} : { message }),
  });
  try {
    found.observed = gate.left(metrics);
    found.expected = gate.right(metrics);
    if (Number.isNaN(found.observed) || Number.isNaN(found.expected))
      return result(false, `${Number.isNaN(found.observed) ? 'observed' : 'expected'} is not a number (NaN)`);
    return result(COMPARISONS[gate.comparison](found.observed, found.expected));
  } catch (error) {
    if (error instanceof NoChampion) return result(true, 'no version is in Production to compare with');
    if (error instanceof NoMetric) return result(false, error.message);
    throw error;
  }
}
