/** What a YAML document comes to once its aliases and merge keys are followed: a small file may say a lot. */
import { type Document, isAlias, isMap, isNode, isSeq, Lexer } from 'yaml';

const MAX_DEPTH = 100;
const MAX_VALUES = 500_000;

/** A document that comes to more than anyone would write. */
export class ExpansionError extends Error {
  override readonly name = 'ExpansionError';
}

interface Extent {
  readonly values: number;
  readonly height: number;
}

/**
 * Looks at brackets only, before the text is parsed: the parser takes seconds for thousands of levels.
 *
 * @throws ExpansionError
 */
export function checkBrackets(text: string): void {
  if (deepest(text) <= MAX_DEPTH) return;
  // Not every bracket opens a level: it may stand in a text.
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > MAX_DEPTH) throw tooDeep();
  }
}

function deepest(text: string): number {
  let depth = 0;
  let found = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === 0x5b || character === 0x7b) found = Math.max(found, ++depth);
    else if (character === 0x5d || character === 0x7d) depth--;
  }
  return found;
}

/** @throws ExpansionError for a document that is nested too deeply, or expands to too many values */
export function checkExpansion({ contents }: Document): void {
  measure(contents, 0, new Map());
}

/** @param anchors what the nodes before came to, by their anchors */
function measure(node: unknown, depth: number, anchors: Map<string, Extent>): Extent {
  if (depth > MAX_DEPTH) throw tooDeep();
  if (isAlias(node)) return extentOf(node.source, anchors);
  let values = 1;
  let height = 1;
  for (const part of partsOf(node)) {
    const extent = measure(part, depth + 1, anchors);
    values += extent.values;
    height = Math.max(height, extent.height + 1);
  }
  if (values > MAX_VALUES) throw new ExpansionError(`it comes to more than ${MAX_VALUES} values`);
  if (height > MAX_DEPTH) throw tooDeep();
  if (isNode(node) && 'anchor' in node && node.anchor !== undefined)
    anchors.set(node.anchor, { values, height });
  return { values, height };
}

function extentOf(anchor: string, anchors: ReadonlyMap<string, Extent>): Extent {
  const extent = anchors.get(anchor);
  if (extent) return extent;
  throw new ExpansionError(`the alias *${anchor} stands for nothing, or for what it lies in`);
}

function partsOf(node: unknown): unknown[] {
  if (isMap(node)) return node.items.flatMap(({ key, value }) => [key, value]);
  return isSeq(node) ? node.items : [];
}

function tooDeep(): ExpansionError {
  return new ExpansionError(`it is nested more than ${MAX_DEPTH} levels deep`);
}
