/**
 * The anchor of the audit log: the hash of every entry in a file outside of the store, so that whoever rewrites the
 * database, with all hashes computed anew, is found. A line for each entry: `<number> <hash>`, and `unwitnessed` after it
 * when it was not this file's daemon that saw it written.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { isOwn } from '../client/state.ts';
import type { Link } from './chain.ts';

/** Longest line, in bytes, with room to spare. */
const LINE_BYTES = 128;
const LINE = /^([1-9]\d{0,15}) ([0-9a-f]{64})( unwitnessed)?$/;

export interface AnchoredLink extends Link {
  readonly witnessed: boolean;
}

/** The file of one store. @param state the store's private folder */
export class AuditAnchor {
  readonly file: string;

  constructor(state: string) {
    this.file = path.join(state, 'audit-anchor');
  }

  /** The newest entry that is anchored. A line that was cut off is taken away. */
  async last(): Promise<AnchoredLink | undefined> {
    if (!this.#exists()) return undefined;
    const handle = await open(this.file, 'r+');
    try {
      const { size } = await handle.stat();
      const tail = await readTail(handle, size);
      const end = tail.lastIndexOf('\n') + 1;
      if (end < tail.length) await handle.truncate(size - (tail.length - end));
      const line = tail.slice(0, end).trimEnd().split('\n').at(-1) ?? '';
      return line === '' ? undefined : (parse(line) ?? this.#damaged(line));
    } finally {
      await handle.close();
    }
  }

  /** All of it, in order; a line that was cut off is left out. */
  async *entries(): AsyncGenerator<AnchoredLink> {
    if (!this.#exists()) return;
    const stream = fs.createReadStream(this.file, 'utf8');
    await once(stream, 'open');
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      const link = parse(line);
      if (link) yield link;
    }
  }

  /** Adds entries, and returns when they are on the disk. */
  async append(links: readonly AnchoredLink[]): Promise<void> {
    this.#exists();
    const handle = await open(this.file, 'a', 0o600);
    try {
      await handle.appendFile(
        links
          .map(({ number, hash, witnessed }) => `${number} ${hash}${witnessed ? '' : ' unwitnessed'}\n`)
          .join(''),
      );
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Moves it away, for a store that another log takes the place of; nothing vouches for that one's entries. */
  async setAside(): Promise<void> {
    if (this.#exists())
      await rename(this.file, `${this.file}.${new Date().toISOString().replace(/[-:.]/g, '')}`);
  }

  /** @throws Error when it is a link or another user's */
  #exists(): boolean {
    const found = fs.lstatSync(this.file, { throwIfNoEntry: false });
    if (found && !(found.isFile() && isOwn(found)))
      throw new Error(`${this.file} is not a plain file of yours; remove it`);
    return found !== undefined;
  }

  #damaged(line: string): never {
    throw new Error(`${this.file} ends with what is no entry: ${JSON.stringify(line)}`);
  }
}

async function readTail(handle: FileHandle, size: number): Promise<string> {
  const length = Math.min(size, 2 * LINE_BYTES);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('latin1');
}

function parse(line: string): AnchoredLink | undefined {
  const [, number, hash, unwitnessed] = LINE.exec(line) ?? [];
  if (number === undefined || hash === undefined) return undefined;
  return { number: Number(number), hash, witnessed: unwitnessed === undefined };
}
