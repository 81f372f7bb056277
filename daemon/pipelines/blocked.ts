/** Steps that cannot run as the workspace is now. */
import { existsSync } from 'node:fs';
import { inOrder } from './definition/graph.ts';
import { makesOf, type PipelineDefinition, type Step } from './definition/model.ts';
import { PathIndex } from './definition/path-index.ts';
import { whyElsewhere } from './dvc/elsewhere.ts';
import { relativeTo } from './inputs/read.ts';

/**
 * The steps that an execution of all could not run: a dependency is not there, and no step makes it.
 *
 * @returns the reasons, by the names of the steps
 */
export function blockedSteps({ folder, steps }: PipelineDefinition): ReadonlyMap<string, string> {
  const made = new PathIndex<Step>();
  for (const step of steps) for (const place of makesOf(step)) made.add(place, step);
  const blocked = new Map<string, string>();
  for (const step of inOrder(steps)) {
    const { commands, deps, needs, needsData = [] } = step;
    // What it comes after by name may make more than it says.
    const mayBeMade = needs.length > needsData.length;
    const missing =
      commands.length === 0 || mayBeMade
        ? undefined
        : deps.find(dep => made.touching(dep).length === 0 && !existsSync(dep));
    const reason =
      whyElsewhere(step) ??
      (missing === undefined
        ? blockedBy(step, need => blocked.has(need))
        : `${relativeTo(folder, missing)} does not exist, and no step makes it`);
    if (reason !== undefined) blocked.set(step.name, reason);
  }
  return blocked;
}

/** Why a step cannot run for what it needs; undefined when it can. */
export function blockedBy(
  { needs, always }: Pick<Step, 'needs' | 'always'>,
  isBlocked: (name: string) => boolean,
): string | undefined {
  const need = always ? undefined : needs.find(isBlocked);
  return need === undefined ? undefined : `it needs “${need}”, which is blocked`;
}
