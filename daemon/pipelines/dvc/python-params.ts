/** Parameters in Python code, as DVC reads them from its syntax: nothing is executed. */
import { parser } from '@lezer/python';
import type { PythonDict, PythonValue } from './python.ts';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** Code that Python could not read either. */
export class PythonSyntaxError extends Error {
  override readonly name = 'PythonSyntaxError';
  /** From 1. */
  readonly line: number;
  readonly column: number;

  constructor(code: string, offset: number) {
    super('the file is not valid Python');
    const before = code.slice(0, offset).split('\n');
    this.line = before.length;
    this.column = (before.at(-1)?.length ?? 0) + 1;
  }
}

const NONE: PythonDict = new Map();

/** A value that only running the code would tell. */
class NotLiteral extends Error {}

/**
 * The literals that code assigns at its top, in classes (under their names), and to `self` in `__init__`.
 *
 * @throws PythonSyntaxError
 */
export function readPythonParams(code: string): PythonDict {
  const { topNode } = parser.parse(code);
  topNode.cursor().iterate(({ type, from }) => {
    if (type.isError) throw new PythonSyntaxError(code, from);
  });
  return new Reader(code).body(topNode, false);
}

class Reader {
  readonly #code: string;

  constructor(code: string) {
    this.#code = code;
  }

  /** @param onlySelf whether only what is assigned to `self` counts */
  body(node: SyntaxNode, onlySelf: boolean): PythonDict {
    return new Map(this.#children(node).flatMap(statement => [...this.#statement(statement, onlySelf)]));
  }

  #statement(node: SyntaxNode, onlySelf: boolean): PythonDict {
    const { name } = node;
    const last = this.#children(node).at(-1);
    if (name === 'StatementGroup') return this.body(node, onlySelf);
    if (name === 'DecoratedStatement') return last ? this.#statement(last, onlySelf) : NONE;
    if (name === 'AssignStatement') return this.#assignment(node, onlySelf);
    const body = node.getChild('Body');
    const called = node.getChild('VariableName');
    if (!body || !called) return NONE;
    if (name === 'ClassDefinition') return new Map([[this.#text(called), this.body(body, false)]]);
    const isInit = name === 'FunctionDefinition' && this.#text(called) === '__init__';
    return isInit && this.#children(node)[0]?.name !== 'async' ? this.body(body, true) : NONE;
  }

  #assignment(node: SyntaxNode, onlySelf: boolean): PythonDict {
    const parts = this.#children(node).filter(({ name }) => name !== 'TypeDef');
    const [target, sign, ...values] = parts;
    // Several targets, in a row or as a tuple, count for nothing.
    if (sign?.name !== 'AssignOp' || values.some(({ name }) => name === 'AssignOp')) return NONE;
    const key = target && this.#target(target, onlySelf);
    if (key === undefined) return NONE;
    try {
      const [first, ...more] = values;
      if (!first) return NONE;
      return new Map([[key, more.length === 0 ? this.#literal(first) : this.#elements(values)]]);
    } catch (error) {
      if (error instanceof NotLiteral) return NONE;
      throw error;
    }
  }

  #target(node: SyntaxNode, onlySelf: boolean): string | undefined {
    if (node.name === 'VariableName') return onlySelf ? undefined : this.#text(node);
    return /^self\s*\.\s*([\p{L}_][\p{L}\p{N}_]*)$/u.exec(this.#text(node))?.[1];
  }

  #literal(node: SyntaxNode): PythonValue {
    const text = this.#text(node);
    const children = this.#children(node);
    switch (node.name) {
      case 'Number':
        return parseNumber(text);
      case 'String':
        return parseString(text);
      case 'ContinuedString':
        return children.map(child => this.#literal(child)).join('');
      case 'Boolean':
        return text === 'True';
      case 'None':
        return null;
      case 'UnaryExpression':
        return this.#signed(children);
      case 'ParenthesizedExpression':
        return this.#literal(children[1] ?? fail());
      case 'ArrayExpression':
      case 'TupleExpression':
      case 'SetExpression':
        return this.#elements(children.slice(1, -1));
      case 'DictionaryExpression':
        return this.#dictionary(children.slice(1, -1));
      default:
        return fail();
    }
  }

  #signed([sign, operand]: readonly SyntaxNode[]): PythonValue {
    if (sign?.name !== 'ArithOp' || operand?.name !== 'Number') return fail();
    const value = parseNumber(this.#text(operand));
    return this.#text(sign) === '-' ? -value : value;
  }

  /** @param nodes with the commas between them */
  #elements(nodes: readonly SyntaxNode[]): PythonValue[] {
    return nodes.filter(({ name }) => name !== ',').map(node => this.#literal(node));
  }

  #dictionary(nodes: readonly SyntaxNode[]): PythonDict {
    const parts = nodes.filter(({ name }) => name !== ',');
    const entries: [PythonValue, PythonValue][] = [];
    for (let at = 0; at < parts.length; at += 3) {
      const [key, colon, value] = parts.slice(at, at + 3);
      if (!key || colon?.name !== ':' || !value) return fail();
      entries.push([this.#literal(key), this.#literal(value)]);
    }
    return new Map(entries);
  }

  #children(node: SyntaxNode): SyntaxNode[] {
    const children: SyntaxNode[] = [];
    for (let child = node.firstChild; child; child = child.nextSibling)
      if (child.name !== 'Comment') children.push(child);
    return children;
  }

  #text({ from, to }: SyntaxNode): string {
    return this.#code.slice(from, to);
  }
}

function fail(): never {
  throw new NotLiteral();
}

function parseNumber(text: string): bigint | number {
  const digits = text.replaceAll('_', '');
  if (/j$/i.test(digits)) return fail();
  return /^0[box]/i.test(digits) || /^\d+$/.test(digits) ? BigInt(digits) : Number(digits);
}

const ESCAPE = /\\(?:\r?\n|([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(N\{)|([\s\S]))/g;
const LETTERS: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function parseString(text: string): string {
  const [, prefix = '', quote = ''] = /^([a-z]*)('''|"""|'|")/i.exec(text) ?? [];
  // Bytes, and what is computed.
  if (/[bft]/i.test(prefix) || quote === '') return fail();
  const content = text.slice(prefix.length + quote.length, -quote.length);
  if (/r/i.test(prefix)) return content;
  return content.replace(ESCAPE, (whole, octal, x, u, long, name, letter) => {
    const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(x ?? u ?? long ?? '', 16);
    if (!Number.isNaN(code)) return String.fromCodePoint(code);
    // Only Python's own tables know the names of characters.
    if (name) return fail();
    return letter === undefined ? '' : (LETTERS[letter] ?? whole);
  });
}
