import { type FoundKey, unquoted } from './found-key.ts';

const SPACE = /(?:\s|#[^\n]*)+/y;
const NAME = /[ \t]*(?:([\w-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*/y;
const STRING = /"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?/y;
const BLANK = /[ \t]*/y;
const LINE = /[^\n]*/y;
/** What no value has in it, but for lists and tables. */
const PLAIN = /[^\s,#"'[\]{}]+|[ \t\r]+/y;
const OPENING = /[[{]/y;
const CLOSING = /[\]}]/y;
const BETWEEN = /\s+|,|#[^\n]*/y;

/** The keys of a TOML text, groups before their members, however incomplete it is. Tables in lists have no names. */
export function tomlKeys(text: string): FoundKey[] {
  return [...new Reader(text).document()];
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  *document(): Generator<FoundKey> {
    let table: string | undefined = '';
    for (this.#take(SPACE); this.#at < this.#text.length; this.#take(SPACE)) {
      if (this.#isNext('[')) {
        const { keys, isList } = this.#header();
        yield* keys;
        table = isList ? undefined : prefixOf(keys);
      } else {
        const entry = [...this.#entry(table ?? '')];
        if (table !== undefined) yield* entry;
      }
    }
  }

  /** `[a.b]`, or `[[a.b]]` for one of a list. */
  #header(): { keys: FoundKey[]; isList: boolean } {
    const isList = this.#isNext('[[');
    this.#at += isList ? 2 : 1;
    const keys = this.#path('');
    this.#take(LINE);
    return { keys: isList ? keys.slice(0, -1) : keys, isList };
  }

  #isNext(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  /** `a.b = value`; what is no entry is passed over to the end of its line. */
  *#entry(prefix: string): Generator<FoundKey> {
    const keys = this.#path(prefix);
    const last = keys.pop();
    if (!last || !this.#isNext('=')) {
      this.#take(LINE);
      return;
    }
    this.#at += 1;
    this.#take(BLANK);
    yield* keys;
    if (this.#isNext('{')) {
      yield last;
      yield* this.#inlineTable(`${last.name}.`);
    } else {
      const start = this.#at;
      this.#passValue();
      yield { ...last, isGroup: false, value: unquoted(this.#text.slice(start, this.#at)) };
    }
  }

  *#inlineTable(prefix: string): Generator<FoundKey> {
    this.#at += 1;
    for (this.#take(SPACE); this.#at < this.#text.length && !this.#isNext('}'); this.#take(SPACE)) {
      const before = this.#at;
      yield* this.#entry(prefix);
      if (this.#isNext(',') || this.#at === before) this.#at += 1;
    }
    this.#at += 1;
  }

  /** The parts of a dotted name, each as a group. */
  #path(prefix: string): FoundKey[] {
    const keys: FoundKey[] = [];
    do {
      const part = this.#match(NAME);
      if (!part) break;
      const name = part[1] ?? part[2] ?? part[3] ?? '';
      const quote = part[1] === undefined ? 1 : 0;
      const start = part.index + part[0].search(/\S/) + quote;
      const span = { start, end: start + name.length };
      keys.push({ name: `${prefixOf(keys) || prefix}${name}`, span, isGroup: true, value: '' });
    } while (this.#isNext('.') && ++this.#at);
    return keys;
  }

  /** To where a value ends: at the end of its line, at a comma, or where what it is in ends. */
  #passValue(): void {
    let depth = 0;
    for (;;) {
      if (this.#take(STRING) || this.#take(PLAIN)) continue;
      if (this.#take(OPENING)) depth += 1;
      else if (depth > 0 && this.#take(CLOSING)) depth -= 1;
      else if (depth === 0 || !this.#take(BETWEEN)) return;
    }
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  /** @returns whether there was something to take */
  #take(pattern: RegExp): boolean {
    return (this.#match(pattern)?.[0].length ?? 0) > 0;
  }
}

function prefixOf(keys: readonly FoundKey[]): string {
  const last = keys.at(-1);
  return last ? `${last.name}.` : '';
}
