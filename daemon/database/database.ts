import type { Operation, Reads, Writes } from './operations.ts';
import { ReadGate } from './read-gate.ts';
import { Readers } from './readers.ts';
import { checkServed, isCheckedFirst } from './soundness.ts';
import { Writer } from './writer.ts';

type InputOf<Op> = Op extends Operation<infer Input, unknown> ? Input : never;
type OutputOf<Op> = Op extends (...args: never[]) => infer Output ? Output : never;

/** What services see of the database: named operations, run in the writer thread or in a reader thread. */
export interface Database {
  /**
   * Runs a write in a savepoint of the current group and resolves after the group's commit reached the disk.
   * Rejects with the ApiError that the operation threw (nothing of it is kept), REQUEST_LIMIT_EXCEEDED when the queue
   * is full (`details.retryAfter`: seconds), INSUFFICIENT_STORAGE when the disk is.
   *
   * @param transfer buffers in `input` that move to the writer thread instead of being copied
   */
  write<Name extends keyof Writes>(
    name: Name,
    input: InputOf<Writes[Name]>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<OutputOf<Writes[Name]>>;

  /** Runs a read on a read-only connection and returns its answer. It sees every write that was acknowledged before. */
  read<Name extends keyof Reads>(name: Name, input: InputOf<Reads[Name]>): Promise<OutputOf<Reads[Name]>>;

  /** Like `read`, with the answer already serialised to JSON (UTF-8) in the reader thread. */
  readJson<Name extends keyof Reads>(name: Name, input: InputOf<Reads[Name]>): Promise<Uint8Array>;

  /** Like `read`, in a thread of its own: for what goes through all of the database and may take minutes. */
  survey<Name extends keyof Reads>(name: Name, input: InputOf<Reads[Name]>): Promise<OutputOf<Reads[Name]>>;

  /**
   * From now on reads run in reader threads. Until then they run in the writer's: while the daemon starts, there are few,
   * and a thread takes longer to start than all of them.
   */
  startReaders(): void;

  /** Gives back the memory that is kept for the next writes. To be called while there are none. */
  release(): void;

  /** Writes what is queued, waits for running reads, and closes every connection. */
  close(): Promise<void>;
}

/**
 * Opens the database of a store, made on first use: checked, backed up and migrated as needed.
 *
 * @param file path of `modelthat.db`; its folder exists
 * @param onFailure called when the disk failed under a write, or the file is found to be damaged. What is on the disk is
 * known only after a restart: the process must then end at once (SIGKILL), for an orderly exit would close the connection
 * and write to the disk again
 * @param logLimit above how many bytes SQLite's write-ahead log is cut back, unless as usual
 * @throws ApiError DATA_LOSS (damaged) or RESOURCE_CONFLICT (written by a newer modelthat or another program); the
 * file is left as it was
 */
export async function openDatabase(
  file: string,
  onFailure: (error: Error) => void,
  logLimit?: number,
): Promise<Database> {
  const checkedFirst = isCheckedFirst(file);
  const gate = ReadGate.memory();
  const writer = await Writer.start({ file, gate, logLimit }, onFailure);
  const readers = new Readers({ file, gate });
  // Nobody waits for a survey, which may take minutes: it has a gate of its own, which is never shut.
  const surveyor = new Readers({ file, gate: ReadGate.memory() }, 1);
  const closing = new AbortController();
  const survey = (name: string, input: unknown) => surveyor.read(name, input);
  let reading: Pick<Readers, 'read'> = writer;
  return {
    write: (name, input, transfer) => writer.write(name, input, transfer) as never,
    read: (name, input) => reading.read(name, input) as never,
    readJson: (name, input) => readers.readJson(name, input),
    survey: (name, input) => survey(name, input) as never,
    startReaders: () => {
      reading = readers;
      if (!checkedFirst)
        checkServed(file, survey, closing.signal).catch(error => closing.signal.aborted || onFailure(error));
    },
    release: () => writer.release(),
    close: async () => {
      closing.abort();
      await Promise.all([readers.close(), surveyor.close()]);
      await writer.close();
    },
  };
}
