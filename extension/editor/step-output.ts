/** Colours of terminals that the names of steps take in turn; red is left for what fails. */
const COLORS = [36, 35, 33, 34, 32, 96, 95, 94] as const;
const RESET = '\x1b[0m';

/** The output of one step, line by line, each with the step's name before it, as it stands beside that of others. */
export class StepLines {
  readonly #prefix: string;
  /** What of a line was printed so far. */
  #rest = '';

  /** @param index in the order in which steps began: it chooses the colour */
  constructor(step: string, index: number) {
    this.#prefix = `\x1b[${COLORS[index % COLORS.length]}m${step} │${RESET} `;
  }

  /** @returns the lines that are whole now */
  add(text: string): string[] {
    const parts = (this.#rest + text).split('\n');
    this.#rest = lastWritten(parts.pop() ?? '');
    return parts.map(part => this.#line(part));
  }

  /** @returns the line that had no end, if there is one */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [this.#line(rest)];
  }

  #line(text: string): string {
    return `${this.#prefix}${lastWritten(text).replace(/\r$/, '')}${RESET}`;
  }
}

/** What a carriage return leaves of a line: progress bars write over themselves, which lines of several steps cannot. */
function lastWritten(text: string): string {
  const end = text.endsWith('\r') ? text.length - 1 : text.length;
  return text.slice(text.lastIndexOf('\r', end - 1) + 1);
}
