/** Takes `dvc.lock` apart by its lines, so that one entry can be read or replaced without the others. */

/** A part of the file: an entry with its name, or what lies between two. */
export interface Part {
  readonly name: string | undefined;
  readonly text: string;
}

const HEAD = /^schema: '2\.0'[ \t]*\r?\n/m;
const STAGES = /^stages:\s*$/;
const KEY = /^ {2}(?:([\w@.,+-]+)|'((?:[^']|'')+)'):\s*$/;
/** A line of another key of the file. */
const OTHER = /^(?:[\w-]+:|- |[\s#]|$)/;
/** Words that are no texts to YAML, and so no plain names. */
const NO_NAME = /^(?:[-+.\d]|null$|true$|false$|~$)/i;

/**
 * The parts of a file that is laid out as DVC does it: entries two spaces deep, all that is theirs deeper.
 *
 * @returns undefined for any other
 */
export function partsOf(text: string): Part[] | undefined {
  const lines = text.split(/(?<=\n)/);
  const start = lines.findIndex(line => STAGES.test(line)) + 1;
  if (!HEAD.test(text) || start === 0) return undefined;
  const length = lines.slice(start).findIndex(line => /^[^\s#]/.test(line));
  const end = length < 0 ? lines.length : start + length;
  const rest = lines.slice(end);
  if (!rest.every(line => OTHER.test(line)) || rest.some(line => STAGES.test(line))) return undefined;
  const between = (some: readonly string[]): Part => ({ name: undefined, text: some.join('') });
  const entries = entriesOf(lines.slice(start, end));
  return entries && [between(lines.slice(0, start)), ...entries, between(rest)];
}

/** @returns undefined where a line is none of DVC's */
function entriesOf(lines: readonly string[]): Part[] | undefined {
  const parts: { name: string | undefined; text: string }[] = [];
  for (const line of lines) {
    const last = parts.at(-1);
    const isBlank = line.trim() === '';
    if (last && (isBlank || (/^ {3}/.test(line) && last.name !== undefined))) {
      last.text += line;
      continue;
    }
    const isComment = isBlank || /^\s*#/.test(line);
    const name = isComment ? undefined : nameOf(line);
    if (!isComment && name === undefined) return undefined;
    parts.push({ name, text: line });
  }
  return parts;
}

function nameOf(line: string): string | undefined {
  const [, plain, quoted] = KEY.exec(line) ?? [];
  if (quoted !== undefined) return quoted.replaceAll("''", "'");
  return plain === undefined || NO_NAME.test(plain) ? undefined : plain;
}
