/** What all parts of a file store are made of: `meta.yaml`, and a file for each param, tag and metric. */
import path from 'node:path';
import { ApiError } from '../../contract/errors.ts';
import { checkKey, type KeyValue } from '../../tracking/model.ts';
import { type ReadableFolders, Unreadable, unreadable } from '../folder.ts';
import type { Reporter, SourceFile } from '../model.ts';
import { MetaFile } from './yaml.ts';

/** Longest files that are read whole, in bytes. Data sets bring their schema and profile, up to 16 MiB. */
const META_BYTES = 24 * 1024 * 1024;
const VALUE_BYTES = 16 * 1024 * 1024;

const META = 'meta.yaml';

/** An experiment's folder, and what is known of it by its place. */
export interface ExperimentFolder {
  readonly folder: string;
  readonly id: string;
  readonly deleted: boolean;
}

/** Reads the files of a store and reports what is damaged. */
export class StoreFiles {
  readonly folders: ReadableFolders;
  readonly reporter: Reporter;

  constructor(folders: ReadableFolders, reporter: Reporter) {
    this.folders = folders;
    this.reporter = reporter;
  }

  /** What `describe` makes of a folder's `meta.yaml`; undefined, and a problem, when that is damaged or missing. */
  described<Thing>(folder: string, noun: string, describe: (meta: MetaFile) => Thing): Thing | undefined {
    const file = path.join(folder, META);
    return this.attempt(file, `${noun} was left out`, () => {
      const text = this.folders.text(file, META_BYTES);
      if (text === undefined) throw new Unreadable('the file is missing');
      return describe(new MetaFile(text));
    });
  }

  /** Params or tags: names and contents of the files below a folder. */
  pairs(folder: string, noun: string): KeyValue[] {
    return this.keyed(folder, noun).flatMap(({ path: key, place }) => {
      const value = this.attempt(place, `${noun} was left out`, () => this.folders.text(place, VALUE_BYTES));
      return value === undefined ? [] : [{ key, value }];
    });
  }

  /** The files below a folder whose paths there are valid keys. */
  keyed(folder: string, noun: string): SourceFile[] {
    const leftOut = (inner: string, why: string) =>
      this.reporter.problem(path.join(folder, inner), `${noun} was left out: ${why}.`);
    const files =
      this.attempt(folder, `${noun}s were left out`, () => this.folders.files(folder, leftOut)) ?? [];
    return files.filter(file => this.#hasValidKey(file, noun));
  }

  /** Names of the folders in a folder; none, and a problem, when it cannot be read. */
  folderNames(folder: string): string[] {
    return this.attempt(folder, 'The folder was left out', () => this.folders.folders(folder)) ?? [];
  }

  /** The result, or undefined and a problem when something cannot be read. */
  attempt<Result>(place: string, what: string, read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      this.reporter.problem(place, `${what}: ${unreadable(error).message}.`);
      return undefined;
    }
  }

  #hasValidKey(file: SourceFile, noun: string): boolean {
    try {
      checkKey(file.path, noun);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.reporter.problem(file.place, `${noun} was left out: ${error.message}`);
      return false;
    }
  }
}

/** Whether something that MLflow marks by a word is in its bin. */
export function lifecycleOf(meta: MetaFile): 'active' | 'deleted' {
  return meta.text('lifecycle_stage') === 'deleted' ? 'deleted' : 'active';
}
