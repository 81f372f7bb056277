/** One model version in a process of its own: started when it is needed, replaced when it dies, ended when it is not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { ApiError } from '../contract/errors.ts';
import { encodeFrame, type Frame, FrameReader } from './frames.ts';
import { ProcessLog } from './log.ts';
import { ReplyHead, type RequestHead } from './model.ts';

/** A program and all that it is given. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a process is kept. Durations in milliseconds. */
export interface ProcessOptions {
  /** What it is called in messages: `store-sales version 3`. */
  readonly title: string;
  /** Makes the command; called at each start, for it may have to prepare an environment, of which it tells the log. */
  readonly command: (line: (line: string) => void) => Promise<Command>;
  /** An empty folder to start it in. */
  readonly cwd: string;
  readonly logFile: string;
  readonly startTimeout: number;
  readonly requestTimeout: number;
  /** Told of each change of state. */
  readonly onChange: () => void;
}

/** An answer as the model process gave it: HTTP status and JSON. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export type ProcessState = 'stopped' | 'starting' | 'ready' | 'failed';

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: ApiError): void;
  readonly timer: NodeJS.Timeout;
}

/** Pause after the first failure; it doubles with each further one. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** How long output that a dead process has written may take to arrive. */
const LAST_WORDS_MS = 500;
/** How long a process has to end after its input has, before it is ended by force. */
const STOP_GRACE_MS = 2_000;

/** Keeps the process of one model version and carries requests to it. */
export class ModelProcess {
  readonly #options: ProcessOptions;
  readonly #log: ProcessLog;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | undefined;
  #started: Promise<ChildProcess> | undefined;
  #lastRequest = 0;
  #failures = 0;
  #retryAt = 0;
  #closed = false;

  state: ProcessState = 'stopped';
  /** Why it failed; empty otherwise. */
  message = '';
  /** Milliseconds since the epoch. */
  lastUsedAt = Date.now();

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#log = new ProcessLog(options.logFile);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Whether a request needs no new process. */
  get running(): boolean {
    return this.state === 'ready' || this.state === 'starting';
  }

  /** Whether a request waits for its answer. */
  get busy(): boolean {
    return this.#waiting.size > 0 || this.state === 'starting';
  }

  /**
   * Has the model answer a request, starting the process where there is none.
   *
   * @param body the request's body as it came
   * @throws ApiError TEMPORARILY_UNAVAILABLE when the process cannot start, dies or takes too long
   */
  async invoke(contentType: string, body: Uint8Array): Promise<Answer> {
    this.lastUsedAt = Date.now();
    const child = this.state === 'ready' && this.#child ? this.#child : await this.#start();
    return new Promise((resolve, reject) => {
      this.#lastRequest += 1;
      const head: RequestHead = { id: this.#lastRequest, contentType };
      const timer = setTimeout(() => this.#timeOut(), this.#options.requestTimeout);
      this.#waiting.set(head.id, { resolve, reject, timer });
      for (const part of encodeFrame(head, body)) child.stdin?.write(part);
    });
  }

  /** Starts the process unless it runs; resolves when the model is loaded. */
  #start(): Promise<ChildProcess> {
    if (this.#closed) throw this.#unavailable('is being stopped');
    if (this.state === 'failed' && Date.now() < this.#retryAt) throw this.#unavailable(this.message);
    this.#started ??= this.#launch().finally(() => {
      this.#started = undefined;
    });
    return this.#started;
  }

  async #launch(): Promise<ChildProcess> {
    this.#change('starting', '');
    try {
      const { program, args, env } = await this.#options.command(line => this.#log.write(`${line}\n`));
      if (this.#closed) throw new Error('is being stopped');
      const child = spawn(program, args, {
        cwd: this.#options.cwd,
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
      });
      this.#child = child;
      this.#log.follow(child.stderr);
      await this.#loaded(child);
      this.#failures = 0;
      this.#change('ready', '');
      return child;
    } catch (error) {
      if (this.state === 'starting') this.#fail((error as Error).message);
      throw error instanceof ApiError ? error : this.#unavailable(this.message);
    }
  }

  /** Resolves once the process says that it has loaded the model. */
  #loaded(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`did not load within ${this.#options.startTimeout / 1000} s`));
        child.kill('SIGKILL');
      }, this.#options.startTimeout);
      const settle = (failure?: string) => {
        clearTimeout(timer);
        if (failure === undefined) resolve();
        else reject(new Error(failure));
      };
      const reader = new FrameReader();
      child.stdout?.on('data', (chunk: Buffer) => {
        try {
          for (const frame of reader.push(chunk)) this.#receive(frame, settle);
        } catch (error) {
          const why = `broke the protocol: ${(error as Error).message}`;
          child.kill('SIGKILL');
          settle(why);
          this.#lose(child, why);
        }
      });
      // Writing to a process that has just died is told by its exit.
      child.stdin?.on('error', () => {});
      child.once('error', error => settle(`cannot be started: ${error.message}`));
      const over = () => {
        const how = `(${child.signalCode ?? `exit code ${child.exitCode}`})${this.#log.tailNote()}`;
        settle(`ended while loading ${how}`);
        this.#lose(child, `ended while it answered ${how}`);
      };
      // Its last words may arrive after its end, but programs that it started may hold its output open for long.
      child.once('close', over);
      child.once('exit', () => setTimeout(over, LAST_WORDS_MS).unref());
    });
  }

  #receive({ head, body }: Frame, settle: (failure?: string) => void): void {
    const reply = ReplyHead.parse(head);
    if ('ready' in reply) settle();
    else if ('failed' in reply) settle(`cannot be loaded: ${reply.failed}`);
    else this.#settleRequest(reply.id, waiting => waiting.resolve({ status: reply.status, body }));
  }

  #settleRequest(id: number, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    settle(waiting);
  }

  /** A model that hangs cannot be interrupted, only replaced. */
  #timeOut(): void {
    const child = this.#child;
    child?.kill('SIGKILL');
    if (child) this.#lose(child, `did not answer within ${this.#options.requestTimeout / 1000} s`);
  }

  /** The process is of no use any more. As its model had loaded once, the next request starts another without a pause. */
  #lose(child: ChildProcess, why: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#rejectAll(why);
    if (this.#closed) this.#change('stopped', '');
    else if (this.state === 'ready') this.#change('failed', why);
  }

  #rejectAll(why: string): void {
    for (const id of [...this.#waiting.keys()])
      this.#settleRequest(id, waiting => waiting.reject(this.#unavailable(why)));
  }

  #fail(message: string): void {
    this.#retryAt = Date.now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#child?.kill('SIGKILL');
    this.#change('failed', message);
  }

  #change(state: ProcessState, message: string): void {
    this.state = state;
    this.message = message;
    this.#options.onChange();
  }

  #unavailable(why: string): ApiError {
    return new ApiError(
      'TEMPORARILY_UNAVAILABLE',
      `The process of ${this.#options.title} ${why}. Its log: ${this.#options.logFile}`,
    );
  }

  /** Ends the process for good: by the end of its input, then by force. Waiting requests are refused. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#rejectAll('is being stopped');
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise(resolve => child.once('exit', resolve));
      child.stdin?.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await exited;
      clearTimeout(timer);
    }
    this.#log.close();
  }
}
