/** One reader thread: runs reads on a connection of its own that cannot write. Started by readers.ts. */
import { workerData } from 'node:worker_threads';
import type { Database as Connection } from 'better-sqlite3';
import { move } from 'piscina';
import { openForReading } from './open.ts';
import { type Operation, reads } from './operations.ts';
import { failure, type Outcome } from './outcome.ts';
import { ReadGate } from './read-gate.ts';

/** What a thread is given. */
export interface ReaderData {
  readonly file: string;
  /** Memory of the gate that its reads pass. */
  readonly gate: SharedArrayBuffer;
}

/** A read on its way to a thread. `json`: answer with the serialised value. */
export interface ReadRequest {
  readonly name: string;
  readonly input: unknown;
  readonly json: boolean;
}

const operations: Readonly<Record<string, Operation<never, unknown>>> = reads;
const { file, gate: memory } = workerData as ReaderData;
const gate = new ReadGate(memory);
const encoder = new TextEncoder();
let connection: Connection | undefined;

/** @returns an Outcome; with `json`, the serialised value itself when the read succeeds. */
export function run({ name, input, json }: ReadRequest): unknown {
  try {
    const operation = operations[name];
    if (!operation) throw new Error(`there is no read named ${name}`);
    // Not while the thread is made, where what fails, on a full disk for one, would end the daemon.
    const value = gate.pass(() => {
      connection ??= openForReading(file);
      return operation(connection, input as never);
    });
    return json ? move(encoder.encode(JSON.stringify(value))) : ({ ok: true, value } satisfies Outcome);
  } catch (error) {
    return failure(error);
  }
}
