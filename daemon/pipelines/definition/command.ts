import { parse } from 'shell-quote';
import { replaceUpToLastBrace } from './template.ts';

/** A command that only a shell could run. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

const BALANCED = /^(?:\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"|'[^']*'|[^'"\\])*$/;

/** `${…}` stands in the private-use area while the words are split, so that a value never becomes several words. */
const HOLE = /\uE000(\d+)\uE001/g;

/**
 * Splits a command into its words as a POSIX shell would, without one: nothing is expanded, and what needs a shell is an
 * error that says so.
 *
 * @param fillWord fills in `${…}` in one word
 * @throws CommandError, and what `fillWord` throws
 */
export function splitCommand(command: string, fillWord: (word: string) => string): string[] {
  if (!BALANCED.test(command))
    throw new CommandError('a quote is not closed', 'Close it, or escape it: \\".');
  const references: string[] = [];
  const held = replaceUpToLastBrace(
    command,
    /\$\{[^}]*\}/g,
    reference => `\uE000${references.push(reference) - 1}\uE001`,
  );
  const words = parseWords(held).map(part => {
    if (typeof part !== 'string') throw unsupported(part);
    if (part.includes('`')) throw needsShell('`…`');
    return fillWord(part.replace(HOLE, (_, index: string) => references[Number(index)] ?? ''));
  });
  if (words.length === 0)
    throw new CommandError('the command is empty', 'Write a program and its arguments.');
  return words;
}

function parseWords(text: string): ReturnType<typeof parse<{ variable: string }>> {
  try {
    return parse(text, name => ({ variable: name }));
  } catch {
    // All that the parser throws for: `${` without an end, or around what is no name.
    throw needsShell('${');
  }
}

function needsShell(what: string): CommandError {
  return new CommandError(
    `“${what}” needs a shell, and commands run without one`,
    'Write several commands as a list, put shell code in a script, or quote the text if it is meant literally.',
  );
}

function unsupported(part: object): CommandError {
  if ('variable' in part) return needsShell(`$${part.variable}`);
  if ('pattern' in part) return needsShell(String(part.pattern));
  if ('op' in part) return needsShell(String(part.op));
  return needsShell('#');
}
