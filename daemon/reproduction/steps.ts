/** Which steps led to a result, and how they are run again. */
import { ApiError, invalid } from '../contract/errors.ts';
import { executionName } from '../contract/pipelines.ts';
import { inOrder } from '../pipelines/definition/graph.ts';
import type { PipelineDefinition, Step } from '../pipelines/definition/model.ts';
import type { KeptExecution } from '../pipelines/model.ts';
import type { Move } from './move.ts';

/**
 * The steps of an execution whose commands ended well, in its order.
 *
 * @param until only this one and those that it needs, directly or not; without it, all
 * @throws ApiError when there are none, or one of those needed did not end well
 */
export function stepsToRepeat({ execution, steps }: KeptExecution, until: string | undefined): Step[] {
  const { definition } = execution;
  const name = executionName(execution);
  if (definition.dvc)
    throw new ApiError(
      'NOT_IMPLEMENTED',
      `${name} ran a dvc.yaml: its stages are run again by DVC (dvc repro --force in a clean checkout).`,
    );
  const records = new Map(steps.map(step => [step.name, step]));
  const endedWell = ({ name: step }: Step) => {
    const record = records.get(step);
    // What a gate refused had ended well before.
    return record?.inputs !== null && (record?.status === 'succeeded' || record?.gateFailed === true);
  };
  const wanted = until === undefined ? undefined : withNeeds(definition.steps, until);
  const found = definition.steps.filter(
    step => step.commands.length > 0 && (wanted?.has(step.name) ?? true) && endedWell(step),
  );
  if (until !== undefined && !found.some(step => step.name === until))
    throw invalid(`Step “${until}” of ${name} did not end well: there is nothing to reproduce.`);
  if (found.length === 0)
    throw invalid(`None of the steps of ${name} ended well: there is nothing to reproduce.`);
  return found;
}

function withNeeds(steps: readonly Step[], name: string): Set<string> {
  const byName = new Map(steps.map(step => [step.name, step]));
  const found = new Set([name]);
  // What is added while it is gone through is gone through as well.
  for (const each of found) for (const need of byName.get(each)?.needs ?? []) found.add(need);
  return found;
}

/**
 * A definition that runs these steps in a copy of the code. It judges no gates, asks nobody, registers and promotes
 * nothing.
 */
export function definitionOf(
  original: PipelineDefinition,
  steps: readonly Step[],
  move: Move,
): PipelineDefinition {
  const names = new Set(steps.map(step => step.name));
  const byName = new Map(original.steps.map(step => [step.name, step]));
  const repeated = steps.map(step => ({
    ...step,
    needs: nearest(step, byName, names),
    needsData: (step.needsData ?? []).filter(need => names.has(need)),
    gates: [],
    promote: null,
    register: null,
  }));
  const { schedule: _schedule, triggers: _triggers, ...definition } = original;
  return move.data({ ...definition, steps: inOrder(repeated) });
}

/** What a step needs among the steps that are run, also by way of others that are not. */
function nearest(step: Step, all: ReadonlyMap<string, Step>, run: ReadonlySet<string>): string[] {
  const seen = new Set(step.needs);
  // It grows while it is gone through.
  for (const need of seen) if (!run.has(need)) for (const more of all.get(need)?.needs ?? []) seen.add(more);
  return [...seen].filter(need => run.has(need));
}
