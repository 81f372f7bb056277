/** A foreign store, as the daemon's main thread sees it: read by a thread of its own. */
import { Worker } from 'node:worker_threads';
import { ApiError } from '../contract/errors.ts';
import { type Outcome, unwrap } from '../database/outcome.ts';
import { entry } from '../entry.ts';
import type { SourceMessage, SourceQuestion } from './import-thread.ts';
import type { PartName, Reporter, SourceParts } from './model.ts';
import type { SourceRequest } from './open-source.ts';

/** Memory of the reading thread, in MiB: a hostile store ends the import with an error, and not the daemon. */
const MEMORY_MB = 2048;

interface Waiting {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

/** A foreign store that is being read. */
export class Source {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;
  #runs = 0;

  private constructor(request: SourceRequest, reporter: Reporter) {
    this.#worker = new Worker(entry(import.meta.url, 'import-thread'), {
      workerData: request,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    this.#worker.on('message', (message: SourceMessage) => {
      if ('problem' in message) {
        const { place, message: text, line } = message.problem;
        reporter.problem(place, text, line);
      } else if ('note' in message) reporter.note(message.note);
      else this.#waiting.shift()?.resolve('opened' in message ? message.opened : message.next);
    });
    this.#worker.on('error', error => this.#end(error));
    this.#worker.on('exit', () =>
      this.#end(new ApiError('TEMPORARILY_UNAVAILABLE', 'The reading of the store was ended.')),
    );
  }

  /**
   * @param signal ends the reading, wherever it is
   * @throws ApiError when the store cannot be read at all
   */
  static async open(request: SourceRequest, reporter: Reporter, signal: AbortSignal): Promise<Source> {
    const source = new Source(request, reporter);
    signal.addEventListener('abort', () => void source.close(), { once: true });
    try {
      source.#runs = Number(unwrap(await source.#answer()));
      return source;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** How many runs there are, about. */
  get runs(): number {
    return this.#runs;
  }

  /** All things of a part; one is read ahead. Several may iterate over one generator, and share what it yields. */
  async *read<Part extends PartName>(part: Part): AsyncGenerator<SourceParts[Part]> {
    for (let next = this.#next(part); ; ) {
      const thing = await next;
      if (thing === undefined) return;
      next = this.#next(part);
      // What fails is told when it is asked for, not before.
      next.catch(() => {});
      yield thing;
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #next<Part extends PartName>(part: Part): Promise<SourceParts[Part] | undefined> {
    const answer = this.#answer();
    this.#worker.postMessage(part satisfies SourceQuestion);
    return unwrap(await answer) as SourceParts[Part] | undefined;
  }

  #answer(): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#ended);
      else this.#waiting.push({ resolve, reject });
    });
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}
