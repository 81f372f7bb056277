/** What people approved: the same is not asked for again. */
import type { Actor } from '../contract/audit.ts';
import { formatStamp } from '../contract/display.ts';
import { withoutMissing } from '../contract/errors.ts';
import { executionName } from '../contract/pipelines.ts';
import type { Database } from '../database/database.ts';
import type { StageService } from '../registry/stages.ts';
import type { StepResult } from './cache/model.ts';
import { makesOf, type PipelineDefinition, type Step } from './definition/model.ts';
import { hashOf, keyOf, type StepInputs } from './inputs/model.ts';
import type { Approval } from './model.ts';
import { type ExecutionState, untilWritten } from './state.ts';

/** A step before an approval, as it ended or is going to: what an approval is about. */
export interface Precedent {
  readonly step: Step;
  readonly leftOut: boolean;
  /** Null when it ran no commands. */
  readonly inputs: StepInputs | null;
  /** What it made, as far as that was kept. */
  readonly result: Pick<StepResult, 'outputs' | 'versions'> | undefined;
}

/** A person's answer to a step that asks. */
export interface Answer {
  readonly by: string;
  readonly actor: Actor;
  readonly reason: string;
}

/** Keeps approvals, and finds them again. */
export class Approvals {
  readonly #database: Database;
  readonly #stages: Pick<StageService, 'content'>;

  constructor(database: Database, stages: Pick<StageService, 'content'>) {
    this.#database = database;
    this.#stages = stages;
  }

  /**
   * A person's earlier approval of the same.
   *
   * @returns undefined when nobody has, and when the execution runs its steps in any case
   */
  async before(state: ExecutionState, step: Step): Promise<Approval | undefined> {
    return state.execution.force ? undefined : this.find(await this.#subject(state, step));
  }

  /** The same of a subject; of one that is not known, nobody has. */
  async find(subject: string | undefined): Promise<Approval | undefined> {
    if (subject === undefined) return undefined;
    return (await this.#database.read('pipelines.approval', { subject })) ?? undefined;
  }

  /** An approval of what the execution has made so far. */
  async of({ execution }: ExecutionState, answer: Answer): Promise<Approval> {
    const versions = execution.versions.map(async ({ name, version }) => ({
      ...{ name, version },
      digest: (await withoutMissing(this.#stages.content(name, version))) ?? null,
    }));
    return {
      ...answer,
      at: Date.now(),
      executionName: executionName(execution),
      versions: await Promise.all(versions),
    };
  }

  /** Keeps a person's approval for the next time that the same is asked. */
  async keep(state: ExecutionState, step: Step, approval: Approval): Promise<void> {
    const subject = await this.#subject(state, step);
    if (subject === undefined) return;
    await untilWritten(() => this.#database.write('pipelines.approve', { subject, approval }));
  }

  /** Takes back an earlier approval of what a person rejects now. */
  async withdraw(state: ExecutionState, step: Step): Promise<void> {
    const subject = await this.#subject(state, step);
    if (subject === undefined) return;
    await untilWritten(() => this.#database.write('pipelines.withdraw', { subject }));
  }

  /** What an execution asks about with this step. */
  async #subject(state: ExecutionState, step: Step): Promise<string | undefined> {
    const before = stepsBefore(state.execution.definition, step);
    const inputs = before.map(({ name }) => state.step(name).inputs);
    const keys = inputs.flatMap(each => (each ? [keyOf(each)] : []));
    const results = await this.#database.read('pipelines.findResults', { keys });
    return subjectOf(
      step,
      before.map((each, index) => ({
        step: each,
        leftOut: state.step(each.name).leftOut ?? false,
        inputs: inputs[index] ?? null,
        result: results.find(({ key }) => inputs[index] && key === keyOf(inputs[index])),
      })),
    );
  }
}

/** All steps that one waits for, in the order of the definition. */
export function stepsBefore({ steps }: PipelineDefinition, step: Step): Step[] {
  const byName = new Map(steps.map(each => [each.name, each]));
  const found = new Set<string>();
  const add = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    for (const need of byName.get(name)?.needs ?? []) add(need);
  };
  for (const need of step.needs) add(need);
  return steps.filter(({ name }) => found.has(name));
}

/**
 * Names what an approval is about: the inputs, outputs, versions and rules of all steps before it.
 *
 * @returns undefined when something of that is not known, or when there is nothing that could have stayed as it was
 */
export function subjectOf({ name, approval }: Step, before: readonly Precedent[]): string | undefined {
  if (before.every(({ inputs }) => inputs === null)) return undefined;
  const facts: unknown[] = [];
  for (const { step, leftOut, inputs, result } of before) {
    const { gates, promote, approval: asked } = step;
    if (!leftOut && step.commands.length > 0) {
      const makes = makesOf(step).length > 0 || step.register !== null;
      if (!inputs || (makes && !result)) return undefined;
    }
    const outputs = Object.entries(result?.outputs ?? {}).map(([path, { digest }]) => [path, digest]);
    const key = inputs && keyOf(inputs);
    facts.push([step.name, leftOut, key, outputs, result?.versions ?? [], gates, promote, asked]);
  }
  return hashOf({ name, approval, facts });
}

/** An earlier approval in words. */
export function describeApproval({ by, at, reason, executionName }: Approval): string {
  const why = reason === '' ? '' : `: ${reason}`;
  return `approved by ${by} on ${formatStamp(at)}, for ${executionName}, and nothing has changed since${why}`;
}
