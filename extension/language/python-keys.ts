import { parser } from '@lezer/python';
import { type FoundKey, unquoted } from './found-key.ts';
import { childrenOf, type SyntaxNode } from './python-syntax.ts';

/**
 * The parameters that DVC finds in Python code: what it assigns at its top, in classes (under their names), and to `self`
 * in `__init__`. Nothing is executed, and the code may be incomplete.
 */
export function pythonKeys(text: string): FoundKey[] {
  return [...new Reader(text).body(parser.parse(text).topNode, '', false)];
}

class Reader {
  readonly #code: string;

  constructor(code: string) {
    this.#code = code;
  }

  /** @param onlySelf whether only what is assigned to `self` counts */
  *body(node: SyntaxNode, prefix: string, onlySelf: boolean): Generator<FoundKey> {
    for (const statement of childrenOf(node)) yield* this.#statement(statement, prefix, onlySelf);
  }

  *#statement(node: SyntaxNode, prefix: string, onlySelf: boolean): Generator<FoundKey> {
    if (node.name === 'StatementGroup' || node.name === 'DecoratedStatement')
      return yield* this.body(node, prefix, onlySelf);
    if (node.name === 'AssignStatement') return yield* this.#assignment(node, prefix, onlySelf);
    const body = node.getChild('Body');
    const called = node.getChild('VariableName');
    if (!body || !called) return;
    if (node.name === 'ClassDefinition') {
      const group = this.#key(called, prefix, undefined);
      yield group;
      yield* this.body(body, `${group.name}.`, false);
    } else if (node.name === 'FunctionDefinition' && this.#text(called) === '__init__') {
      yield* this.body(body, prefix, true);
    }
  }

  *#assignment(node: SyntaxNode, prefix: string, onlySelf: boolean): Generator<FoundKey> {
    const [target, sign, ...values] = childrenOf(node).filter(({ name }) => name !== 'TypeDef');
    if (!target || sign?.name !== 'AssignOp' || values.some(({ name }) => name === 'AssignOp')) return;
    const named = this.#target(target, onlySelf);
    const [first] = values;
    if (named && first)
      yield* this.#entry(this.#key(named, prefix, this.#code.slice(first.from, node.to)), first);
  }

  /** What is named: a variable, or an attribute of `self`. */
  #target(node: SyntaxNode, onlySelf: boolean): SyntaxNode | undefined {
    if (node.name === 'VariableName') return onlySelf ? undefined : node;
    const isOfSelf =
      node.name === 'MemberExpression' && node.firstChild && this.#text(node.firstChild) === 'self';
    return (isOfSelf && node.getChild('PropertyName')) || undefined;
  }

  /** A parameter, and what is in it where it is a dictionary. */
  *#entry(key: FoundKey, value: SyntaxNode): Generator<FoundKey> {
    if (value.name !== 'DictionaryExpression') return yield key;
    yield { ...key, isGroup: true, value: '' };
    const parts = childrenOf(value).filter(({ name }) => !/^[{},]$/.test(name));
    for (const [at, colon] of parts.entries()) {
      const [name, member] = [parts[at - 1], parts[at + 1]];
      if (colon.name === ':' && name?.name === 'String' && member)
        yield* this.#entry(this.#key(name, `${key.name}.`, this.#text(member)), member);
    }
  }

  /** @param value as it is written; undefined for a group */
  #key(node: SyntaxNode, prefix: string, value: string | undefined): FoundKey {
    const isQuoted = node.name === 'String';
    const span = { start: node.from + (isQuoted ? 1 : 0), end: node.to - (isQuoted ? 1 : 0) };
    const name = `${prefix}${this.#code.slice(span.start, span.end)}`;
    return { name, span, isGroup: value === undefined, value: unquoted(value ?? '') };
  }

  #text({ from, to }: SyntaxNode): string {
    return this.#code.slice(from, to);
  }
}
