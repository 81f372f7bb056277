/** How busy the machine is: times that are to be judged take so much longer than on a quiet one. */
import { execFileSync } from 'node:child_process';

/** What a Node that does nothing takes on a quiet machine, in seconds. */
const QUIET_START_S = 0.06;

/** Measures it now and then; the busiest moment counts. */
export class Busyness {
  /** Times as slow as a quiet machine: at least 1. */
  factor = 1;

  sample(): void {
    const start = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    this.factor = Math.max(this.factor, (performance.now() - start) / 1000 / QUIET_START_S);
  }
}
