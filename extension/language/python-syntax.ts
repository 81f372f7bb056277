/** Parts of Python's syntax tree. */
import type { parser } from '@lezer/python';

export type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** The parts of a node, without comments. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== 'Comment') children.push(child);
  return children;
}

/** What a call names: `mlflow.sklearn` and `autolog`; without an object, a plain function. */
export function calledName(
  call: SyntaxNode,
  code: string,
): { readonly object: string | undefined; readonly name: string } | undefined {
  const callee = call.firstChild;
  if (callee?.name === 'VariableName') return { object: undefined, name: code.slice(callee.from, callee.to) };
  const object = callee?.name === 'MemberExpression' ? callee.firstChild : null;
  const name = callee?.getChild('PropertyName');
  if (!object || !name) return undefined;
  return { object: code.slice(object.from, object.to), name: code.slice(name.from, name.to) };
}

/** A call's arguments; those that `*` and `**` spread are left out. */
export interface Arguments {
  readonly positional: readonly SyntaxNode[];
  readonly named: ReadonlyMap<string, SyntaxNode>;
}

/** Takes the arguments of a call apart. */
export function argumentsOf(call: SyntaxNode, code: string): Arguments {
  const list = call.getChild('ArgList');
  const positional: SyntaxNode[] = [];
  const named = new Map<string, SyntaxNode>();
  for (const part of splitAtCommas(list ? childrenOf(list).slice(1, -1) : [])) {
    const [first, second, value] = part;
    if (second?.name === 'AssignOp' && first && value) named.set(code.slice(first.from, first.to), value);
    else if (part.length === 1 && first) positional.push(first);
  }
  return { positional, named };
}

/** The parts of a list, a call or a dictionary between its commas. */
export function splitAtCommas(nodes: readonly SyntaxNode[]): SyntaxNode[][] {
  const parts: SyntaxNode[][] = [[]];
  for (const node of nodes) {
    if (node.name === ',') parts.push([]);
    else parts.at(-1)?.push(node);
  }
  return parts.filter(part => part.length > 0);
}
