/** When the steps of an execution end, and which chain of them the end waits for. */
import type { StepExecution, StepStatus } from '../../daemon/contract/pipelines.ts';

/** What is needed of a step to foresee its end. */
export type Foreseen = Pick<StepExecution, 'name' | 'status' | 'startTime' | 'endTime'> & {
  readonly needs: readonly string[];
};

/** How an execution is going to end. */
export interface Forecast {
  /** Steps that the end waits for, one after the other: the critical path. */
  readonly path: readonly string[];
  /** Milliseconds until then; null while a step on the way never ended well before, or waits for a person. */
  readonly left: number | null;
}

/** A step's end, as it was or will be. */
interface End {
  readonly name: string;
  readonly at: number;
  readonly known: boolean;
  /** Whether the step takes time of its own. */
  readonly takesTime: boolean;
  /** The step that it waits for longest. */
  readonly before: End | undefined;
}

const TO_COME: readonly StepStatus[] = ['pending', 'preparing', 'running', 'waiting'];

/**
 * Goes forward through the steps, from what has ended to what is to come, and back along the longest way.
 *
 * @param durations how long steps took before, in milliseconds
 */
export function forecast(
  steps: readonly Foreseen[],
  durations: Readonly<Record<string, number>>,
  now: number,
): Forecast {
  const byName = new Map(steps.map(step => [step.name, step]));
  const ends = new Map<string, End>();
  const endOf = (step: Foreseen): End => {
    const known = ends.get(step.name);
    if (known) return known;
    const before = step.needs
      .flatMap(name => byName.get(name) ?? [])
      .map(endOf)
      .reduce<End | undefined>(later, undefined);
    const end = { ...ending(step, before, durations[step.name], now), name: step.name, before };
    ends.set(step.name, end);
    return end;
  };
  const last = steps.map(endOf).reduce<End | undefined>(later, undefined);
  return { path: wayTo(last), left: last?.known ? Math.max(0, last.at - now) : null };
}

function ending(
  { status, startTime, endTime }: Foreseen,
  before: End | undefined,
  expected: number | undefined,
  now: number,
): Pick<End, 'at' | 'known' | 'takesTime'> {
  if (!TO_COME.includes(status)) {
    const at = endTime ?? before?.at ?? 0;
    return { at, known: true, takesTime: startTime !== null && endTime !== null };
  }
  const start = startTime ?? Math.max(now, before?.at ?? now);
  const known = expected !== undefined && status !== 'waiting' && (before?.known ?? true);
  return { at: Math.max(now, start + (expected ?? 0)), known, takesTime: true };
}

/** The later one; of two at the same time one of which nothing is known, and the last of these: it waits for the others. */
function later(one: End | undefined, other: End): End {
  if (!one || other.at > one.at) return other;
  return other.at === one.at && !other.known ? other : one;
}

function wayTo(last: End | undefined): string[] {
  const names: string[] = [];
  for (let end = last; end; end = end.before) if (end.takesTime) names.push(end.name);
  return names.reverse();
}
