import { userName } from '../client/variables.ts';
import { ApiError, invalid } from '../contract/errors.ts';
import { actorOf, describePrincipal, type Principal } from '../contract/principal.ts';
import { describeApproval } from './approvals.ts';
import type { Step } from './definition/model.ts';
import { ONE_CORE } from './definition/resources.ts';
import type { Engine } from './engine.ts';
import {
  type Done,
  firstStatus,
  hasEnded,
  isPrepared,
  outcome,
  readiness,
  type StepRecord,
  wantsEnvironment,
  whyLeftOut,
} from './model.ts';
import type { ExecutionState } from './state.ts';
import { StepRunner } from './step-runner.ts';

/** Drives one execution from where it stands to its end, also one that an earlier daemon began. */
export class ExecutionRunner {
  readonly state: ExecutionState;
  /** Resolves when the execution has ended. Never rejects. */
  readonly ended: Promise<void>;
  readonly #engine: Engine;
  readonly #steps: ReadonlyMap<string, Step>;
  /** Names of the steps that were asked for; null for all. */
  readonly #asked: ReadonlySet<string> | null;
  /** Names of the steps that need a step. */
  readonly #dependents = new Map<string, string[]>();
  /** Steps that run, or wait for what they need of the machine. */
  readonly #active = new Map<string, StepRunner>();
  /** Steps of which it is being looked up whether a person has approved the same before. */
  readonly #asking = new Set<string>();
  readonly #stop = new AbortController();
  readonly #hurry = new AbortController();
  #prepared = false;
  readonly #leaving = new AbortController();
  #finishing = false;
  /** Resolves when the code is recorded, if it had to be. */
  #recorded: Promise<void> = Promise.resolve();
  #resolveEnded: () => void = () => {};

  constructor(state: ExecutionState, engine: Engine) {
    this.state = state;
    this.#engine = engine;
    const { definition, only } = state.execution;
    this.#steps = new Map(definition.steps.map(step => [step.name, step]));
    this.#asked = only && new Set(only);
    for (const { name, needs } of definition.steps) {
      for (const need of needs) {
        const dependents = this.#dependents.get(need) ?? [];
        this.#dependents.set(need, dependents);
        dependents.push(name);
      }
    }
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve;
    });
  }

  /** Tells what an execution in the queue waits for. */
  stayQueued(message: string): void {
    if (message !== this.state.execution.message) this.#guard(() => this.state.change({ message }));
  }

  /** Begins an execution that was queued. */
  begin(): void {
    const { runId } = this.state.execution;
    const change = { status: firstStatus(this.state.execution), startTime: Date.now(), message: '' };
    this.#guard(() => this.state.change(change));
    this.#guard(() => this.#engine.runs.begin(runId));
    this.start();
  }

  /** Goes on from where it stands. */
  start(): void {
    if (this.state.execution.forced) this.#hurry.abort();
    if (this.state.execution.status === 'cancelling') this.#stop.abort();
    // Once a step has begun, it may not be the code any more that this one ran.
    if (this.state.steps.every(step => step.startTime === null)) this.#recorded = this.#recordCode();
    for (const { name, status } of this.state.steps) {
      if (status === 'running') this.#launch(name, step => step.adopt());
    }
    this.#guard(async () => {
      if (await this.#prepare()) {
        this.#prepared = true;
        await this.#advance();
      }
    });
  }

  /** Leaves the execution to the next daemon: its processes go on. */
  detach(): void {
    this.#leaving.abort();
    for (const step of this.#active.values()) step.detach();
    this.#stop.abort();
  }

  get #detached(): boolean {
    return this.#leaving.signal.aborted;
  }

  /** Aborted when a step is to end, or not to begin. One that always runs is ended by force alone. */
  #stopOf(name: string): AbortSignal {
    return this.#definition(name).always ? this.#hurry.signal : this.#stop.signal;
  }

  /** The same, or when the daemon lets go. */
  #breakOf(name: string): AbortSignal {
    return AbortSignal.any([this.#stopOf(name), this.#leaving.signal]);
  }

  /**
   * Ends what runs and starts nothing more. Forced, also after it was asked without force, at once.
   *
   * @param replacedBy what people call the execution that it makes room for
   */
  async cancel(force: boolean, replacedBy?: string): Promise<void> {
    if (hasEnded(this.state.execution.status)) return;
    // Not even what always runs is run for what never began.
    if (force || this.state.execution.status === 'queued') this.#hurry.abort();
    const message = force
      ? 'its processes are ended by force (SIGKILL)'
      : 'its processes are asked to end (SIGTERM)';
    this.#stop.abort();
    for (const [name, step] of this.#active) if (this.#stopOf(name).aborted) step.cancel();
    const forced = this.#hurry.signal.aborted;
    await this.state.change({ status: 'cancelling', message, forced, ...(replacedBy && { replacedBy }) });
    this.#guard(() => this.#advance());
  }

  /** A person's answer to a step that waits for one. @throws ApiError unless it does */
  async decide(name: string, approved: boolean, reason: string, principal: Principal): Promise<void> {
    this.#requireWaiting(name);
    const definition = this.#definition(name);
    const { approvals } = this.#engine;
    let kept: Promise<void>;
    const by = describePrincipal(principal);
    const message = `${approved ? 'approved' : 'rejected'} by ${by}${reason === '' ? '' : `: ${reason}`}`;
    if (approved) {
      const approval = await approvals.of(this.state, {
        ...{ by, reason },
        actor: actorOf(principal, 'native', userName()),
      });
      this.#requireWaiting(name);
      kept = approvals.keep(this.state, definition, approval);
      const saved = this.state.changeStep(name, { status: 'running', message, approval });
      this.#launch(name, runner => runner.run());
      // At once: from here on no other execution of the pipeline may begin.
      await Promise.all([saved, this.#showProgress()]);
    } else {
      kept = approvals.withdraw(this.state, definition);
      await this.state.changeStep(name, { status: 'rejected', endTime: Date.now(), message });
    }
    await kept;
    this.#guard(() => this.#advance());
  }

  /** @throws ApiError unless the step waits for a person */
  #requireWaiting(name: string): void {
    const step = this.state.steps.find(candidate => candidate.name === name);
    if (!step) throw invalid(`There is no step “${name}”.`);
    if (step.status !== 'waiting')
      throw invalid(`Step “${name}” does not wait for approval: it is ${step.status}.`);
  }

  /** Records code and machine beside everything else: in a large repository, that takes longer than many a step. */
  async #recordCode(): Promise<void> {
    await this.#engine.cacheUse.share(async () => {
      const [code, host] = await Promise.all([
        this.#engine.recordCode(this.state.execution),
        this.#engine.recordHost(this.state.execution),
      ]);
      if (!this.#detached) await this.state.change({ code, host }).catch(this.#engine.defect);
    });
  }

  /** @returns whether steps can start */
  async #prepare(): Promise<boolean> {
    const { execution } = this.state;
    if (isPrepared(execution)) return true;
    if (this.#stop.signal.aborted) return true;
    try {
      const tell = (message: string) => this.#guard(() => this.state.change({ message }));
      const environment = await this.#engine.prepare(execution, this.#stop.signal, tell);
      await this.state.change({ environment, message: '' });
      return true;
    } catch (error) {
      if (this.#detached) return false;
      if (this.#stop.signal.aborted) return true;
      if (!(error instanceof ApiError)) this.#engine.defect(error);
      await this.#abandon((error as Error).message);
      return false;
    }
  }

  /**
   * Starts every step that can start, and ends the execution when nothing is left to do.
   *
   * @param ended the step that has just ended; without it, all steps are looked at
   */
  async #advance(ended?: string): Promise<void> {
    if (this.#detached || this.#finishing) return;
    if (!this.#prepared && !this.#stop.signal.aborted) return;
    const saved: Promise<void>[] = [];
    const open = ended === undefined ? [...this.#steps.keys()] : [...this.#dependentsOf(ended)];
    // What is added while it is gone through is gone through as well.
    for (const name of open) {
      const change = this.#consider(this.state.step(name));
      if (!change) continue;
      saved.push(this.state.changeStep(name, change));
      if (change.status !== undefined && hasEnded(change.status)) open.push(...this.#dependentsOf(name));
    }
    if (this.state.steps.every(step => hasEnded(step.status))) await this.#finish();
    else await this.#showProgress();
    await Promise.all(saved);
  }

  #dependentsOf(name: string): readonly string[] {
    return this.#dependents.get(name) ?? [];
  }

  /** What becomes of a step now. A step that can run is launched; its own runner changes it then. */
  #consider(step: StepRecord): Partial<StepRecord> | undefined {
    if (this.#active.has(step.name) || this.#asking.has(step.name)) return undefined;
    if (step.status !== 'pending' && step.status !== 'waiting') return undefined;
    const definition = this.#definition(step.name);
    const { execution } = this.state;
    // Cancelled while its environment was made, it has nothing to run in.
    const homeless =
      this.#stop.signal.aborted && wantsEnvironment(execution) && execution.environment === null;
    if (homeless || this.#stopOf(step.name).aborted)
      return { status: 'cancelled', message: 'cancelled before it ran' };
    if (step.status === 'waiting') return undefined;
    const reason = whyLeftOut(definition, need => this.state.step(need).leftOut ?? false);
    if (reason !== undefined) return { status: 'skipped', leftOut: true, message: reason };
    const needs = definition.needs.filter(need => this.#asked?.has(need) ?? true);
    const found = readiness(
      needs.map(need => this.state.step(need)),
      definition.always,
    );
    if (found.kind === 'skip') return { status: 'skipped', message: found.because };
    if (found.kind === 'wait') return undefined;
    if (definition.approval !== null) {
      this.#ask(definition, definition.approval);
      return undefined;
    }
    this.#launch(step.name, runner => runner.run());
    return undefined;
  }

  /** Has a step wait for a person, unless one has approved the same before. */
  #ask(step: Step, approval: string): void {
    const { name } = step;
    this.#asking.add(name);
    this.#guard(async () => {
      try {
        const earlier = await this.#engine.approvals.before(this.state, step);
        if (this.#breakOf(name).aborted) {
          // It is cancelled below, or left to the next daemon.
        } else if (earlier) {
          const message = describeApproval(earlier);
          await this.state.changeStep(name, {
            ...{ status: 'running', reused: 'unchanged', message },
            approval: earlier,
          });
          this.#launch(name, runner => runner.run());
        } else {
          const message = `waits for approval: ${approval}`;
          await this.state.changeStep(name, { status: 'waiting', startTime: Date.now(), message });
        }
      } finally {
        this.#asking.delete(name);
      }
      await this.#advance();
    });
  }

  /** How a step succeeded in the execution that this one goes on from, if nothing that it needs is anew since. */
  #doneBefore({ name, needs }: Step): Done | undefined {
    const { done } = this.state.execution;
    if (!done || !Object.hasOwn(done, name) || needs.some(need => this.#isAnew(need))) return undefined;
    return done[name];
  }

  /** Whether a step ran, or was approved, in this execution. */
  #isAnew(name: string): boolean {
    const { commands, approval, needs } = this.#definition(name);
    const { status, reused } = this.state.step(name);
    if (status === 'skipped') return false;
    if (commands.length > 0 || approval !== null) return reused === null;
    return needs.some(need => this.#isAnew(need));
  }

  #launch(name: string, work: (runner: StepRunner) => Promise<void>): void {
    const definition = this.#definition(name);
    const done = this.#doneBefore(definition);
    const runner = new StepRunner(this.state, this.#engine, definition, { hurry: this.#hurry.signal, done });
    this.#active.set(name, runner);
    this.#guard(async () => {
      try {
        // What runs already holds its mutexes before anything else can happen.
        const isNew = this.state.step(name).status === 'pending';
        const hindrance = isNew ? await this.#engine.hindrance(definition) : undefined;
        if (hindrance === undefined) await this.#takeTurns(runner, name, work);
        else await this.state.changeStep(name, { status: 'failed', endTime: Date.now(), message: hindrance });
      } catch (error) {
        if (this.#detached) return;
        this.#engine.defect(error);
        const message = `modelthat itself failed: ${(error as Error).message}`;
        await this.state.changeStep(name, { status: 'failed', endTime: Date.now(), message });
      } finally {
        this.#active.delete(name);
      }
      await this.#advance(name);
    });
  }

  /** Works on a step, attempt by attempt. */
  async #takeTurns(
    runner: StepRunner,
    name: string,
    work: (runner: StepRunner) => Promise<void>,
  ): Promise<void> {
    // One that waits for its next attempt takes no core from others.
    if (!this.state.step(name).retryAt) await this.#inTurn(runner, name, work);
    while (await runner.rest(this.#breakOf(name))) await this.#inTurn(runner, name, next => next.run());
    await this.#endUntried(name);
  }

  /** Works on a step once it holds its mutexes and what it needs of the machine, unless it is not to run any more. */
  async #inTurn(
    runner: StepRunner,
    name: string,
    work: (runner: StepRunner) => Promise<void>,
  ): Promise<void> {
    const { status, retryAt } = this.state.step(name);
    const idle = status === 'pending' || Boolean(retryAt);
    // What runs already is watched in any case.
    const stop = idle ? this.#breakOf(name) : this.#leaving.signal;
    const tell = (what: string) => {
      if (idle) this.#guard(() => this.state.changeStep(name, { message: `waits for ${what}` }));
    };
    const { resources, mutex = [] } = this.#definition(name);
    const turn = {
      owner: this.state.execution.id,
      wanted: resources ?? ONE_CORE,
      held: idle ? undefined : (this.state.step(name).gpus ?? []),
      stop,
      // Everybody needs a core, and has one soon.
      waiting: (what: string) => resources && tell(what || 'its turn'),
    };
    const begin = async (gpus: readonly string[]) => {
      if (stop.aborted) return;
      if (this.#stopOf(name).aborted) runner.cancel();
      if (gpus.length > 0) await this.state.changeStep(name, { gpus });
      await work(runner);
    };
    const { machine, mutexes } = this.#engine;
    await mutexes.use(
      mutex,
      () => machine.use(turn, begin),
      stop,
      held => tell(`the mutex “${held}”`),
    );
  }

  /** Ends a step that was cancelled between two attempts. */
  async #endUntried(name: string): Promise<void> {
    const { retryAt, status, attempt } = this.state.step(name);
    if (this.#detached || !retryAt || status !== 'running') return;
    const message = `cancelled before attempt ${attempt}`;
    await this.state.changeStep(name, { status: 'cancelled', endTime: Date.now(), retryAt: null, message });
  }

  async #showProgress(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const waiting = this.state.steps.filter(step => step.status === 'waiting');
    const status = this.#active.size === 0 && waiting.length > 0 ? 'waiting' : 'running';
    if (status === this.state.execution.status) return;
    const message =
      status === 'waiting' ? waiting.map(step => `“${step.name}” ${step.message}`).join('; ') : '';
    await this.state.change({ status, message });
  }

  /** Ends an execution none of whose steps can run. */
  async #abandon(message: string): Promise<void> {
    for (const step of this.state.steps) {
      if (step.status === 'pending') {
        await this.state.changeStep(step.name, {
          status: 'skipped',
          message: 'its environment could not be made',
        });
      }
    }
    await this.#finish({ status: 'failed', exitCode: 1, message });
  }

  /** Why it was cancelled, if it was. */
  get #cancelled(): string | undefined {
    const { replacedBy } = this.state.execution;
    if (!this.#stop.signal.aborted) return undefined;
    return replacedBy === undefined ? 'cancelled' : `cancelled: replaced by ${replacedBy}`;
  }

  async #finish(end = outcome(this.state.steps, this.#cancelled)): Promise<void> {
    this.#finishing = true;
    const { id, runId, startTime } = this.state.execution;
    const endTime = Math.max(Date.now(), startTime);
    const runStatus = { succeeded: 'FINISHED', failed: 'FAILED' } as const;
    const status = end.status === 'succeeded' || end.status === 'failed' ? runStatus[end.status] : 'KILLED';
    await this.#recorded;
    await this.#engine.runs.end(runId, status, endTime);
    await this.state.change({ ...end, endTime });
    // Not before its end is on record: until then, it is what tells a later daemon that the execution is ours.
    this.#engine.files.forget(id);
    this.#resolveEnded();
  }

  #definition(name: string): Step {
    const step = this.#steps.get(name);
    if (!step) throw new Error(`the definition has no step ${name}`);
    return step;
  }

  /** Runs what nobody awaits; after the daemon has let go, what fails no longer matters. */
  #guard(work: () => Promise<void>): void {
    work().catch(error => {
      if (!this.#detached) this.#engine.defect(error);
    });
  }
}
