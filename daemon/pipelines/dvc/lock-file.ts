/** `dvc.lock`: what became of each stage when it last ran. */
import { readFileSync, statSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { type ApiError, invalid } from '../../contract/errors.ts';
import { fingerprint } from '../inputs/content.ts';
import { type LockEntry, readEntry, writeEntry } from './lock-entry.ts';
import { type Part, partsOf } from './lock-parts.ts';
import { isDict, keyText, type PythonDict, type PythonValue } from './python.ts';
import { replaceFile } from './replace.ts';
import { writeYaml } from './write-yaml.ts';
import { readYaml } from './yaml.ts';

const EMPTY = "schema: '2.0'\nstages:\n";

/** The error for a file that is not one of DVC's, or was damaged by a merge. */
function unreadable(file: string, message: string): ApiError {
  return invalid(
    `${file} cannot be read: ${message}. Put it right, or remove it to have all stages run again.`,
  );
}

/** The file, read once as long as nobody writes to it, and each entry only when it is asked for. */
export class LockFile {
  readonly #file: string;
  #print: string | undefined;
  #parts: readonly Part[] | undefined;
  #texts = new Map<string, string>();
  /** By text, so that what did not change in the file is not read again. */
  #entries = new Map<string, LockEntry>();
  /** The entries of a file that is not laid out as DVC does it. */
  #whole: PythonDict | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** @returns undefined when the stage never ran. @throws ApiError for a file that cannot be read */
  entry(stage: string): LockEntry | undefined {
    this.#load();
    if (this.#whole) {
      const value = this.#whole.get(stage);
      return value === undefined ? undefined : this.#read(stage, () => value);
    }
    const text = this.#texts.get(stage);
    if (text === undefined) return undefined;
    const known = this.#entries.get(text);
    if (known) return known;
    const entry = this.#read(stage, () => firstValue(readYaml(text)));
    this.#entries.set(text, entry);
    return entry;
  }

  /** Puts a stage's entry in place of its old one, or at the end. All else stays as it is. @throws ApiError for a file that cannot be read */
  save(stage: string, entry: LockEntry): void {
    this.#load();
    const text = this.#parts ? this.#splice(this.#parts, stage, entry) : this.#rewrite(stage, entry);
    replaceFile(this.#file, text);
    this.#take(text, fingerprint(statSync(this.#file, { bigint: true })));
    const own = this.#texts.get(stage);
    if (own !== undefined) this.#entries.set(own, entry);
  }

  #read(stage: string, read: () => PythonValue | undefined): LockEntry {
    try {
      return readEntry(read());
    } catch (error) {
      throw unreadable(this.#file, `the entry of “${stage}” is damaged: ${(error as Error).message}`);
    }
  }

  #load(): void {
    const stats = statSync(this.#file, { bigint: true, throwIfNoEntry: false });
    const print = stats ? fingerprint(stats) : '';
    if (print === this.#print) return;
    this.#take(stats ? readFileSync(this.#file, 'utf8') : EMPTY, print);
  }

  #take(text: string, print: string): void {
    this.#whole = undefined;
    this.#parts = partsOf(text);
    if (!this.#parts) this.#whole = stagesOf(this.#file, text);
    const before = this.#entries;
    this.#texts = new Map();
    this.#entries = new Map();
    for (const part of this.#parts ?? []) {
      if (part.name === undefined) continue;
      this.#texts.set(part.name, part.text);
      const entry = before.get(part.text);
      if (entry) this.#entries.set(part.text, entry);
    }
    this.#print = print;
  }

  #splice(parts: readonly Part[], stage: string, entry: LockEntry): string {
    const text = writeYaml(new Map([[stage, writeEntry(entry)]]), 2);
    const index = parts.findIndex(({ name }) => name === stage);
    if (index >= 0) return joined(parts.with(index, { name: stage, text }));
    // Behind the last entry: other keys of the file may follow.
    const last = parts.findLastIndex(({ name }) => name !== undefined);
    return joined(parts.toSpliced(Math.max(last, 0) + 1, 0, { name: stage, text }));
  }

  /** For a file of a person's own layout: its comments are kept, its lines may be broken otherwise. */
  #rewrite(stage: string, entry: LockEntry): string {
    const document = parseDocument(readFileSync(this.#file, 'utf8'));
    const fresh = parseDocument(writeYaml(writeEntry(entry)));
    document.setIn(['stages', stage], fresh.contents);
    return document.toString({ indentSeq: false });
  }
}

function joined(parts: readonly Part[]): string {
  return parts.map(({ text }) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('');
}

/** The entries of a file, whatever its layout. */
function stagesOf(file: string, text: string): PythonDict {
  const data = guarded(file, () => readYaml(text));
  if (data === null) return new Map();
  if (!isDict(data)) throw unreadable(file, 'it is no mapping');
  const schema = data.get('schema') ?? null;
  if (schema !== '2.0') throw unreadable(file, `its schema is not 2.0 but ${keyText(schema)}`);
  const stages = data.get('stages') ?? new Map();
  if (!isDict(stages)) throw unreadable(file, 'its stages are no mapping');
  return new Map([...stages].map(([name, entry]) => [keyText(name), entry]));
}

function firstValue(value: PythonValue): PythonValue | undefined {
  return isDict(value) ? [...value.values()][0] : undefined;
}

function guarded<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw unreadable(file, (error as Error).message.split('\n')[0] ?? '');
  }
}
