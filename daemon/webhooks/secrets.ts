import path from 'node:path';
import * as z from 'zod';
import { readPrivateFile, writePrivateFile } from '../client/state.ts';

const Kept = z.record(z.string(), z.string());

/** What deliveries are signed with, by webhook: in a file of the user's state folder, and never in the store. */
export class WebhookSecrets {
  readonly #file: string;

  /** @param state the store's private folder */
  constructor(state: string) {
    this.#file = path.join(state, 'webhook-secrets.json');
  }

  get(id: string): string | undefined {
    return this.#read().get(id);
  }

  set(id: string, secret: string): void {
    this.#write(this.#read().set(id, secret));
  }

  delete(id: string): void {
    const kept = this.#read();
    if (kept.delete(id)) this.#write(kept);
  }

  #read(): Map<string, string> {
    const text = readPrivateFile(this.#file);
    return new Map(Object.entries(text === undefined ? {} : Kept.parse(JSON.parse(text))));
  }

  #write(kept: ReadonlyMap<string, string>): void {
    writePrivateFile(this.#file, JSON.stringify(Object.fromEntries(kept)));
  }
}
