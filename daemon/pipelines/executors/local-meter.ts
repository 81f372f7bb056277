import { availableParallelism, totalmem } from 'node:os';
import { type Gpu, Gpus } from '../../processes/gpus.ts';
import type { ProcessIdentity } from '../../processes/table.ts';
import { usageOf } from '../../processes/usage.ts';
import type { JobUsage } from './executor.ts';

/** Steps that are measured within this time are told of the same look at the GPUs. In milliseconds. */
const SAME_LOOK_MS = 1_000;

/** Measures what jobs of this machine take of it. */
export class LocalMeter {
  readonly #gpus = new Gpus();
  #look: { at: number; gpus: Promise<Gpu[]> } | undefined;
  /** CPU time of each job when it was last looked at. */
  readonly #last = new Map<number, { at: number; cpuSeconds: number }>();

  async measure(root: ProcessIdentity): Promise<JobUsage | undefined> {
    const [usage, gpus] = await Promise.all([usageOf(root), this.#lookAtGpus()]);
    const last = this.#last.get(root.pid);
    if (!usage) {
      this.#last.delete(root.pid);
      return undefined;
    }
    const at = performance.now();
    const { cpuSeconds, memory, pids } = usage;
    this.#last.set(root.pid, { at, cpuSeconds });
    return {
      cpuSeconds,
      cpu: last ? percentOfMachine(cpuSeconds - last.cpuSeconds, at - last.at) : null,
      memory,
      memoryTotal: totalmem(),
      gpus: gpus.filter(gpu => gpu.pids.some(pid => pids.includes(pid))),
    };
  }

  #lookAtGpus(): Promise<Gpu[]> {
    const now = performance.now();
    if (!this.#look || now - this.#look.at > SAME_LOOK_MS) this.#look = { at: now, gpus: this.#gpus.read() };
    return this.#look.gpus;
  }
}

function percentOfMachine(cpuSeconds: number, milliseconds: number): number {
  // Less than before, when a process that had used some is nobody's child any more.
  return (Math.max(0, cpuSeconds) / (milliseconds / 1000) / availableParallelism()) * 100;
}
