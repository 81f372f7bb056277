/** A client of the Debug Adapter Protocol, which editors speak with debuggers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const HEADER = /^Content-Length: (\d+)\r\n\r\n/;

/** How long an answer or an event may take, in milliseconds. */
const PATIENCE_MS = 30_000;

type Body = Readonly<Record<string, unknown>>;

interface Message {
  readonly type: 'request' | 'response' | 'event';
  readonly command?: string;
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: Body;
}

/** A debug adapter that is spoken with over its standard input and output. */
export class DebugAdapter {
  readonly #process: ChildProcess;
  readonly #messages: Message[] = [];
  #received = Buffer.alloc(0);
  #wake: () => void = () => {};
  #sequence = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.stdout?.on('data', (part: Buffer) => this.#take(part));
  }

  /** @param python an interpreter with debugpy */
  static debugpy(python: string): DebugAdapter {
    return new DebugAdapter(spawn(python, ['-m', 'debugpy.adapter'], { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  /** Sends a request. @returns a promise of the body of its answer, which rejects when it is refused */
  request(command: string, args: Body = {}): Promise<Body> {
    const seq = ++this.#sequence;
    const text = JSON.stringify({ seq, type: 'request', command, arguments: args });
    this.#process.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    return this.#find(command, ({ request_seq }) => request_seq === seq).then(
      ({ success, message, body = {} }) => {
        if (!success) throw new Error(`${command} was refused: ${message}`);
        return body;
      },
    );
  }

  /** Waits for an event, which may have come already. */
  async event(name: string): Promise<Body> {
    return (await this.#find(`event ${name}`, ({ event }) => event === name)).body ?? {};
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill();
    await once(this.#process, 'exit');
  }

  /** Takes the first message that fits, once it is there. */
  async #find(what: string, fits: (message: Message) => boolean): Promise<Message> {
    const patience = sleep(PATIENCE_MS, 'late', { ref: false });
    for (;;) {
      const at = this.#messages.findIndex(fits);
      const [found] = at < 0 ? [] : this.#messages.splice(at, 1);
      if (found) return found;
      const arrival = new Promise<void>(resolve => {
        const others = this.#wake;
        this.#wake = () => {
          others();
          resolve();
        };
      });
      if ((await Promise.race([arrival, patience])) === 'late') throw new Error(`no ${what}`);
    }
  }

  #take(part: Buffer): void {
    this.#received = Buffer.concat([this.#received, part]);
    for (;;) {
      const [header = '', length = ''] = HEADER.exec(this.#received.toString('latin1')) ?? [];
      const end = header.length + Number(length);
      if (header === '' || this.#received.length < end) break;
      this.#messages.push(JSON.parse(this.#received.subarray(header.length, end).toString()) as Message);
      this.#received = this.#received.subarray(end);
    }
    const wake = this.#wake;
    this.#wake = () => {};
    wake();
  }
}
