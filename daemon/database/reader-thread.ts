/** One reader thread: runs reads on a connection of its own that cannot write. Started by readers.ts. */
import { workerData } from 'node:worker_threads';
import { move } from 'piscina';
import { openForReading } from './open.ts';
import { type Operation, reads } from './operations.ts';
import { failure, type Outcome } from './outcome.ts';

/** A read on its way to a thread. `json`: answer with the serialised value. */
export interface ReadRequest {
  readonly name: string;
  readonly input: unknown;
  readonly json: boolean;
}

const operations: Readonly<Record<string, Operation<never, unknown>>> = reads;
const connection = openForReading((workerData as { file: string }).file);
const encoder = new TextEncoder();

/** @returns an Outcome; with `json`, the serialised value itself when the read succeeds. */
export function run({ name, input, json }: ReadRequest): unknown {
  try {
    const operation = operations[name];
    if (!operation) throw new Error(`there is no read named ${name}`);
    const value = operation(connection, input as never);
    return json ? move(encoder.encode(JSON.stringify(value))) : ({ ok: true, value } satisfies Outcome);
  } catch (error) {
    return failure(error);
  }
}
