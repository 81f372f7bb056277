/** The pool of reader threads: none while nothing reads. */
import { Piscina } from 'piscina';
import { entry } from '../entry.ts';
import { type Outcome, unwrap } from './outcome.ts';
import type { ReaderData, ReadRequest } from './reader-thread.ts';

/** Reads that run at the same time, unless told otherwise. */
const THREADS = 2;

/** A thread without work ends after this time, in milliseconds, and gives its memory back. */
const IDLE_MS = 30_000;

export class Readers {
  readonly #pool: Piscina<ReadRequest, Outcome | Uint8Array>;

  /**
   * @param data names a database that the writer has opened: readers never create or change one
   * @param threads reads that run at the same time
   */
  constructor(data: ReaderData, threads = THREADS) {
    this.#pool = new Piscina({
      filename: entry(import.meta.url, 'reader-thread').href,
      name: 'run',
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
      recordTiming: false,
      workerData: data,
    });
  }

  async read(name: string, input: unknown): Promise<unknown> {
    const answer = await this.#pool.run({ name, input, json: false });
    return unwrap(answer as Outcome);
  }

  async readJson(name: string, input: unknown): Promise<Uint8Array> {
    const answer = await this.#pool.run({ name, input, json: true });
    return answer instanceof Uint8Array ? answer : (unwrap(answer) as never);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}
