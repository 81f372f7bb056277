/** The real DVC, of the Python package index. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ensurePythonEnvironment } from './python-environment.ts';

const root = path.resolve(import.meta.dirname, '../..');
const REQUIREMENTS = path.join(root, 'tests/python/requirements-dvc.txt');

/** What a command of DVC's printed, and how it ended. */
export interface DvcAnswer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A process that runs commands of DVC's, one after the other. */
export class Dvc {
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  /** DVC's own program, for what is to run beside. */
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;

  private constructor(python: string, env: NodeJS.ProcessEnv) {
    this.env = env;
    this.program = path.join(path.dirname(python), process.platform === 'win32' ? 'dvc.exe' : 'dvc');
    this.#process = spawn(python, [path.join(root, 'tests/python/dvc_commands.py')], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: this.#process.stdout ?? process.stdin });
    this.#answers = lines[Symbol.asyncIterator]();
  }

  /** @param state folder for what DVC keeps outside of its projects */
  static async start(state: string): Promise<Dvc> {
    const python = await ensurePythonEnvironment(REQUIREMENTS);
    return new Dvc(python, {
      ...process.env,
      DVC_NO_ANALYTICS: 'true',
      DVC_SITE_CACHE_DIR: path.join(state, 'site'),
      DVC_GLOBAL_CONFIG_DIR: path.join(state, 'global'),
      DVC_SYSTEM_CONFIG_DIR: path.join(state, 'system'),
    });
  }

  /** Runs a command in a folder, however it ends. */
  async run(folder: string, ...args: string[]): Promise<DvcAnswer> {
    this.#process.stdin?.write(`${JSON.stringify({ folder, args })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`dvc ${args.join(' ')} ended the process`);
    return JSON.parse(value) as DvcAnswer;
  }

  /** Runs a command in a folder. @returns what it printed. @throws when it fails */
  async ok(folder: string, ...args: string[]): Promise<string> {
    const { code, out, err } = await this.run(folder, ...args);
    if (code !== 0) throw new Error(`dvc ${args.join(' ')} ended with ${code}: ${err}${out}`);
    return out;
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    await once(this.#process, 'exit');
  }
}
