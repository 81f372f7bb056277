import type { PlannedStep } from '../contract/pipelines.ts';

/** The way through a plan that takes longest. */
export interface CriticalPath {
  /** The steps on it that run, in order. */
  readonly steps: string[];
  /** In milliseconds; null while one of them has no estimate. */
  readonly estimate: number | null;
}

/** A way up to the end of one step. */
interface Way {
  readonly length: number;
  readonly known: boolean;
  readonly last: PlannedStep | undefined;
  readonly before: Way | undefined;
}

const START: Way = { length: 0, known: true, last: undefined, before: undefined };

/**
 * The longest chain of steps that wait for each other (the critical path method of Kelley and Walker, 1959). A step
 * without an estimate counts as nothing, but is on the way if nothing longer is.
 *
 * @param steps in an order in which they can run
 */
export function criticalPath(steps: readonly PlannedStep[]): CriticalPath {
  const ways = new Map<string, Way>();
  let longest = START;
  for (const step of steps) {
    const before = step.needs.map(need => ways.get(need) ?? START).reduce(longer, START);
    const runs = step.action === 'run';
    const way: Way = runs
      ? {
          length: before.length + (step.estimate ?? 0),
          known: before.known && step.estimate !== null,
          last: step,
          before,
        }
      : before;
    ways.set(step.name, way);
    longest = longer(longest, way);
  }
  return { steps: namesOf(longest), estimate: longest.known ? longest.length : null };
}

/** The later one of two that take as long: it has more steps of which nothing is known. */
function longer(one: Way, other: Way): Way {
  return other.length >= one.length ? other : one;
}

function namesOf(way: Way): string[] {
  const names: string[] = [];
  for (let at: Way | undefined = way; at?.last; at = at.before) names.push(at.last.name);
  return names.reverse();
}
