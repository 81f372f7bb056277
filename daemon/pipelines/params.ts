/** Which parameters a step sees. */
import type { PipelineDefinition, Step } from './definition/model.ts';

/** Those of its component, for a step that has one; else those of the pipeline. */
export function paramsOf({ params }: Pick<PipelineDefinition, 'params'>, step: Step): unknown {
  return step.values ?? seenParams(params, step.params);
}

/**
 * The parameters that a step sees, and so depends on: those that it names, groups with all their members; all of them
 * when it names none.
 *
 * @param names dotted names; null = all
 */
export function seenParams(params: unknown, names: readonly string[] | null): unknown {
  if (names === null) return params;
  const seen: Record<string, unknown> = {};
  for (const name of names) copy(params, seen, name.split('.'));
  return seen;
}

function copy(from: unknown, to: Record<string, unknown>, [key = '', ...rest]: readonly string[]): void {
  if (typeof from !== 'object' || from === null || !Object.hasOwn(from, key)) return;
  const value = (from as Record<string, unknown>)[key];
  if (rest.length === 0) {
    to[key] = value;
    return;
  }
  const group = Object.hasOwn(to, key) ? to[key] : {};
  // A group that is seen as a whole already has this member.
  if (group === value || typeof group !== 'object' || group === null) return;
  to[key] = group;
  copy(value, group as Record<string, unknown>, rest);
}
