import path from 'node:path';
import * as z from 'zod';
import { readPrivateFile, writePrivateFile } from '../client/state.ts';
import { missing } from '../contract/errors.ts';

const Kept = z.record(z.string(), z.string());

/**
 * What steps get to know and nobody else: values set for this store, in a file of the user's state folder that only the
 * user can read, and variables of the daemon's own environment. Values leave by `valueOf` alone.
 */
export class SecretService {
  readonly #file: string;
  readonly #environment: NodeJS.ProcessEnv;

  /** @param state the store's folder below the user's state folder */
  constructor(state: string, environment = process.env) {
    this.#file = path.join(state, 'step-secrets.json');
    this.#environment = environment;
  }

  /** Names of those that were set, in order. */
  get names(): string[] {
    return [...this.#read().keys()].sort();
  }

  /** The value of a secret: as it was set, else as the environment has it; undefined when there is none. */
  valueOf(name: string): string | undefined {
    return this.#read().get(name) ?? (this.#environment[name] || undefined);
  }

  set(name: string, value: string): void {
    this.#write(this.#read().set(name, value));
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  remove(name: string): void {
    const kept = this.#read();
    if (!kept.delete(name)) throw missing(`There is no secret “${name}”; see modelthat secrets ls.`);
    this.#write(kept);
  }

  #read(): Map<string, string> {
    const text = readPrivateFile(this.#file);
    return new Map(Object.entries(text === undefined ? {} : Kept.parse(JSON.parse(text))));
  }

  #write(kept: ReadonlyMap<string, string>): void {
    writePrivateFile(this.#file, JSON.stringify(Object.fromEntries(kept)));
  }
}
