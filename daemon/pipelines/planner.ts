import type { PlannedStep, StepDefinition } from '../contract/pipelines.ts';
import type { PipelineDefinition, Step } from './definition/model.ts';

/** What the API tells of a step. */
export function describeStep({ name, line, command, needs, approval }: Step): StepDefinition {
  return { name, line, command, needs: [...needs], approval };
}

/** Steps in an order in which they can run: each after those it needs, otherwise as in the file. */
function inOrder(steps: readonly Step[]): Step[] {
  const byName = new Map(steps.map(step => [step.name, step]));
  const ordered = new Set<Step>();
  const add = (step: Step) => {
    if (ordered.has(step)) return;
    for (const need of step.needs) add(byName.get(need) as Step);
    ordered.add(step);
  };
  for (const step of steps) add(step);
  return [...ordered];
}

/** What an execution would do. @param only the steps asked for; null = all */
export function plan(definition: PipelineDefinition, only: readonly string[] | null): PlannedStep[] {
  return inOrder(definition.steps).map(step => {
    const asked = only === null || only.includes(step.name);
    const reason = asked ? (step.approval === null ? 'every step runs' : 'waits for approval') : NOT_ASKED;
    return { ...describeStep(step), action: asked ? 'run' : 'skip', reason };
  });
}

/** Why a step is skipped that `only` leaves out. */
export const NOT_ASKED = 'not asked for';
