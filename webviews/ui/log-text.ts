/** The part of a log that a page holds: lines that grow at the end, and are dropped where nobody looks. */
import { lastWritten } from '../../daemon/contract/log-lines.ts';
import { ansiSpans, type Look, type Span, withoutAnsi } from './ansi.ts';

export interface LogLine {
  /** As it was printed, but for what a carriage return took back. */
  readonly raw: string;
  /** Bytes that it takes in the log, its line end included. */
  readonly bytes: number;
  readonly spans: readonly Span[];
}

/** A line longer than this, in characters, goes on in the next: a program may print no line end for ever. */
const LINE_CHARACTERS = 4_000;
/** More of a log than this is not held at once. */
export const HELD_BYTES = 2_000_000;
/** After a cut so much is left, so that not every further line cuts again. */
const KEPT_BYTES = 1_500_000;

const utf8 = new TextEncoder();

/** A stretch of a log without a gap. */
export class LogText {
  readonly lines: LogLine[] = [];
  /** Where in the log the first line begins, and where the last one ends, in bytes. */
  start: number;
  end: number;
  /** How many lines were dropped before the first. */
  dropped = 0;
  /** What is printed of a line that has not ended. */
  #rest = { text: '', bytes: 0 };
  #look: Look = {};

  /** @param start where in the log the text begins that is going to be added */
  constructor(start: number) {
    this.start = start;
    this.end = start;
  }

  /** The line that has not ended yet, as far as it goes. */
  get unfinished(): LogLine | undefined {
    const { text, bytes } = this.#rest;
    return text === '' ? undefined : { raw: text, bytes, spans: ansiSpans(text, this.#look).spans };
  }

  /** Where the lines end that have ended, in bytes. */
  get ended(): number {
    return this.end - this.#rest.bytes;
  }

  /** Index of the line that begins at a byte, or else of the first one after it. */
  lineAt(offset: number): number {
    let at = this.start;
    const index = this.lines.findIndex(({ bytes }) => {
      const isThere = at >= offset;
      at += bytes;
      return isThere;
    });
    return index < 0 ? this.lines.length : index;
  }

  /** Adds what was printed further. Drops the oldest lines when it becomes too much. */
  append(text: string): void {
    this.#add(text);
    let held = this.end - this.start;
    if (held <= HELD_BYTES) return;
    let dropped = 0;
    while (held > KEPT_BYTES && dropped < this.lines.length) held -= this.lines[dropped++]?.bytes ?? 0;
    const gone = this.lines.splice(0, dropped);
    this.dropped += dropped;
    this.start += gone.reduce((sum, line) => sum + line.bytes, 0);
  }

  /**
   * Puts what was printed before in front of it.
   *
   * @returns a new text; when it would be too much, the newest lines are missing from it
   */
  prepend(text: string, offset: number): LogText {
    const joined = new LogText(offset);
    joined.#add(text);
    for (const { raw, bytes } of this.lines) {
      if (joined.end - joined.start > HELD_BYTES) return joined;
      joined.#add(`${raw}\n`, bytes);
    }
    if (this.#rest.bytes > 0) joined.#add(this.#rest.text, this.#rest.bytes);
    return joined;
  }

  /** @param bytes that the text takes in the log; absent = as many as its characters */
  #add(text: string, bytes = utf8.encode(text).length): void {
    this.end += bytes;
    let uncounted = bytes - utf8.encode(text).length;
    const parts = text.split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      this.#print(part);
      this.#endLine(1 + uncounted);
      uncounted = 0;
    }
    this.#print(last);
    this.#rest.bytes += uncounted;
  }

  #print(text: string): void {
    this.#rest.bytes += utf8.encode(text).length;
    this.#rest.text = lastWritten(this.#rest.text + text);
    while (this.#rest.text.length > LINE_CHARACTERS) {
      const { text: whole, bytes } = this.#rest;
      // A character of two units stays whole.
      const cut = LINE_CHARACTERS - Number(/[\ud800-\udbff]/.test(whole[LINE_CHARACTERS - 1] ?? ''));
      const rest = whole.slice(cut);
      const restBytes = utf8.encode(rest).length;
      this.#rest = { text: whole.slice(0, cut), bytes: bytes - restBytes };
      this.#endLine(0);
      this.#rest = { text: rest, bytes: restBytes };
    }
  }

  #endLine(lineEnd: number): void {
    const { text, bytes } = this.#rest;
    const raw = text.endsWith('\r') ? text.slice(0, -1) : text;
    const { spans, look } = ansiSpans(raw, this.#look);
    this.lines.push({ raw, bytes: bytes + lineEnd, spans });
    this.#look = look;
    this.#rest = { text: '', bytes: 0 };
  }
}

/** Where a text occurs. */
export interface Found {
  /** Index of the line. */
  readonly line: number;
  /** Characters in the line without its escape sequences. */
  readonly from: number;
  readonly to: number;
}

/** Where `text` occurs in the lines, without regard to case. @param most more than these are not looked for */
export function findInLines(lines: readonly LogLine[], text: string, most: number): Found[] {
  const wanted = text.toLowerCase();
  const found: Found[] = [];
  if (wanted === '') return found;
  for (const [line, { raw }] of lines.entries()) {
    const plain = withoutAnsi(raw).toLowerCase();
    for (let from = plain.indexOf(wanted); from >= 0; from = plain.indexOf(wanted, from + wanted.length)) {
      found.push({ line, from, to: from + wanted.length });
      if (found.length >= most) return found;
    }
  }
  return found;
}

/** A stretch of a line, in characters without its escape sequences. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Cuts spans where stretches begin and end. @param mark what becomes of a span within one */
export function cutSpans<Cut extends Span, Mark extends Stretch>(
  spans: readonly Cut[],
  stretches: readonly Mark[],
  mark: (span: Cut, stretch: Mark) => Cut,
): Cut[] {
  let at = 0;
  return spans.flatMap(span => {
    const [start, end] = [at, at + span.text.length];
    at = end;
    const here = stretches.filter(({ from, to }) => from < end && to > start);
    if (here.length === 0) return [span];
    const parts: Cut[] = [];
    let done = start;
    const cut = (to: number, within?: Mark) => {
      const part = { ...span, text: span.text.slice(done - start, to - start) };
      if (to > done) parts.push(within ? mark(part, within) : part);
      done = Math.max(done, to);
    };
    for (const stretch of here) {
      cut(Math.max(start, stretch.from));
      cut(Math.min(end, stretch.to), stretch);
    }
    cut(end);
    return parts;
  });
}
