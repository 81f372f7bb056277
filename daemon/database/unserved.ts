/** A database that no daemon serves, read in the thread of whoever asks. */
import type { Database as Connection } from 'better-sqlite3';
import type { Database } from './database.ts';
import { openForReading } from './open.ts';
import { type Operation, reads } from './operations.ts';

/** What can be asked of it. Nothing is ever written, and no schema brought up to date. */
export interface UnservedDatabase extends Pick<Database, 'read' | 'survey'> {
  close(): void;
}

/** @param file must exist. A damaged one is opened, too; reading it then fails */
export function openUnserved(file: string): UnservedDatabase {
  const operations: Readonly<Record<string, Operation<never, unknown>>> = reads;
  const connection: Connection = openForReading(file);
  const read = async (name: string, input: unknown) => operations[name]?.(connection, input as never);
  return {
    read: (name, input) => read(name, input) as never,
    survey: (name, input) => read(name, input) as never,
    close: () => connection.close(),
  };
}
