import type { Operation, Reads, Writes } from './operations.ts';

type InputOf<Op> = Op extends Operation<infer Input, unknown> ? Input : never;
type OutputOf<Op> = Op extends (...args: never[]) => infer Output ? Output : never;

/** What services see of the database: named operations, run in the writer thread or in a reader thread. */
export interface Database {
  /**
   * Runs a write in a savepoint of the current group and resolves after the group's commit reached the disk.
   * Rejects with the ApiError that the operation threw (nothing of it is kept), REQUEST_LIMIT_EXCEEDED when the queue
   * is full, INSUFFICIENT_STORAGE when the disk is.
   */
  write<Name extends keyof Writes>(
    name: Name,
    input: InputOf<Writes[Name]>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<OutputOf<Writes[Name]>>;

  /** Runs a read on a read-only connection and returns its answer. */
  read<Name extends keyof Reads>(name: Name, input: InputOf<Reads[Name]>): Promise<OutputOf<Reads[Name]>>;

  /** Like `read`, with the answer already serialised to JSON (UTF-8) in the reader thread. */
  readJson<Name extends keyof Reads>(name: Name, input: InputOf<Reads[Name]>): Promise<Uint8Array>;

  close(): Promise<void>;
}
