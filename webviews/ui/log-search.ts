/** Going from one occurrence to the next in a log of which a page holds a part. */
import type { LogFindings } from '../../daemon/contract/pipelines.ts';

/** A line that is not held, and where to read from to have some lines before it. In bytes. */
export interface Target {
  readonly line: number;
  readonly from: number;
  /** Whether its last occurrence is meant, and not the first. */
  readonly last: boolean;
}

/** What is found in the part that is held, and outside of it. */
export interface Occurrences {
  /** How many are held, and which of them is looked at. */
  readonly held: number;
  readonly current: number;
  /** Undefined while nothing is known of the rest, or there is none. */
  readonly beyond: LogFindings | undefined;
}

/** How many there are in all, as far as that is known. */
export function countOf({ held, beyond }: Omit<Occurrences, 'current'>): number {
  return (beyond?.before.count ?? 0) + held + (beyond?.after.count ?? 0);
}

/** Which is looked at, in words. @param more whether more are held than were counted */
export function foundInWords(occurrences: Occurrences, more: boolean): string {
  const { held, current, beyond } = occurrences;
  const count = countOf(occurrences);
  if (count === 0) return 'No results';
  const all = `${count.toLocaleString()}${more ? '+' : ''}`;
  if (held === 0) return `${all} elsewhere`;
  return `${((beyond?.before.count ?? 0) + current + 1).toLocaleString()} of ${all}`;
}

/**
 * Where to go from the one that is looked at.
 *
 * @param by 1 for the next, -1 for the one before
 * @returns which of those that are held, or a line to be read first; undefined when there is none
 */
export function stepFrom({ held, current, beyond }: Occurrences, by: 1 | -1): number | Target | undefined {
  const at = current + by;
  if (at >= 0 && at < held) return at;
  const [ahead, behind] = by < 0 ? [beyond?.before, beyond?.after] : [beyond?.after, beyond?.before];
  const nearest = ahead?.nearest ?? (held === 0 ? behind?.nearest : null);
  if (nearest) return { ...nearest, last: nearest === beyond?.before.nearest };
  return held === 0 ? undefined : (at + held) % held;
}
