/** What a model process writes to its standard error, kept in a file that cannot grow without end. */
import fs from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';

const MAX_BYTES = 5 * 1024 * 1024;
const TAIL_CHARACTERS = 2_000;

/** The log file of one model version. When it is full, it becomes `<file>.1` and a new one begins. */
export class ProcessLog {
  readonly #file: string;
  #descriptor: number | undefined;
  #size = 0;
  #tail = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** Writes all that comes from `stream`, until it ends. */
  follow(stream: Readable | null): void {
    this.#tail = '';
    stream?.on('data', (chunk: Buffer) => this.write(chunk.toString('utf8')));
  }

  /** Adds text. It cannot fail: a full disk must cost the log alone, never the predictions. */
  write(text: string): void {
    this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
    try {
      if (this.#descriptor !== undefined && this.#size > MAX_BYTES) this.#rotate();
      this.#descriptor ??= this.#open();
      this.#size += fs.writeSync(this.#descriptor, text);
    } catch {}
  }

  /** The last line the process wrote, ready to end a message with; empty when there is none. */
  tailNote(): string {
    const last = this.#tail.trimEnd().split('\n').at(-1);
    return last ? `: ${last}` : '';
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    fs.mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const descriptor = fs.openSync(this.#file, 'a', 0o600);
    this.#size = fs.fstatSync(descriptor).size;
    return descriptor;
  }

  #rotate(): void {
    this.close();
    fs.renameSync(this.#file, `${this.#file}.1`);
  }
}
