/**
 * Every statement-running operation of the daemon, by name. A domain's `store.ts` exports `writes` and `reads` whose keys
 * begin with the domain (`'tracking.createRun'`); the writer thread runs the former, the reader threads the latter.
 */
import type { Database as Connection } from 'better-sqlite3';
import * as tracking from '../tracking/store.ts';
import * as integrity from './integrity.ts';

/** One operation: plain data in, plain data out (both cross a thread). */
export type Operation<Input, Output> = (connection: Connection, input: Input) => Output;

export const writes = { ...tracking.writes } as const satisfies Record<string, Operation<never, unknown>>;
export const reads = { ...integrity.reads, ...tracking.reads } as const satisfies Record<
  string,
  Operation<never, unknown>
>;

export type Writes = typeof writes;
export type Reads = typeof reads;
