/** The machine that figures were measured on. */
import os from 'node:os';
import type { Machine } from './results.ts';

export function thisMachine(): Machine {
  return {
    processor: os.cpus()[0]?.model.trim() || os.arch(),
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.versions.node,
  };
}
