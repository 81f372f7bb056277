import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** Files of one step. */
export interface StepFiles {
  /** Output and errors of its commands. */
  readonly log: string;
  /** The exit code, written by the wrapper. */
  readonly status: string;
  /** Who the wrapper is, written by itself. */
  readonly identity: string;
  /** How far its code says it is. */
  readonly progress: string;
}

/** Where executions keep what is not in the database: logs below the store, tokens below the user's state folder. */
export class ExecutionFiles {
  readonly #store: string;
  readonly #state: string;

  /**
   * @param store folder of the store
   * @param state the store's folder below the user's state folder, for what is secret
   */
  constructor(store: string, state: string) {
    this.#store = path.join(store, 'executions');
    this.#state = path.join(state, 'executions');
  }

  /** Makes the folders of a new execution. */
  create(executionId: string): void {
    mkdirSync(path.join(this.#state, executionId), { recursive: true, mode: 0o700 });
    mkdirSync(path.join(this.#store, executionId, 'steps'), { recursive: true, mode: 0o700 });
  }

  /** Writes the parameters that a step sees, as JSON. @returns the file */
  writeParams(executionId: string, step: string, params: unknown): string {
    const file = path.join(this.#store, executionId, 'steps', `${fileNameOf(step)}.params.json`);
    writeFileSync(file, JSON.stringify(params, null, 2));
    return file;
  }

  /** What making the environment printed. */
  environmentLog(executionId: string): string {
    return path.join(this.#store, executionId, 'environment.log');
  }

  /** An index of git for a moment. */
  gitIndex(executionId: string): string {
    return path.join(this.#store, executionId, 'git-index');
  }

  ofStep(executionId: string, step: string): StepFiles {
    const base = path.join(this.#store, executionId, 'steps', fileNameOf(step));
    return {
      log: `${base}.log`,
      status: `${base}.status`,
      identity: `${base}.process`,
      progress: `${base}.progress`,
    };
  }

  /** Adds a line of our own to a step's log. On a full disk it is left out: a log is not worth failing for. */
  noteInLog(executionId: string, step: string, line: string): void {
    try {
      appendFileSync(this.ofStep(executionId, step).log, `${line}\n`, { mode: 0o600 });
    } catch {}
  }

  /** Whether an unfinished execution was begun by this user on this store, which the store itself cannot prove. */
  isOwn(executionId: string): boolean {
    return existsSync(path.join(this.#state, executionId));
  }

  /** Keeps a step's token for a later daemon, readable by the user alone. */
  keepToken(executionId: string, step: string, token: string): void {
    writeFileSync(this.#token(executionId, step), token, { mode: 0o600 });
  }

  /** @returns the token that an earlier daemon kept; undefined when there is none */
  keptToken(executionId: string, step: string): string | undefined {
    try {
      return readFileSync(this.#token(executionId, step), 'utf8');
    } catch {
      return undefined;
    }
  }

  /** Forgets an execution that has ended, and its tokens. */
  forget(executionId: string): void {
    rmSync(path.join(this.#state, executionId), { recursive: true, force: true });
  }

  #token(executionId: string, step: string): string {
    return path.join(this.#state, executionId, `${fileNameOf(step)}.token`);
  }
}

/** Longest name of a file, without an ending, that all file systems take. */
const MAX_NAME_BYTES = 200;

/** The name of a step as that of a file: members of groups are named after values, such as paths. */
export function fileNameOf(step: string): string {
  const name = step.replace(/^\.|[^\p{L}\p{N}_@.-]/gu, percentEncoded);
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const hash = createHash('sha256').update(step).digest('hex').slice(0, 16);
  return `${[...name].slice(0, MAX_NAME_BYTES / 5).join('')}~${hash}`;
}

function percentEncoded(character: string): string {
  return `%${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
}

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

/** A part of a log; empty when the file is not there yet. */
export function readLog(file: string, { offset: wanted, limit, tail }: LogPart): LogText {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return { text: '', offset: wanted, nextOffset: wanted, size: 0 };
  }
  try {
    const { size } = fstatSync(descriptor);
    const begin = tail === undefined ? wanted : Math.max(0, size - tail);
    const buffer = Buffer.alloc(Math.max(0, Math.min(tail ?? limit, size - begin)));
    const length = readSync(descriptor, buffer, 0, buffer.length, begin);
    const skipped = tail === undefined || begin === 0 ? 0 : brokenStart(buffer);
    const end = begin + length < size ? wholeCharacters(buffer, length) : length;
    const text = buffer.toString('utf8', skipped, end);
    return { text, offset: begin + skipped, nextOffset: begin + end, size };
  } finally {
    closeSync(descriptor);
  }
}

/** The last bytes of a file as text; empty when it is not there. */
export function readEnd(file: string, bytes: number): string {
  return readLog(file, { offset: 0, limit: bytes, tail: bytes }).text;
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
