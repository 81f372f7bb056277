/** Reading what steps print, also while they print it. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { HiddenWords } from './hiding.ts';

/** Which part of a log: from an offset on, or its end. */
export interface LogPart {
  readonly offset: number;
  /** In bytes. */
  readonly limit: number;
  /** In place of an offset and a limit: the last so many bytes. */
  readonly tail?: number | undefined;
}

/** Text of a log: whole characters only, where it begins, where to read on, and the size of the whole log. */
export interface LogText {
  readonly text: string;
  readonly offset: number;
  readonly nextOffset: number;
  readonly size: number;
}

/**
 * A part of a log, without what is to be hidden in it; empty when the file is not there yet.
 *
 * @param growing whether more may follow: then the beginning of a secret is left for the next part
 */
export function readLog(
  file: string,
  { offset: wanted, limit, tail }: LogPart,
  words: HiddenWords,
  growing: boolean,
): LogText {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return { text: '', offset: wanted, nextOffset: wanted, size: 0 };
  }
  try {
    const { size } = fstatSync(descriptor);
    const begin = tail === undefined ? wanted : Math.max(0, size - tail);
    if (begin >= size) return { text: '', offset: begin, nextOffset: begin, size };
    // A secret may have begun before the part, and go on after it.
    const from = Math.max(0, begin - words.longest);
    const until = Math.min(size, begin + (tail ?? limit) + words.longest);
    const buffer = Buffer.alloc(until - from);
    const read = buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, from));
    words.hideIn(read);
    const held = growing && from + read.length >= size ? words.begunIn(read) : 0;
    const end = Math.min(begin + (tail ?? limit) - from, read.length - held);
    const part = read.subarray(begin - from, Math.max(begin - from, end));
    const skipped = tail === undefined || begin === 0 ? 0 : brokenStart(part);
    const length = begin + part.length < size ? wholeCharacters(part, part.length) : part.length;
    const text = part.toString('utf8', skipped, length);
    return { text, offset: begin + skipped, nextOffset: begin + length, size };
  } finally {
    closeSync(descriptor);
  }
}

/** The last bytes of a file as text; empty when it is not there. */
export function readEnd(file: string, bytes: number, words: HiddenWords): string {
  return readLog(file, { offset: 0, limit: bytes, tail: bytes }, words, true).text;
}

/** How many bytes at the beginning belong to a character that began before. */
function brokenStart(buffer: Buffer): number {
  let start = 0;
  while (start < 3 && ((buffer[start] ?? 0) & 0xc0) === 0x80) start++;
  return start;
}

/** How many of the first `length` bytes are complete UTF-8 characters; at least one byte, so that reading goes on. */
function wholeCharacters(buffer: Buffer, length: number): number {
  let start = length;
  while (start > 0 && length - start < 4 && ((buffer[start - 1] ?? 0) & 0xc0) === 0x80) start--;
  const lead = buffer[start - 1] ?? 0;
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  const whole = start - 1 + size > length ? start - 1 : length;
  return whole > 0 ? whole : length;
}
