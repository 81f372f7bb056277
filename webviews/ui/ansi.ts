/** Text with the escape sequences of terminals, as spans that look alike. */

/** How a stretch of text looks: names of classes in log.css, and colours that have none. */
export interface Look {
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly inverse?: true;
  /** One of the 16 colours of terminals by its number, or a colour of CSS. */
  readonly color?: number | string;
  readonly background?: number | string;
}

export interface Span {
  readonly text: string;
  readonly look: Look;
}

// Control sequences (of which those that end in `m` set the look), operating system commands, and other escapes.
const ESCAPE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /\x1b\[([0-9;:]*)([ -/]*[@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b-\x1f\x7f]/g;

/** Takes a line apart. @param look what the lines before left on. @returns the spans, and what is left on after it */
export function ansiSpans(line: string, look: Look): { spans: Span[]; look: Look } {
  const spans: Span[] = [];
  let current = look;
  let from = 0;
  const add = (to: number) => {
    if (to > from) spans.push({ text: line.slice(from, to), look: current });
  };
  for (const match of line.matchAll(ESCAPE)) {
    add(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') current = restyle(current, (match[1] ?? '').split(/[;:]/).map(Number));
  }
  add(line.length);
  return { spans, look: current };
}

/** The text alone. */
export function withoutAnsi(line: string): string {
  return line.replaceAll(ESCAPE, '');
}

const ON: Readonly<Record<number, Look>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
};
const OFF: Readonly<Record<number, readonly (keyof Look)[]>> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  39: ['color'],
  49: ['background'],
};

/** Applies the parameters of a “select graphic rendition” sequence. */
function restyle(look: Look, [code = 0, ...rest]: readonly number[]): Look {
  const { look: next, length } = applyCode(look, code, rest);
  return length < rest.length ? restyle(next, rest.slice(length)) : next;
}

/** @returns also how many of the parameters behind the code belong to it */
function applyCode(look: Look, code: number, rest: readonly number[]): { look: Look; length: number } {
  if (code === 0) return { look: {}, length: 0 };
  if (OFF[code]) return { look: without(look, OFF[code]), length: 0 };
  if (code !== 38 && code !== 48) return { look: { ...look, ...(ON[code] ?? sixteen(code)) }, length: 0 };
  const { color, length } = extendedColor(rest);
  if (color === undefined) return { look, length };
  return { look: { ...look, [code === 38 ? 'color' : 'background']: color }, length };
}

function without(look: Look, keys: readonly (keyof Look)[]): Look {
  return Object.fromEntries(Object.entries(look).filter(([key]) => !keys.includes(key as keyof Look)));
}

function sixteen(code: number): Look {
  if (code >= 30 && code <= 37) return { color: code - 30 };
  if (code >= 40 && code <= 47) return { background: code - 40 };
  if (code >= 90 && code <= 97) return { color: code - 82 };
  if (code >= 100 && code <= 107) return { background: code - 92 };
  return {};
}

/** `5;n` is one of 256 colours, `2;r;g;b` any. */
function extendedColor([kind, ...rest]: readonly number[]): { color?: number | string; length: number } {
  if (kind === 2) return { color: `rgb(${rest.slice(0, 3).map(byte).join(' ')})`, length: 4 };
  if (kind !== 5) return { length: 0 };
  const index = byte(rest[0]);
  if (index < 16) return { color: index, length: 2 };
  if (index >= 232)
    return {
      color: `rgb(${Array(3)
        .fill(8 + (index - 232) * 10)
        .join(' ')})`,
      length: 2,
    };
  const cube = index - 16;
  const level = (part: number) => (part === 0 ? 0 : 55 + part * 40);
  const parts = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
  return { color: `rgb(${parts.map(level).join(' ')})`, length: 2 };
}

function byte(value: number | undefined): number {
  return Math.min(255, Math.max(0, Math.trunc(value ?? 0) || 0));
}
