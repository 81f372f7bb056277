/** Where a cursor is in a file that may be in the middle of being typed. */
import { isMap, isScalar, isSeq, type Node, parseDocument, type Scalar } from 'yaml';
import type { KeyPath } from './vocabulary.ts';
import { entriesOf, type Span } from './yaml-text.ts';

/** Where something can be typed. */
export interface Cursor {
  /** Of a value, its own place; of a key, that of the mapping which it is in. */
  readonly at: KeyPath;
  readonly part: 'key' | 'value';
  /** What is typed of it before the cursor. */
  readonly typed: string;
  /** What it replaces: the whole word or text that the cursor is in. */
  readonly span: Span;
  /** Other keys of the mapping, of a key. */
  readonly siblings: readonly string[];
  /** Whether the line has nothing else, so that a mapping may begin here in place of a value. */
  readonly isAlone: boolean;
  /** Whether a colon follows already. */
  readonly hasColon: boolean;
}

/** Stands where the cursor is, so that there is something to be found: of no meaning in YAML, and never typed. */
const MARK = '\uE000';

/** @returns undefined in comments, and where nothing can stand */
export function cursorIn(text: string, offset: number): Cursor | undefined {
  const before = text.slice(0, offset);
  const after = text.slice(offset);
  const found = find(`${before}${MARK}${after}`);
  // A key without its colon takes the next key for its own continuation.
  const runsOn = found && isLineOfItsOwn(before, after) && found.source.includes('\n');
  const marked = runsOn ? find(`${before}${MARK}:${after}`) : found;
  if (!marked) return undefined;
  const { at, isKey, source, siblings } = marked;
  // A text may go on over several lines; only of this one is anything replaced.
  const lineStart = before.lastIndexOf('\n') + 1;
  const start = Math.max(marked.start, lineStart + (/^\s*/.exec(before.slice(lineStart))?.[0].length ?? 0));
  const rest = source.slice(source.indexOf(MARK) + MARK.length);
  const [restOfLine = ''] = rest.startsWith('#') ? [] : rest.split(/\s*\r?\n/);
  return {
    at,
    part: isKey ? 'key' : 'value',
    typed: before.slice(start),
    span: { start, end: offset + restOfLine.length },
    siblings,
    isAlone: before.slice(lineStart, start).trim() === '',
    hasColon: isKey && !runsOn && /^[^\n:]*:/.test(after),
  };
}

/** Whether the cursor's line holds one word, at most. */
function isLineOfItsOwn(before: string, after: string): boolean {
  return /(?:^|\n)\s*[\w-]*$/.test(before) && /^[\w-]*[ \t]*(?:\r?\n|$)/.test(after);
}

interface Marked {
  readonly at: KeyPath;
  readonly isKey: boolean;
  /** As written, without quotes, the mark in it. */
  readonly source: string;
  readonly start: number;
  readonly siblings: readonly string[];
}

function find(text: string): Marked | undefined {
  const { contents } = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  return findIn(text, contents, []);
}

function findIn(text: string, node: Node | null, at: KeyPath): Marked | undefined {
  if (isScalar(node)) return marked(text, node, { at, isKey: false, siblings: [] });
  if (isSeq(node)) {
    return firstOf(node.items, (item, index) => findIn(text, item as Node | null, [...at, index]));
  }
  if (!isMap(node)) return undefined;
  const entries = entriesOf(node);
  return firstOf(entries, ({ name, key, value }) => {
    const siblings = entries.flatMap(entry => (entry.key === key ? [] : entry.name));
    return marked(text, key, { at, isKey: true, siblings }) ?? findIn(text, value, [...at, name]);
  });
}

function firstOf<T, R>(all: readonly T[], look: (one: T, index: number) => R | undefined): R | undefined {
  for (const [index, one] of all.entries()) {
    const found = look(one, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function marked(
  text: string,
  scalar: Scalar,
  rest: Pick<Marked, 'at' | 'isKey' | 'siblings'>,
): Marked | undefined {
  const [start = 0, end = 0] = scalar.range ?? [];
  const whole = text.slice(start, end);
  if (!whole.includes(MARK)) return undefined;
  const quote = /^["']/.exec(whole)?.[0];
  const isClosed = quote !== undefined && whole.length > 1 && whole.endsWith(quote);
  return {
    ...rest,
    source: whole.slice(quote ? 1 : 0, isClosed ? -1 : undefined),
    start: start + (quote ? 1 : 0),
  };
}
