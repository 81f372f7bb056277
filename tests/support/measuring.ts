/** What a running daemon takes: time for its answers, memory, processor time, open files. */
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestDaemon } from './daemon.ts';

/** Clock ticks of a second in `/proc`, on every Linux there is. */
const TICKS = 100;

/** Asks over and over. @returns milliseconds that each answer took */
export async function latencies(until: number, ask: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  do {
    const start = performance.now();
    await ask();
    taken.push(performance.now() - start);
    await pause(10);
  } while (performance.now() < until);
  return taken;
}

/** The value below which this part of all values lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Resident memory of the daemon, in MB. */
export function memoryOf({ connection }: TestDaemon): number {
  const status = fs.readFileSync(`/proc/${connection.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** How many files and sockets the daemon has open. */
export function openFilesOf({ connection }: TestDaemon): number {
  return fs.readdirSync(`/proc/${connection.pid}/fd`).length;
}

/** Processor time that the daemon has used, in seconds. */
export function processorTimeOf({ connection }: TestDaemon): number {
  const stat = fs.readFileSync(`/proc/${connection.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
