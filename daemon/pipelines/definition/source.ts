import { readFileSync, statSync } from 'node:fs';
import { closestMatch } from 'leven';
import {
  type Document,
  type DocumentOptions,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  type ParseOptions,
  parseDocument,
  type SchemaOptions,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Diagnostic } from '../../contract/pipelines.ts';
import { didYouMean } from '../../contract/references.ts';
import { checkBrackets, checkExpansion, ExpansionError } from './expansion.ts';

/** Largest definition or parameter file that is read, in bytes. */
const MAX_SOURCE_BYTES = 1_000_000;

/** How often one anchor may be used: enough for people, too little for a "billion laughs" file. */
const MAX_ALIASES = 100;

/** How many anchors a file may have: the parser compares each with each. */
const MAX_ANCHORS = 1_000;

/** How many problems of one file are told. */
const MAX_PROBLEMS = 200;

/** Where a value stands in a YAML file: keys and indices from the top. */
export type SourcePath = readonly PropertyKey[];

/** How a kind of file reads YAML, where that differs. Its mappings become `Map`s. */
export type Dialect = ParseOptions & DocumentOptions & SchemaOptions;

/** A YAML file and the problems found in it, each at its line and column. */
export class Source {
  readonly file: string;
  readonly problems: Diagnostic[] = [];
  /** The content as plain data; undefined when the file cannot be read as YAML at all. */
  readonly data: unknown;
  readonly #told = new Set<string>();
  readonly #lines = new LineCounter();
  readonly #document: Document | undefined;
  /** The entries of mappings that were looked into, by key: a definition may have thousands of steps. */
  readonly #entries = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(file: string, text: string, dialect?: Dialect) {
    this.file = file;
    if (Buffer.byteLength(text) > MAX_SOURCE_BYTES) {
      this.#add(0, 0, 'error', `the file is larger than ${MAX_SOURCE_BYTES} bytes`, 'Keep data out of it.');
      return;
    }
    if ((text.match(/(?:^|[\s[{,])&[^\s&]/gm)?.length ?? 0) > MAX_ANCHORS) {
      this.#add(0, 0, 'error', `there are more than ${MAX_ANCHORS} anchors (&name)`, 'Write it more simply.');
      return;
    }
    this.#document = this.#parse(text, dialect);
    const document = this.#document;
    if (!document || this.failed) return;
    try {
      this.data = document.toJS({ maxAliasCount: MAX_ALIASES, mapAsMap: dialect !== undefined });
    } catch {
      this.#add(
        0,
        0,
        'error',
        'aliases (*name) expand to too much, or to an anchor that is missing',
        `Use an anchor at most ${MAX_ALIASES} times.`,
      );
    }
  }

  #parse(text: string, dialect: Dialect | undefined): Document | undefined {
    try {
      checkBrackets(text);
      const document = parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        merge: true,
        // The library compares each key with each other, which takes a minute for thousands of steps.
        uniqueKeys: false,
        ...dialect,
      });
      checkExpansion(document);
      this.#reportDuplicateKeys(document);
      // What only a dialect would understand is left as text by the library, and by nobody else.
      for (const error of dialect ? [...document.errors, ...document.warnings] : document.errors)
        this.#add(error.pos[0], error.pos[1], 'error', error.message, 'Correct the YAML syntax.');
      return document;
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      this.#add(0, 0, 'error', error.message, 'Write less into one file.');
      return undefined;
    }
  }

  /** Whether an error (not a mere warning) was found. */
  get failed(): boolean {
    return this.problems.some(problem => problem.severity === 'error');
  }

  /** Reports an error at the value under `path`, or at its nearest parent that exists. */
  error(path: SourcePath, message: string, remedy: string): void {
    this.#add(...this.#rangeOf(path, 'value'), 'error', message, remedy);
  }

  /** Reports a warning at the value under `path`. */
  warn(path: SourcePath, message: string, remedy: string): void {
    this.#add(...this.#rangeOf(path, 'value'), 'warning', message, remedy);
  }

  /** Reports an error at the key that ends `path`. */
  errorAtKey(path: SourcePath, message: string, remedy: string): void {
    this.#add(...this.#rangeOf(path, 'key'), 'error', message, remedy);
  }

  /** Reports a warning at the key that ends `path`. */
  warnAtKey(path: SourcePath, message: string, remedy: string): void {
    this.#add(...this.#rangeOf(path, 'key'), 'warning', message, remedy);
  }

  /** The line of the key that ends `path`, from 1. */
  lineOf(path: SourcePath): number {
    return this.#position(this.#rangeOf(path, 'key')[0]).line;
  }

  /** The same problem of several members of a group is told once, and no more of all than anyone would read. */
  #add(start: number, end: number, severity: Diagnostic['severity'], message: string, remedy: string): void {
    const key = `${start} ${end} ${severity} ${message}`;
    if (this.#told.has(key) || this.problems.length >= MAX_PROBLEMS) return;
    this.#told.add(key);
    const from = this.#position(start);
    const to = this.#position(Math.max(start, end));
    this.problems.push({
      file: this.file,
      line: from.line,
      column: from.column,
      endLine: to.line,
      endColumn: to.column,
      severity,
      message,
      remedy,
    });
  }

  #position(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #rangeOf(path: SourcePath, part: 'key' | 'value'): [number, number] {
    const last = path.at(-1);
    if (part === 'key' && last !== undefined) {
      const pair = this.#pair(this.#node(path.slice(0, -1)), last);
      if (pair && isNode(pair.key) && pair.key.range) return [pair.key.range[0], pair.key.range[1]];
    }
    for (let length = path.length; length >= 0; length--) {
      const range = this.#node(path.slice(0, length))?.range;
      if (range) return [range[0], range[1]];
    }
    return [0, 0];
  }

  #node(path: SourcePath): Node | undefined {
    let node: unknown = this.#document?.contents;
    for (const key of path) node = isSeq(node) ? node.items[Number(key)] : this.#pair(node, key)?.value;
    return isNode(node) ? node : undefined;
  }

  #pair(map: unknown, key: PropertyKey): Pair | undefined {
    if (!isMap(map)) return undefined;
    const known = this.#entries.get(map);
    const entries = known ?? new Map(map.items.map(item => [keyOf(item), item]));
    if (!known) this.#entries.set(map, entries);
    return entries.get(String(key));
  }

  #reportDuplicateKeys(document: Document): void {
    visit(document, {
      Map: (_, map) => {
        const seen = new Set<string>();
        for (const item of map.items) {
          const key = keyOf(item);
          const [start, end] = (isNode(item.key) && item.key.range) || [0, 0];
          if (seen.has(key) && key !== MERGE_KEY)
            this.#add(start, end, 'error', `the key “${key}” is there twice`, 'Remove one of them.');
          seen.add(key);
        }
      },
    });
  }
}

/** Takes another mapping's entries in, and may be there more than once. */
const MERGE_KEY = '<<';

function keyOf({ key }: Pair): string {
  return String(isNode(key) ? key.toJSON() : key);
}

/** Reads a YAML (or JSON) file. A file that cannot be read is a problem in it, not an exception. */
export function readSource(file: string, dialect?: Dialect): Source {
  try {
    if (statSync(file).size > MAX_SOURCE_BYTES) return new Source(file, ' '.repeat(MAX_SOURCE_BYTES + 1));
    return new Source(file, readFileSync(file, 'utf8'), dialect);
  } catch (error) {
    const source = new Source(file, '');
    source.error(
      [],
      `the file cannot be read: ${(error as Error).message}`,
      'Create it, or correct the path.',
    );
    return source;
  }
}

/** "Did you mean …?" for a name that is not among the known ones; otherwise lists them. */
export function suggest(name: string, known: readonly string[]): string {
  const closest = closestMatch(name, known, { maxDistance: Math.max(2, Math.floor(name.length / 3)) });
  if (closest !== undefined) return didYouMean(closest);
  return known.length === 0 ? 'There are none.' : `Known: ${known.join(', ')}.`;
}
