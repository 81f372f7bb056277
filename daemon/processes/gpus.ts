/** What NVIDIA's GPUs do, told by `nvidia-smi` where it is installed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inheritedEnvironment } from './environment.ts';
import { findProgram } from './programs.ts';

/** One GPU at a moment. */
export interface Gpu {
  readonly index: number;
  /** Percent of the time in which it did something. */
  readonly utilization: number;
  /** Of its memory, in MiB. */
  readonly memoryUsed: number;
  readonly memoryTotal: number;
  /** Processes that compute on it. */
  readonly pids: readonly number[];
}

const LIMIT_MS = 5_000;
const run = promisify(execFile);

/** Reads the GPUs of this machine; there are none without NVIDIA's program. */
export class Gpus {
  /** Looked for once: drivers are not installed while a daemon runs. */
  readonly #program = findProgram('nvidia-smi');

  /** @returns none, too, when it does not answer */
  async read(): Promise<Gpu[]> {
    if (this.#program === undefined) return [];
    try {
      const [gpus, processes] = await Promise.all([
        this.#ask('--query-gpu=index,uuid,utilization.gpu,memory.used,memory.total'),
        this.#ask('--query-compute-apps=gpu_uuid,pid'),
      ]);
      return gpus.map(([index, uuid, ...numbers]) => {
        const [utilization = 0, memoryUsed = 0, memoryTotal = 0] = numbers.map(text => Number(text) || 0);
        const pids = processes.filter(([gpu]) => gpu === uuid).map(([, pid]) => Number(pid));
        return { index: Number(index), utilization, memoryUsed, memoryTotal, pids };
      });
    } catch {
      return [];
    }
  }

  async #ask(query: string): Promise<string[][]> {
    const { stdout } = await run(this.#program ?? '', [query, '--format=csv,noheader,nounits'], {
      env: inheritedEnvironment(),
      timeout: LIMIT_MS,
      windowsHide: true,
    });
    return stdout
      .split('\n')
      .filter(line => line.trim() !== '')
      .map(line => line.split(',').map(cell => cell.trim()));
  }
}
