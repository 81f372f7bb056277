/** Searching the whole of what a step printed, however large it is. */
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { lastWritten } from '../contract/log-lines.ts';
import type { LogFinding, LogFindings } from '../contract/pipelines.ts';
import type { HiddenWords } from './hiding.ts';
import { readLog } from './logs.ts';

/** So much is looked at before others have their turn, in bytes. */
const PART_BYTES = 1 << 18;

/** A line longer than this, in characters, is looked at in pieces: a program may print no line end for ever. */
const LINE_CHARACTERS = 65_536;

/** So much of what comes before a line is shown with it, in bytes. */
const CONTEXT_BYTES = 8_192;

const LINE_END = '\n'.charCodeAt(0);

/** What is looked for: a text without regard to case, outside of the part of the log that somebody has. */
export interface LogQuery {
  readonly text: string;
  /** Where that part begins, and where it ends, in bytes. */
  readonly before: number;
  readonly after: number;
}

/**
 * Counts the occurrences in lines that begin before, and after, a part of a log, and finds the nearest of either.
 *
 * @param growing as for `readLog`
 */
export async function searchLog(
  file: string,
  { text, before, after }: LogQuery,
  words: HiddenWords,
  growing: boolean,
): Promise<LogFindings> {
  const wanted = text.toLowerCase();
  const found = { before: { count: 0, line: -1 }, after: { count: 0, line: -1 } };
  for await (const { line, offset } of linesOf(file, words, growing)) {
    if (offset >= before && offset < after) continue;
    const count = occurrences(line.toLowerCase(), wanted);
    if (count === 0) continue;
    const side = offset < before ? found.before : found.after;
    side.count += count;
    if (side === found.before || side.line < 0) side.line = offset;
  }
  const finding = ({ count, line }: typeof found.before): LogFinding => ({
    count,
    nearest: line < 0 ? null : { line, from: contextOf(file, line) },
  });
  return { before: finding(found.before), after: finding(found.after) };
}

/** Each line as it is shown in the end, and where it begins. */
async function* linesOf(
  file: string,
  words: HiddenWords,
  growing: boolean,
): AsyncGenerator<{ line: string; offset: number }> {
  let rest = '';
  let offset = 0;
  for (let at = 0; ; await setImmediate()) {
    const { text, nextOffset } = readLog(file, { offset: at, limit: PART_BYTES }, words, growing);
    if (nextOffset === at) break;
    at = nextOffset;
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      yield { line: shown(line), offset };
      offset += Buffer.byteLength(line) + 1;
    }
    if (rest.length <= LINE_CHARACTERS) continue;
    yield { line: shown(rest), offset };
    offset = at;
    rest = '';
  }
  if (rest !== '') yield { line: shown(rest), offset };
}

function shown(line: string): string {
  const written = line.includes('\r') ? lastWritten(line) : line;
  return written.includes('\u001b') ? stripVTControlCharacters(written) : written;
}

function occurrences(line: string, wanted: string): number {
  let count = 0;
  for (let at = line.indexOf(wanted); at >= 0; at = line.indexOf(wanted, at + wanted.length)) count += 1;
  return count;
}

/** Where a line begins that stands some lines before one. */
function contextOf(file: string, line: number): number {
  const start = Math.max(0, line - CONTEXT_BYTES);
  if (start === 0) return 0;
  const buffer = Buffer.alloc(line - start);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, buffer, 0, buffer.length, start);
  } finally {
    closeSync(descriptor);
  }
  const end = buffer.indexOf(LINE_END);
  return end < 0 ? line : start + end + 1;
}
