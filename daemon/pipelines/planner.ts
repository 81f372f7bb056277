import path from 'node:path';
import type { PlannedStep, StepDefinition } from '../contract/pipelines.ts';
import { newRunId } from '../tracking/model.ts';
import type { Decision, Known, StepMemory, StepResult } from './cache/model.ts';
import { makesOf, type PipelineDefinition, type Step } from './definition/model.ts';
import { PathIndex } from './definition/path-index.ts';
import type { Content } from './inputs/content.ts';
import type { StepState } from './inputs/read.ts';
import { type StepRecord, whyLeftOut } from './model.ts';

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

/** What is asked of an execution. */
export interface PlanOptions {
  /** The steps asked for; null = all. */
  readonly only: readonly string[] | null;
  /** Whether they run even if nothing changed. */
  readonly force: boolean;
  /** Hash of the lock of the pipeline's environment; null without one, or while it is not made. */
  readonly environment: string | null;
}

/** Why a step is skipped that `only` leaves out. */
const NOT_ASKED = 'not asked for';

/** What an execution would do, and why. */
export async function plan(
  memory: StepMemory,
  definition: PipelineDefinition,
  options: PlanOptions,
): Promise<PlannedStep[]> {
  const steps = inOrder(definition.steps);
  const states = await memory.states(definition, steps, options.environment);
  const planner = new Planner(memory, definition, options, await memory.known(definition, steps, states));
  const planned: PlannedStep[] = [];
  for (const [index, step] of steps.entries()) {
    const next = await planner.next(step, states[index] as StepState);
    planned.push({ ...describeStep(step), ...next });
  }
  return planned;
}

/** Goes through the steps in order, and remembers what those before will have done. */
class Planner {
  readonly #memory: StepMemory;
  readonly #definition: PipelineDefinition;
  readonly #options: PlanOptions;
  readonly #known: Known;
  /** Names of steps whose conditions, or whose makers' conditions, do not hold. */
  readonly #leftOut = new Set<string>();
  /** Steps that run, by what they write. */
  readonly #made = new PathIndex<Step>();
  /** What restored places are going to hold. */
  readonly #restored = new Map<string, Content>();
  readonly #restoredPlaces = new PathIndex<string>();

  constructor(memory: StepMemory, definition: PipelineDefinition, options: PlanOptions, known: Known) {
    this.#memory = memory;
    this.#definition = definition;
    this.#options = options;
    this.#known = known;
  }

  async next(step: Step, state: StepState): Promise<Pick<PlannedStep, 'action' | 'reason' | 'estimate'>> {
    const { only, force } = this.#options;
    if (only !== null && !only.includes(step.name)) return { action: 'skip', reason: NOT_ASKED, estimate: 0 };
    const leftOut = whyLeftOut(step, need => this.#leftOut.has(need));
    if (leftOut !== undefined) {
      this.#leftOut.add(step.name);
      return { action: 'skip', reason: leftOut, estimate: 0 };
    }
    const decision = force ? FORCED : await this.#decide(step, state);
    if (decision.action === 'run') for (const place of makesOf(step)) this.#made.add(place, step);
    if (decision.action === 'restore') this.#remember(decision.result);
    const { action, reason } = decision;
    return { action, reason, estimate: action === 'run' ? this.#estimate(step) : 0 };
  }

  /** A step without commands takes no time of its own; how long a person takes, nobody knows. */
  #estimate({ name, commands, approval }: Step): number | null {
    if (commands.length === 0) return approval === null ? 0 : null;
    return this.#known.newest.get(name)?.duration ?? null;
  }

  async #decide(step: Step, state: StepState): Promise<Decision> {
    if (step.approval !== null) return { action: 'run', reason: 'waits for approval' };
    const [maker] = step.deps.flatMap(dep => this.#made.touching(dep));
    if (maker) return { action: 'run', reason: `“${maker.name}” runs before it` };
    if (step.deps.every(dep => this.#restoredPlaces.touching(dep).length === 0))
      return this.#memory.decide(this.#definition, step, state, this.#known);
    // It depends on what is going to be there, not on what is there now.
    const { environment } = this.#options;
    const [then] = await this.#memory.states(this.#definition, [step], environment, this.#restored);
    const known = await this.#memory.known(this.#definition, [step], then ? [then] : []);
    return this.#memory.decide(this.#definition, step, then ?? state, known);
  }

  #remember({ outputs }: StepResult): void {
    for (const [name, content] of Object.entries(outputs)) {
      const place = path.join(this.#definition.folder, ...name.split('/'));
      this.#restored.set(place, content);
      this.#restoredPlaces.add(place, place);
    }
  }
}

const FORCED: Decision = { action: 'run', reason: 'it is asked to run in any case' };

/** A step as an execution begins. @param only names of the steps that were asked for; null for all */
export function newStep(name: string, only: readonly string[] | null): StepRecord {
  const asked = only === null || only.includes(name);
  return {
    name,
    status: asked ? 'pending' : 'skipped',
    startTime: null,
    endTime: null,
    exitCode: null,
    message: asked ? '' : NOT_ASKED,
    runId: null,
    reused: null,
    attempt: 1,
    gates: [],
    metric: null,
    reservedRunId: newRunId(),
    process: null,
    gateFailed: false,
    inputs: null,
  };
}
