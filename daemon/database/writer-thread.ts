/** The thread that owns the writing connection. Started by writer.ts. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { commitGroup } from './group.ts';
import { openForWriting } from './open.ts';
import { type Operation, writes } from './operations.ts';
import { failure, type Outcome } from './outcome.ts';

/** A write on its way to the thread. */
export interface WriteRequest {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

/** What the thread sends: first whether it opened the database, then the outcomes of each group. */
export type WriterMessage =
  | { readonly opened: Outcome }
  | { readonly outcomes: readonly (readonly [id: number, outcome: Outcome])[] };

const operations: Readonly<Record<string, Operation<never, unknown>>> = writes;

function serve(): void {
  const port = parentPort;
  if (!port) throw new Error('writer-thread runs in a worker thread only');
  const send = (message: WriterMessage) => port.postMessage(message);
  let connection: ReturnType<typeof openForWriting>;
  try {
    connection = openForWriting((workerData as { file: string }).file);
  } catch (error) {
    send({ opened: failure(error) });
    port.close();
    return;
  }
  send({ opened: { ok: true, value: undefined } });

  const run = ({ name, input }: WriteRequest) => {
    const operation = operations[name];
    if (!operation) throw new Error(`there is no write named ${name}`);
    return operation(connection, input as never);
  };
  port.on('message', (first: WriteRequest | 'close') => {
    if (first === 'close') {
      connection.close();
      port.close();
      return;
    }
    let closing = false;
    const next = () => {
      const message = receiveMessageOnPort(port)?.message as WriteRequest | 'close' | undefined;
      closing ||= message === 'close';
      return message === 'close' ? undefined : message;
    };
    const done = commitGroup(connection, first, next, run);
    send({ outcomes: done.map(({ request, outcome }) => [request.id, outcome] as const) });
    if (closing) {
      connection.close();
      port.close();
    }
  });
}

serve();
