/** Hides secrets in what steps print: each of their bytes becomes `*`, so that nothing moves. */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { HIDDEN_FROM } from '../contract/secrets.ts';

const CHUNK_BYTES = 1 << 20;
const STAR = '*'.charCodeAt(0);

/** What is looked for: each line of each value, as it is and as JSON and URLs have it. */
export class HiddenWords {
  readonly #words: readonly Buffer[];
  /** Length of the longest, in bytes. */
  readonly longest: number;

  constructor(values: readonly string[]) {
    const lines = values.flatMap(value => value.split(/\r?\n/)).filter(line => line.length >= HIDDEN_FROM);
    const forms = lines.flatMap(line => [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line)]);
    // One may be a part of another.
    this.#words = [...new Set(forms)].map(form => Buffer.from(form)).sort((a, b) => b.length - a.length);
    this.longest = Math.max(0, ...this.#words.map(word => word.length));
  }

  get none(): boolean {
    return this.#words.length === 0;
  }

  /** Hides them in these bytes. @returns whether any was there */
  hideIn(bytes: Buffer): boolean {
    let found = false;
    for (const word of this.#words) {
      for (let at = bytes.indexOf(word); at >= 0; at = bytes.indexOf(word, at + word.length)) {
        bytes.fill(STAR, at, at + word.length);
        found = true;
      }
    }
    return found;
  }

  /** How many of the last bytes may be the beginning of one that goes on. */
  begunIn(bytes: Buffer): number {
    const begun = this.#words.map(word => {
      let length = Math.min(word.length - 1, bytes.length);
      while (length > 0 && !bytes.subarray(-length).equals(word.subarray(0, length))) length--;
      return length;
    });
    return Math.max(0, ...begun);
  }
}

/** Hides words in a file for good, a part at a time. */
export function hideInFile(file: string, words: HiddenWords): void {
  if (words.none) return;
  const descriptor = openSync(file, 'r+');
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(CHUNK_BYTES + words.longest);
    for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
      const part = buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, offset));
      if (words.hideIn(part)) writeSync(descriptor, part, 0, part.length, offset);
    }
  } finally {
    closeSync(descriptor);
  }
}
