/** Threads that read, hash and copy files, so that the daemon's own goes on meanwhile. */
import { Piscina } from 'piscina';

const THREADS = 2;

/** A thread without work ends after this time, in milliseconds. */
const IDLE_MS = 30_000;

/** A pool of them: none while there is nothing to do. @param program what a thread runs, given `workerData` */
export function fileThreads(program: URL, workerData: object): Piscina {
  return new Piscina({
    filename: program.href,
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
    recordTiming: false,
    workerData,
  });
}
