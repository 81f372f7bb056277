import { argumentsOf, calledName, childrenOf, type SyntaxNode, splitAtCommas } from '../python-syntax.ts';

/** What a call logs, as far as the code says it. */
export interface LoggedNames {
  /** Names that are written there. */
  readonly keys: readonly string[];
  /** Of names that are put together when it runs, the texts around what is filled in: `f"val_{x}"` is `val_` and nothing. */
  readonly patterns: readonly (readonly string[])[];
  /** Whether there are names of which the code says nothing. */
  readonly open: boolean;
}

export const UNKNOWN_NAMES: LoggedNames = { keys: [], patterns: [], open: true };
/** How many names are followed to what they were assigned, one to the next. */
const MAX_STEPS = 5;

/** What names of metrics are in code: texts, dictionaries with texts as keys, and variables that hold such. */
export class Constants {
  readonly #code: string;
  /** What a name is assigned, and what a loop lets it go through. */
  readonly #assigned = new Map<string, SyntaxNode[]>();
  readonly #looped = new Map<string, SyntaxNode[]>();
  /** Dictionaries that get entries later: `metrics["rmse"] = …`. */
  readonly #entries = new Map<string, SyntaxNode[]>();

  private constructor(code: string) {
    this.#code = code;
  }

  /** Takes in what a file assigns. */
  static read(code: string, top: SyntaxNode): Constants {
    const constants = new Constants(code);
    top.cursor().iterate(({ node }) => {
      if (node.name === 'AssignStatement') constants.#assign(node);
      else if (node.name === 'ForStatement') constants.#loop(node);
    });
    return constants;
  }

  /** The names that an expression can stand for. */
  names(node: SyntaxNode | undefined, steps = MAX_STEPS): LoggedNames {
    if (!node || steps === 0) return UNKNOWN_NAMES;
    switch (node.name) {
      case 'String':
      case 'ContinuedString':
        return this.#plain(node);
      case 'FormatString': {
        const pattern = this.#patternOf(node);
        return pattern.length === 1
          ? { keys: pattern, patterns: [], open: false }
          : { keys: [], patterns: [pattern], open: false };
      }
      case 'ParenthesizedExpression':
        return this.names(childrenOf(node)[1], steps);
      case 'ConditionalExpression': {
        const [yes, , , , no] = childrenOf(node);
        return union([this.names(yes, steps), this.names(no, steps)]);
      }
      case 'VariableName': {
        const name = this.#text(node);
        const values = this.#assigned.get(name)?.map(value => this.names(value, steps - 1)) ?? [];
        const items = this.#looped.get(name)?.map(list => this.#itemsOf(list, steps - 1)) ?? [];
        return values.length + items.length > 0 ? union([...values, ...items]) : UNKNOWN_NAMES;
      }
      default:
        return UNKNOWN_NAMES;
    }
  }

  /** The keys of what an expression can stand for: a dictionary. */
  keysOf(node: SyntaxNode | undefined, steps = MAX_STEPS): LoggedNames {
    if (!node || steps === 0) return UNKNOWN_NAMES;
    switch (node.name) {
      case 'DictionaryExpression':
        return this.#keysOfDictionary(node, steps);
      case 'DictionaryComprehensionExpression':
        return this.names(childrenOf(node)[1], steps);
      case 'CallExpression':
        return this.#keysOfCall(node);
      case 'VariableName': {
        const name = this.#text(node);
        const values = this.#assigned.get(name)?.map(value => this.keysOf(value, steps - 1));
        const later = this.#entries.get(name)?.map(key => this.names(key, steps - 1)) ?? [];
        return values ? union([...values, ...later]) : UNKNOWN_NAMES;
      }
      default:
        return UNKNOWN_NAMES;
    }
  }

  #keysOfDictionary(node: SyntaxNode, steps: number): LoggedNames {
    const entries = splitAtCommas(childrenOf(node).slice(1, -1));
    return union(
      entries.map(([first, second]) =>
        first?.name === '**' ? this.keysOf(second, steps - 1) : this.names(first, steps),
      ),
    );
  }

  /** `dict(rmse=1)`. */
  #keysOfCall(node: SyntaxNode): LoggedNames {
    const called = calledName(node, this.#code);
    const { positional, named } = argumentsOf(node, this.#code);
    if (called?.object !== undefined || called?.name !== 'dict' || positional.length > 0)
      return UNKNOWN_NAMES;
    return { keys: [...named.keys()], patterns: [], open: false };
  }

  #itemsOf(node: SyntaxNode, steps: number): LoggedNames {
    if (!['ArrayExpression', 'TupleExpression', 'SetExpression'].includes(node.name)) return UNKNOWN_NAMES;
    return union(splitAtCommas(childrenOf(node).slice(1, -1)).map(([item]) => this.names(item, steps)));
  }

  #plain(node: SyntaxNode): LoggedNames {
    const parts = node.name === 'String' ? [node] : childrenOf(node);
    if (parts.some(part => part.name !== 'String')) return UNKNOWN_NAMES;
    return { keys: [parts.map(part => textOf(this.#text(part))).join('')], patterns: [], open: false };
  }

  /** The texts of an f-string around what is in braces. */
  #patternOf(node: SyntaxNode): string[] {
    const { start, end } = quotesOf(this.#text(node));
    const replacements = node.getChildren('FormatReplacement');
    const starts = [node.from + start, ...replacements.map(({ to }) => to)];
    const ends = [...replacements.map(({ from }) => from), node.to - end];
    return starts.map((from, index) => this.#code.slice(from, ends[index]));
  }

  #assign(node: SyntaxNode): void {
    const [target, sign, value, ...more] = childrenOf(node).filter(({ name }) => name !== 'TypeDef');
    if (!target || sign?.name !== 'AssignOp' || !value || more.length > 0) return;
    if (target.name === 'VariableName') add(this.#assigned, this.#text(target), value);
    const [object, bracket, key] = target.name === 'MemberExpression' ? childrenOf(target) : [];
    if (object?.name === 'VariableName' && bracket?.name === '[' && key)
      add(this.#entries, this.#text(object), key);
  }

  #loop(node: SyntaxNode): void {
    const [, variable, word, list] = childrenOf(node);
    if (variable?.name === 'VariableName' && word?.name === 'in' && list)
      add(this.#looped, this.#text(variable), list);
  }

  #text({ from, to }: SyntaxNode): string {
    return this.#code.slice(from, to);
  }
}

/** Whether a name can have come of a pattern. */
export function matches(key: string, pattern: readonly string[]): boolean {
  const [first = '', ...others] = pattern;
  const last = others.pop();
  if (last === undefined) return key === first;
  if (!key.startsWith(first) || !key.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = key.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= key.length - last.length;
}

function union(all: readonly LoggedNames[]): LoggedNames {
  return {
    keys: [...new Set(all.flatMap(({ keys }) => keys))],
    patterns: all.flatMap(({ patterns }) => patterns),
    open: all.some(({ open }) => open),
  };
}

/** The content of a text in quotes, with `r` or not. */
function textOf(quoted: string): string {
  const { start, end } = quotesOf(quoted);
  return quoted.slice(start, quoted.length - end);
}

/** How many characters are before and behind a text: its prefix and its quotes. */
function quotesOf(quoted: string): { start: number; end: number } {
  const [whole = '', quotes = ''] = /^[a-zA-Z]*("""|'''|"|')/.exec(quoted) ?? [];
  const isClosed = quoted.length >= whole.length + quotes.length && quoted.endsWith(quotes);
  return { start: whole.length, end: isClosed ? quotes.length : 0 };
}

function add<Key, Value>(to: Map<Key, Value[]>, key: Key, value: Value): void {
  const known = to.get(key);
  if (known) known.push(value);
  else to.set(key, [value]);
}
