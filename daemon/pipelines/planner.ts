import path from 'node:path';
import type { PlannedStep, StepDefinition } from '../contract/pipelines.ts';
import { newRunId } from '../tracking/model.ts';
import { type Approvals, describeApproval, type Precedent, stepsBefore, subjectOf } from './approvals.ts';
import { blockedBy } from './blocked.ts';
import type { Decision, Known, StepMemory, StepResult } from './cache/model.ts';
import { inOrder } from './definition/graph.ts';
import { makesOf, type PipelineDefinition, type Step } from './definition/model.ts';
import { PathIndex } from './definition/path-index.ts';
import type { Engine } from './engine.ts';
import type { Content } from './inputs/content.ts';
import type { StepInputs } from './inputs/model.ts';
import { relativeTo, type StepState } from './inputs/read.ts';
import { type StepRecord, whyLeftOut } from './model.ts';

/** What the API tells of a step. */
export function describeStep({
  name,
  group,
  file,
  line,
  command,
  cwd,
  needs,
  approval,
}: Step): StepDefinition {
  const place = { ...(group !== undefined && { group }), ...(file !== undefined && { file }) };
  return { name, ...place, line, command, cwd, needs: [...needs], approval };
}

/** What is asked of an execution. */
export interface PlanOptions {
  /** The steps asked for; null = all. */
  readonly only: readonly string[] | null;
  /** Whether they run even if nothing changed. */
  readonly force: boolean;
  /** Hash of the lock of the pipeline's environment; null without one, or while it is not made. */
  readonly environment: string | null;
  /** Why a step cannot run here, whatever was done before it. */
  hindrance(step: Step): Promise<string | undefined>;
}

/** Why a step is skipped that `only` leaves out. */
const NOT_ASKED = 'not asked for';

/** What an execution would do, and why. */
export async function plan(
  { memoryOf, approvals }: Pick<Engine, 'memoryOf' | 'approvals'>,
  definition: PipelineDefinition,
  options: PlanOptions,
): Promise<PlannedStep[]> {
  const steps = inOrder(definition.steps);
  const memory = memoryOf(definition);
  const states = await memory.states(definition, steps, options.environment);
  const known = await memory.known(definition, steps, states);
  const planner = new Planner({ memory, approvals }, definition, options, known);
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
  readonly #approvals: Approvals;
  readonly #definition: PipelineDefinition;
  readonly #options: PlanOptions;
  readonly #known: Known;
  /** Names of steps whose conditions, or whose makers' conditions, do not hold. */
  readonly #leftOut = new Set<string>();
  readonly #blocked = new Set<string>();
  /** Steps that run, or come after one that does: more than they say may be there by then. */
  readonly #moved = new Set<string>();
  /** Steps that run, by what they write. */
  readonly #made = new PathIndex<Step>();
  /** What restored places are going to hold. */
  readonly #restored = new Map<string, Content>();
  readonly #restoredPlaces = new PathIndex<string>();
  /** Steps gone through, as far as it is known what they are going to come to. */
  readonly #precedents = new Map<string, Precedent>();

  constructor(
    { memory, approvals }: { memory: StepMemory; approvals: Approvals },
    definition: PipelineDefinition,
    options: PlanOptions,
    known: Known,
  ) {
    this.#memory = memory;
    this.#approvals = approvals;
    this.#definition = definition;
    this.#options = options;
    this.#known = known;
  }

  async next(step: Step, state: StepState): Promise<Pick<PlannedStep, 'action' | 'reason' | 'estimate'>> {
    const { only } = this.#options;
    if (only !== null && !only.includes(step.name)) return { action: 'skip', reason: NOT_ASKED, estimate: 0 };
    const leftOut = whyLeftOut(step, need => this.#leftOut.has(need));
    if (leftOut !== undefined) {
      this.#leftOut.add(step.name);
      this.#precedents.set(step.name, { step, leftOut: true, inputs: null, result: undefined });
      return { action: 'skip', reason: leftOut, estimate: 0 };
    }
    const blocked = (await this.#options.hindrance(step)) ?? this.#whyBlocked(step, state);
    if (blocked !== undefined) {
      this.#blocked.add(step.name);
      return { action: 'blocked', reason: blocked, estimate: 0 };
    }
    if (step.approval !== null) return this.#ask(step);
    const { decision, inputs } = await this.#decide(step, state);
    if (decision.action === 'run') for (const place of makesOf(step)) this.#made.add(place, step);
    if (decision.action === 'run' || step.needs.some(need => this.#moved.has(need)))
      this.#moved.add(step.name);
    if (decision.action === 'restore') this.#remember(decision.result);
    this.#precede(step, decision, inputs);
    const { action, reason } = decision;
    return { action, reason, estimate: action === 'run' ? this.#estimate(step) : 0 };
  }

  /** How long a person takes, nobody knows. */
  async #ask(step: Step): Promise<Pick<PlannedStep, 'action' | 'reason' | 'estimate'>> {
    const before = stepsBefore(this.#definition, step).map(({ name }) => this.#precedents.get(name));
    const known = before.flatMap(each => each ?? []);
    const subject =
      known.length === before.length && !this.#options.force ? subjectOf(step, known) : undefined;
    const earlier = await this.#approvals.find(subject);
    this.#precedents.set(step.name, { step, leftOut: false, inputs: null, result: undefined });
    if (earlier) return { action: 'skip', reason: describeApproval(earlier), estimate: 0 };
    return { action: 'run', reason: 'waits for approval', estimate: null };
  }

  #whyBlocked(step: Step, { inputs }: StepState): string | undefined {
    const need = blockedBy(step, name => this.#blocked.has(name));
    if (need !== undefined || step.commands.length === 0) return need;
    if (step.needs.some(name => this.#moved.has(name))) return undefined;
    const { folder, steps } = this.#definition;
    const missing = step.deps.find(
      dep => inputs.deps[relativeTo(folder, dep)] === null && this.#restoredPlaces.touching(dep).length === 0,
    );
    if (missing === undefined) return undefined;
    const makers = new PathIndex<string>();
    for (const other of steps)
      if (step.needsData?.includes(other.name))
        for (const place of makesOf(other)) makers.add(place, other.name);
    const [maker] = makers.touching(missing);
    const why = maker ? `“${maker}”, which makes it, is not asked for` : 'no step makes it';
    return `${relativeTo(folder, missing)} does not exist, and ${why}`;
  }

  /** Keeps what a step is going to come to: unknown where it makes something anew. */
  #precede(step: Step, decision: Decision, inputs: StepInputs | null): void {
    const { name, commands } = step;
    if (decision.action !== 'run')
      this.#precedents.set(name, { step, leftOut: false, inputs, result: decision.result });
    else if (commands.length === 0)
      this.#precedents.set(name, { step, leftOut: false, inputs: null, result: undefined });
    else if (inputs && makesOf(step).length === 0 && step.register === null)
      this.#precedents.set(name, { step, leftOut: false, inputs, result: undefined });
  }

  /** A step without commands takes no time of its own. */
  #estimate({ name, commands }: Step): number | null {
    return commands.length === 0 ? 0 : (this.#known.newest.get(name)?.duration ?? null);
  }

  /** @returns the inputs that it is going to have, null while a step before it may change them */
  async #decide(step: Step, state: StepState): Promise<{ decision: Decision; inputs: StepInputs | null }> {
    if (this.#options.force) return { decision: FORCED, inputs: null };
    const [maker] = step.deps.flatMap(dep => this.#made.touching(dep));
    if (maker) return { decision: { action: 'run', reason: `“${maker.name}” runs before it` }, inputs: null };
    const restored = step.deps.some(dep => this.#restoredPlaces.touching(dep).length > 0);
    if (!restored) return this.#decideIn(step, state, this.#known);
    // It depends on what is going to be there, not on what is there now.
    const { environment } = this.#options;
    const [then] = await this.#memory.states(this.#definition, [step], environment, this.#restored);
    const known = await this.#memory.known(this.#definition, [step], then ? [then] : []);
    return this.#decideIn(step, then ?? state, known);
  }

  async #decideIn(step: Step, state: StepState, known: Known) {
    const decision = await this.#memory.decide(this.#definition, step, state, known);
    return { decision, inputs: state.inputs };
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
    progress: null,
    usage: null,
    reservedRunId: newRunId(),
    process: null,
    gateFailed: false,
    inputs: null,
  };
}
