import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { HiddenWords, hideInFile } from './hiding.ts';

/** Files of one step. */
export interface StepFiles {
  /** Output and errors of its commands. */
  readonly log: string;
  /** The executed notebook of a step that has one. */
  readonly notebook: string;
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
      notebook: `${base}.ipynb`,
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
    return readIfThere(this.#token(executionId, step));
  }

  /** Keeps the secrets that a step was given for as long as it may print them, readable by the user alone. */
  keepSecrets(executionId: string, step: string, values: readonly string[]): void {
    if (values.length > 0)
      writeFileSync(this.#secrets(executionId, step), JSON.stringify(values), { mode: 0o600 });
  }

  /** What is to be hidden in what a step prints. */
  hiddenWords(executionId: string, step: string): HiddenWords {
    const text = readIfThere(this.#secrets(executionId, step));
    return new HiddenWords(text === undefined ? [] : (JSON.parse(text) as string[]));
  }

  /**
   * Hides secrets for good in what a step printed, once it has ended. Where that fails, they go on being hidden from
   * readers.
   */
  hideSecrets(executionId: string, step: string): void {
    const { log, notebook } = this.ofStep(executionId, step);
    const words = this.hiddenWords(executionId, step);
    try {
      for (const file of [log, notebook]) if (existsSync(file)) hideInFile(file, words);
    } catch {
      return;
    }
    rmSync(this.#secrets(executionId, step), { force: true });
  }

  /** Forgets an execution that has ended, and its tokens. */
  forget(executionId: string): void {
    rmSync(path.join(this.#state, executionId), { recursive: true, force: true });
  }

  /** Forgets those that ended with their daemon, before it could. @param unfinished ids of the executions that go on */
  forgetOthers(unfinished: readonly string[]): void {
    if (!existsSync(this.#state)) return;
    for (const id of readdirSync(this.#state)) if (!unfinished.includes(id)) this.forget(id);
  }

  #token(executionId: string, step: string): string {
    return path.join(this.#state, executionId, `${fileNameOf(step)}.token`);
  }

  #secrets(executionId: string, step: string): string {
    return path.join(this.#state, executionId, `${fileNameOf(step)}.secrets`);
  }
}

/** Longest name of a file, without an ending, that all file systems take. */
const MAX_NAME_BYTES = 200;

/** Names that Windows keeps for devices, whatever follows them. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;

/**
 * The name of a step as that of a file: members of groups are named after values, such as paths. Where names differ by
 * case alone, or are too long, a hash tells them apart.
 */
export function fileNameOf(step: string): string {
  const name = step.replace(/^\.|[^\p{L}\p{N}_@.-]/gu, percentEncoded);
  const isPlain =
    name === name.toLowerCase() && !DEVICE.test(name) && Buffer.byteLength(name) <= MAX_NAME_BYTES;
  if (isPlain) return name;
  const hash = createHash('sha256').update(step).digest('hex').slice(0, 16);
  return `${[...name].slice(0, MAX_NAME_BYTES / 5).join('')}~${hash}`;
}

function percentEncoded(character: string): string {
  return `%${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
