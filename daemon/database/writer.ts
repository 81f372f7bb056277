/** The writer thread as seen from outside: a queue bounded in bytes, and the promises of what is in it. */
import { Worker } from 'node:worker_threads';
import { ApiError } from '../contract/errors.ts';
import { entry } from '../entry.ts';
import { type Outcome, unwrap } from './outcome.ts';
import { takeRepeatable } from './repeatable.ts';
import type { WriteRequest, WriterData, WriterMessage, WriterRequest } from './writer-thread.ts';

/** Bytes that may wait for the writer. A sender beyond this is told to come back. */
const QUEUE_BYTES = 64 * 1024 * 1024;

/** When a refused sender should try again, in seconds: a full queue is written in about this time. */
const RETRY_AFTER_S = 1;

interface Waiting {
  readonly bytes: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Writer {
  readonly #worker: Worker;
  readonly #queueBytes: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #queuedBytes = 0;
  #lastId = 0;
  #state: 'open' | 'closing' | 'failed' = 'open';

  private constructor(worker: Worker, onFailure: (error: Error) => void, queueBytes: number) {
    this.#worker = worker;
    this.#queueBytes = queueBytes;
    const fail = (error: Error) => {
      if (this.#state === 'failed') return;
      this.#state = 'failed';
      this.#refuseAll();
      onFailure(error);
    };
    worker.on('message', (message: WriterMessage) => {
      if ('outcomes' in message) for (const [id, outcome] of message.outcomes) this.#settle(id, outcome);
      if ('defect' in message) process.emitWarning(message.defect, 'IdleWorkWarning');
      if ('failed' in message) fail(new Error(message.failed));
    });
    worker.on('error', fail);
    this.#exited = new Promise(resolve => {
      worker.on('exit', () => {
        resolve();
        if (this.#state !== 'closing') fail(new Error('the writer thread ended'));
        this.#refuseAll();
      });
    });
  }

  /**
   * Starts the thread and waits until it has checked, migrated and opened the database.
   *
   * @param onFailure called once if the thread ends by itself: what the disk holds is then known only after a restart
   * @throws ApiError as openForWriting does
   */
  static async start(
    workerData: WriterData,
    onFailure: (error: Error) => void,
    queueBytes = QUEUE_BYTES,
  ): Promise<Writer> {
    const worker = new Worker(entry(import.meta.url, 'writer-thread'), { workerData });
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (message: WriterMessage) => {
        worker.off('error', reject);
        try {
          if ('opened' in message) unwrap(message.opened);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    return new Writer(worker, onFailure, queueBytes);
  }

  /** Queues a write. Settles after the commit of its group, see Database.write. */
  write(name: string, input: unknown, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    return this.#request({ name, input, repeatable: takeRepeatable() }, transfer);
  }

  async #request(asked: Omit<WriteRequest, 'id'>, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.#state !== 'open') throw stopped();
    const bytes = sizeOf(asked.input);
    if (this.#queuedBytes + bytes > this.#queueBytes && this.#waiting.size > 0)
      throw new ApiError(
        'REQUEST_LIMIT_EXCEEDED',
        `More is being logged than the disk takes: ${this.#waiting.size} writes wait. Try again in ${RETRY_AFTER_S} s.`,
        { retryAfter: RETRY_AFTER_S },
      );
    this.#lastId += 1;
    const request: WriteRequest = { id: this.#lastId, ...asked };
    this.#send(request, transfer);
    this.#queuedBytes += bytes;
    return new Promise((resolve, reject) => this.#waiting.set(request.id, { bytes, resolve, reject }));
  }

  /** Queues a read, which then sees every write that was queued before. */
  read(name: string, input: unknown): Promise<unknown> {
    return this.#request({ name, input });
  }

  /** Gives back the memory that is kept for the next writes. */
  release(): void {
    if (this.#state === 'open') this.#send('release');
  }

  /** Writes what is queued, closes the connection and ends the thread. After a failure it does nothing. */
  async close(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closing';
      this.#send('close');
    }
    if (this.#state !== 'failed') await this.#exited;
  }

  #send(request: WriterRequest, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer);
  }

  #refuseAll(): void {
    for (const { reject } of this.#waiting.values()) reject(stopped());
    this.#waiting.clear();
  }

  #settle(id: number, outcome: Outcome): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    this.#queuedBytes -= waiting.bytes;
    try {
      waiting.resolve(unwrap(outcome));
    } catch (error) {
      waiting.reject(error);
    }
  }
}

function stopped(): ApiError {
  return new ApiError(
    'TEMPORARILY_UNAVAILABLE',
    'The database is not taking writes: the daemon stops. Whether this write was kept is known after it started again.',
  );
}

/** About how many bytes a value takes while it waits. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length + 16;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 64;
  for (const [key, item] of Object.entries(value)) bytes += key.length + sizeOf(item);
  return bytes;
}
