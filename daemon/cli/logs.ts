/** `modelthat logs`. */
import fs from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { logFile } from '../client/state.ts';
import { Context } from './context.ts';
import { print, say, style } from './output.ts';

const FOLLOW_MS = 250;
const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

export function register(program: Command): void {
  program
    .command('logs')
    .description('what the daemon has written to its log')
    .option('-f, --follow', 'go on with what it writes')
    .option('-n, --lines <number>', 'how many lines to begin with', positive, 100)
    .action(logs);
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

async function logs(options: { follow?: boolean; lines: number }, command: Command): Promise<void> {
  const context = new Context(command);
  const file = logFile(context.place.state);
  const show = (line: string) => print(context.json ? line : readable(line));
  if (!fs.existsSync(file) && !options.follow) {
    say('No daemon has run for this store.');
    return;
  }
  const tail = new Tail(file);
  for (const line of tail.read().slice(-options.lines)) show(line);
  if (!options.follow) return;
  setInterval(() => {
    for (const line of tail.read()) show(line);
  }, FOLLOW_MS);
}

/** Reads what has been added to a file, also across its rotation. */
class Tail {
  readonly #file: string;
  #inode = 0;
  #offset = 0;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** @returns the full lines since the last call */
  read(): string[] {
    const found = fs.statSync(this.#file, { throwIfNoEntry: false });
    if (!found) return [];
    if (found.ino !== this.#inode || found.size < this.#offset) this.#offset = 0;
    this.#inode = found.ino;
    const text = this.#rest + this.#readFrom(this.#offset, found.size).toString();
    this.#offset = found.size;
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }

  #readFrom(start: number, end: number): Buffer {
    const bytes = Buffer.alloc(end - start);
    const handle = fs.openSync(this.#file, 'r');
    try {
      fs.readSync(handle, bytes, 0, bytes.length, start);
    } finally {
      fs.closeSync(handle);
    }
    return bytes;
  }
}

/** A JSON line of the log as a person reads it. */
function readable(line: string): string {
  try {
    const { time, level, msg, pid: _pid, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const details = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const word = (LEVELS[Number(level)] ?? '').padEnd(5);
    return `${time} ${Number(level) >= 40 ? style('yellow', word) : word} ${msg} ${style('dim', details.join(' '))}`.trimEnd();
  } catch {
    return line;
  }
}
