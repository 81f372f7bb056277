/** Work on a store that may take minutes: what it tells meanwhile, and how it is ended early. */

/** What a piece of work is given. */
export interface Work {
  /** Says what it is at, in a person's words. */
  progress(message: string): void;
  /** Aborted when nobody wants it any more. */
  readonly signal: AbortSignal;
}

/** How often counts are told anew, in milliseconds. */
const TELL_EVERY_MS = 200;

/** Tells a count at a bearable pace. @param describe the count in words */
export function counting(work: Work, describe: (count: number) => string): (count: number) => void {
  let told = 0;
  return count => {
    work.signal.throwIfAborted();
    const now = performance.now();
    if (now - told < TELL_EVERY_MS) return;
    told = now;
    work.progress(describe(count));
  };
}
