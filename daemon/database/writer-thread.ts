/** The thread that owns the writing connection. Started by writer.ts. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Database as Connection } from 'better-sqlite3';
import { collectGarbage } from '../thrift.ts';
import { commitGroup } from './group.ts';
import { IdleWork } from './idle-work.ts';
import { LogSize } from './log-size.ts';
import { openForWriting } from './open.ts';
import { idleWork, type Operation, reads, writes } from './operations.ts';
import { failure, type Outcome } from './outcome.ts';
import { ReadGate } from './read-gate.ts';
import { type Repeatable, writeOnce } from './repeatable.ts';

/** A write on its way to the thread, or a read while the daemon starts. */
export interface WriteRequest {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
  /** Set when its sender may send it again. */
  readonly repeatable?: Repeatable | undefined;
}

/** What the thread is given. */
export interface WriterData {
  readonly file: string;
  /** Memory of the gate that reads pass. */
  readonly gate: SharedArrayBuffer;
  /** Above how many bytes SQLite's log is cut back; absent = as usual. */
  readonly logLimit?: number | undefined;
}

/** What the thread is sent. */
export type WriterRequest = WriteRequest | 'release' | 'close';

/** What the thread sends: first whether it opened the database, then the outcomes of each group. */
export type WriterMessage =
  | { readonly opened: Outcome }
  | { readonly outcomes: readonly (readonly [id: number, outcome: Outcome])[] }
  /** Idle work was given up because of a defect; all else goes on. */
  | { readonly defect: string }
  /** The disk failed: the thread does nothing more. */
  | { readonly failed: string };

const operations: Readonly<Record<string, Operation<never, unknown>>> = { ...reads, ...writes };

function serve(port: MessagePort): void {
  const send = (message: WriterMessage) => port.postMessage(message);
  const { file, gate, logLimit } = workerData as WriterData;
  let connection: Connection;
  try {
    connection = openForWriting(file);
  } catch (error) {
    send({ opened: failure(error) });
    return;
  }
  send({ opened: { ok: true, value: undefined } });

  const run = ({ name, input, repeatable }: WriteRequest) => {
    const operation = operations[name];
    if (!operation) throw new Error(`there is no operation named ${name}`);
    const operate = () => operation(connection, input as never);
    return repeatable ? writeOnce(connection, repeatable, operate) : operate();
  };
  const fail = (error: unknown) => {
    send({ failed: String(error) });
    halt();
  };
  const logSize = new LogSize(connection, new ReadGate(gate), logLimit);
  const work = idleWork(connection);
  const between = new IdleWork(idle => {
    try {
      const [outcome] = commitGroup(connection, idle, () => undefined, work).outcomes;
      if (outcome?.ok) return outcome.value === true;
      if (outcome && 'defect' in outcome) {
        send({ defect: outcome.defect });
        between.stop();
      }
    } catch (error) {
      fail(error);
    }
    return false;
  });
  const close = () => {
    between.stop();
    connection.close();
    port.close();
  };
  const release = () => {
    // SQLite's cache of pages is as large as it ever was.
    connection.pragma('shrink_memory');
    collectGarbage();
  };
  port.on('message', (first: WriterRequest) => {
    if (first === 'close') return close();
    if (first === 'release') return release();
    let closing = false;
    const next = (): WriteRequest | undefined => {
      const message = receiveMessageOnPort(port)?.message as WriterRequest | undefined;
      // Who has more to write is not quiet any more.
      if (message === 'release') return next();
      if (message !== 'close') return message;
      closing = true;
      return undefined;
    };
    try {
      const { requests, outcomes } = commitGroup(connection, first, next, run);
      send({ outcomes: outcomes.map((outcome, place) => [requests[place]?.id as number, outcome]) });
      between.written();
      logSize.check();
    } catch (error) {
      fail(error);
    }
    if (closing) close();
  });
}

/**
 * Holds the thread for ever. Were it to end, its connection would close with a check-point, and after a failed sync
 * nothing may be written before a restart has read back what the disk really holds.
 */
function halt(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

if (parentPort) serve(parentPort);
