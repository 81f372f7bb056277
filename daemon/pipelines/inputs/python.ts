/** Which modules Python code imports, read from its syntax: nothing is executed. */
import { parser } from '@lezer/python';

/** A module that code imports. */
export interface Import {
  /** Leading dots: 0 = absolute. */
  readonly level: number;
  /** Dotted name; empty in `from . import x`. */
  readonly module: string;
  /** Names in `from … import names`, which may be modules themselves. */
  readonly names: readonly string[];
}

/** All imports of a file, also those inside of functions and conditions. Code that is not valid gives what can be read. */
export function importsOf(code: string): Import[] {
  const found: Import[] = [];
  parser.parse(code).iterate({
    enter: node => {
      if (node.name !== 'ImportStatement') return true;
      const words: string[] = [];
      for (let child = node.node.firstChild; child; child = child.nextSibling)
        if (child.name !== 'Comment') words.push(code.slice(child.from, child.to));
      found.push(...readStatement(words));
      return false;
    },
  });
  return found;
}

/** @param words the statement's tokens: `from`, `.`, `a`, `.`, `b`, `import`, `c`, `as`, `d` */
function readStatement(words: readonly string[]): Import[] {
  if (words[0] === 'import') {
    return split(words.slice(1)).map(module => ({ level: 0, module, names: [] }));
  }
  const at = words.indexOf('import');
  if (words[0] !== 'from' || at < 0) return [];
  const origin = words.slice(1, at).join('');
  const module = origin.replace(/^\.+/, '');
  return [{ level: origin.length - module.length, module, names: split(words.slice(at + 1)) }];
}

/** The names of a list such as `a.b as c, d`, without what they are called here. */
function split(words: readonly string[]): string[] {
  return words
    .filter(word => word !== '(' && word !== ')')
    .join(' ')
    .split(',')
    .map(part => part.split(' as ')[0]?.replaceAll(' ', '') ?? '')
    .filter(name => name !== '' && name !== '*');
}
