import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  stringify,
} from 'yaml';

/** A part of a text, by the offsets of its begin and its end. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Lines and characters count from 0, as editors have it. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** A YAML or JSON text, read as far as it can be: it may be in the middle of being typed. */
export class YamlText {
  readonly text: string;
  readonly contents: Node | null;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.text = text;
    const options = { lineCounter: this.#lines, uniqueKeys: false, prettyErrors: false } as const;
    this.contents = parseDocument(text, options).contents;
  }

  position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(0, line - 1), character: Math.max(0, col - 1) };
  }

  /** The content of a scalar as it is written, without its quotes. */
  spanOf(scalar: Scalar): Span {
    const [start = 0, end = 0] = scalar.range ?? [];
    const isQuoted = scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE';
    if (!isQuoted) return { start, end };
    const isClosed = end - start > 1 && this.text[end - 1] === this.text[start];
    return { start: start + 1, end: isClosed ? end - 1 : end };
  }

  slice({ start, end }: Span): string {
    return this.text.slice(start, end);
  }
}

/** An entry of a mapping whose key is a plain value. */
export interface Entry {
  readonly name: string;
  readonly key: Scalar;
  readonly value: Node | null;
}

/** The entries of a mapping; none of anything else. */
export function entriesOf(node: unknown): Entry[] {
  return isMap(node) ? node.items.flatMap(pair => entryOf(pair) ?? []) : [];
}

function entryOf({ key, value }: Pair): Entry | undefined {
  return isScalar(key) ? { name: String(key.value), key, value: (value as Node | null) ?? null } : undefined;
}

/** The value under keys of nested mappings and indices of lists. */
export function valueAt(node: unknown, at: readonly (string | number)[]): Node | undefined {
  let found = node;
  for (const key of at) {
    if (typeof key === 'number') found = isSeq(found) ? found.items[key] : undefined;
    else found = entriesOf(found).find(({ name }) => name === key)?.value;
  }
  return isNode(found) ? found : undefined;
}

/** The text of a scalar. */
export function textOf(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}

export function contains({ start, end }: Span, offset: number): boolean {
  return start <= offset && offset <= end;
}

/** A value as one writes it in a line of YAML. */
export function written(value: unknown): string {
  const flowCollectionPadding = !Array.isArray(value);
  return stringify(value, { collectionStyle: 'flow', flowCollectionPadding, lineWidth: 0 }).trim();
}
