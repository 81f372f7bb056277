/** Which steps an execution is asked for. */
import { invalid } from '../contract/errors.ts';
import { selected } from './definition/expand.ts';
import type { Step } from './definition/model.ts';
import { suggest } from './definition/source.ts';

/** Steps by name, or all members of a group by its name; without any of them, all are meant. */
export interface Selection {
  /** These steps, and no others. */
  readonly only?: readonly string[] | undefined;
  /** These steps, and all that need them. */
  readonly from?: readonly string[] | undefined;
}

/**
 * The names of the steps asked for, in the order of the definition. What they need is taken as done.
 *
 * @returns null for all
 * @throws ApiError INVALID_PARAMETER_VALUE for a name that no step has
 */
export function selectSteps(steps: readonly Step[], { only = [], from = [] }: Selection): string[] | null {
  if (only.length === 0 && from.length === 0) return null;
  const names = steps.map(step => step.name);
  const find = (name: string) => {
    const found = selected(name, names);
    if (found.length === 0) throw invalid(`There is no step “${name}”. ${suggest(name, names)}`);
    return found;
  };
  const asked = new Set([...only.flatMap(find), ...withDependents(steps, from.flatMap(find))]);
  return names.filter(name => asked.has(name));
}

/** These steps, and all that need them, directly or not. */
function withDependents(steps: readonly Step[], names: readonly string[]): Set<string> {
  const dependents = new Map<string, string[]>();
  for (const { name, needs } of steps) {
    for (const need of needs) {
      const known = dependents.get(need) ?? [];
      dependents.set(need, known);
      known.push(name);
    }
  }
  const found = new Set(names);
  // What is added while it is gone through is gone through as well.
  for (const name of found) for (const dependent of dependents.get(name) ?? []) found.add(dependent);
  return found;
}
