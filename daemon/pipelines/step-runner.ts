import { existsSync, rmSync } from 'node:fs';
import { type Execution, executionName } from '../contract/pipelines.ts';
import type { ExecutionScope } from '../contract/principal.ts';
import type { StepResult } from './cache/model.ts';
import type { Step } from './definition/model.ts';
import type { Engine } from './engine.ts';
import type { JobEnd, JobHandle } from './executors/executor.ts';
import { seenParams } from './params.ts';
import type { ExecutionState } from './state.ts';
import { stepEnvironment } from './step-environment.ts';

/** Takes one step from its start, or from where an earlier daemon left it, to its final state. */
export class StepRunner {
  readonly #state: ExecutionState;
  readonly #engine: Engine;
  readonly #step: Step;
  #handle: JobHandle | undefined;
  /** Set when the step is to be cancelled; aborted when that is to be by force. */
  #hurry: AbortSignal | undefined;
  /** What the cancelling did, once it is done. */
  #cancelled: Promise<string> | undefined;
  #detached = false;
  /** What a person should know of how the step came to run. */
  #remark: string;

  constructor(state: ExecutionState, engine: Engine, step: Step) {
    this.#state = state;
    this.#engine = engine;
    this.#step = step;
    this.#remark = state.step(step.name).message;
  }

  /** Runs the commands, unless an earlier result can be used again, and does what follows them. */
  async run(): Promise<void> {
    const startTime = this.#state.step(this.#step.name).startTime ?? Date.now();
    await this.#change({ status: 'running', startTime });
    const reused = await this.#reuse();
    if (reused) await this.#judge(Date.now(), { exitCode: null }, reused);
    else await this.#conclude(await this.#execute());
  }

  /** Goes on with a step that an earlier daemon started. */
  async adopt(): Promise<void> {
    await this.#conclude(await this.#recover());
  }

  /** Ends the step's processes. @param hurry aborted when it is to be by force */
  cancel(hurry: AbortSignal): void {
    this.#hurry = hurry;
    this.#endProcesses();
  }

  /** Leaves the step to the next daemon. */
  detach(): void {
    this.#detached = true;
  }

  get #scope(): ExecutionScope {
    const { id, runId, experimentId } = this.#state.execution;
    const { name, reservedRunId } = this.#state.step(this.#step.name);
    return { executionId: id, step: name, runId: reservedRunId, parentRunId: runId, experimentId };
  }

  /** The earlier result that stands for this step, its outputs back in their places; undefined when it has to run. */
  async #reuse(): Promise<StepResult | undefined> {
    const { definition, environment, force } = this.#state.execution;
    const { cache } = this.#engine;
    if (this.#step.commands.length === 0 || this.#hurry) return undefined;
    const [state] = await cache.states(definition, [this.#step], environment?.hash ?? null);
    if (!state) return undefined;
    // Saved before anything starts: a later daemon must be able to tell whether they changed meanwhile.
    await this.#change({ inputs: state.inputs });
    if (force) return undefined;
    const decision = await cache.decide(
      definition,
      this.#step,
      state,
      await cache.known(definition, [state]),
    );
    if (decision.action === 'run') return undefined;
    this.#remark = decision.reason;
    if (decision.action === 'skip') {
      await this.#change({ reused: 'unchanged' });
      return decision.result;
    }
    try {
      await cache.restore(definition, this.#step, decision.result, state);
      await this.#change({ reused: 'restored' });
      return decision.result;
    } catch (error) {
      this.#remark = `its outputs could not be restored: ${(error as Error).message}`;
      return undefined;
    }
  }

  async #execute(): Promise<JobEnd> {
    const absent = this.#step.deps.filter(dep => !existsSync(dep));
    if (absent.length > 0) return this.#notStarted(`its dependency ${absent.join(', ')} does not exist`);
    if (this.#step.commands.length === 0) return this.#nothingToRun();
    const { id, pipeline, environment, definition } = this.#state.execution;
    const { name, commands, cwd, env } = this.#step;
    const { executor, files, tokens, url } = this.#engine;
    const token = tokens.issue(this.#scope);
    files.keepToken(id, name, token);
    try {
      this.#removeReports();
      this.#handle = await executor.submit({
        executionId: id,
        step: name,
        commands,
        cwd,
        env: stepEnvironment({
          url,
          token,
          experiment: pipeline,
          params: files.writeParams(id, name, seenParams(definition.params, this.#step.params)),
          environment,
          own: env,
        }),
      });
    } catch (error) {
      return this.#notStarted(`it could not be started: ${(error as Error).message}`);
    }
    return this.#watch(this.#handle);
  }

  async #recover(): Promise<JobEnd> {
    if (this.#step.commands.length === 0) return this.#nothingToRun();
    const { id } = this.#state.execution;
    const { name } = this.#step;
    const { executor, files, tokens } = this.#engine;
    this.#handle = this.#state.step(name).process ?? (await executor.recover(id, name));
    // The earlier daemon went down before it had started anything.
    if (!this.#handle) return this.#execute();
    const alive = await executor.isRunning(this.#handle);
    const token = files.keptToken(id, name);
    if (alive && token !== undefined) tokens.restore(token, this.#scope);
    this.#remark = alive ? 'ran on while the daemon was down' : 'ended while the daemon was down';
    return this.#watch(this.#handle);
  }

  async #watch(handle: JobHandle): Promise<JobEnd> {
    await this.#change({ process: handle, message: this.#remark });
    if (this.#hurry) this.#endProcesses();
    return this.#engine.executor.watch(this.#state.execution.id, this.#step.name, handle);
  }

  /** What an earlier execution reported is never taken for what this one found. */
  #removeReports(): void {
    const { metrics, checks } = this.#step;
    for (const file of [...metrics, ...(checks === null ? [] : [checks])]) rmSync(file, { force: true });
  }

  #notStarted(message: string): JobEnd {
    return { exitCode: null, at: Date.now(), message };
  }

  #nothingToRun(): JobEnd {
    return { exitCode: 0, at: Date.now(), message: '' };
  }

  #endProcesses(): void {
    if (!this.#hurry || !this.#handle || this.#cancelled) return;
    const { id } = this.#state.execution;
    this.#cancelled = this.#engine.executor.cancel(id, this.#step.name, this.#handle, this.#hurry);
    void this.#change({ message: this.#hurry.aborted ? 'being ended by force' : 'asked to end (SIGTERM)' });
  }

  async #conclude(end: JobEnd): Promise<void> {
    if (this.#detached) return;
    const { runs, files, tokens } = this.#engine;
    const { runId } = this.#scope;
    const token = files.keptToken(this.#state.execution.id, this.#step.name);
    const done = this.#hurry ? ((await this.#cancelled) ?? 'before it ran') : undefined;
    if (token !== undefined) tokens.revoke(token);
    await runs.end(runId, done !== undefined ? 'KILLED' : end.exitCode === 0 ? 'FINISHED' : 'FAILED', end.at);
    const exitCode = this.#step.commands.length === 0 ? null : end.exitCode;
    const times = { endTime: end.at, exitCode };
    if (done !== undefined) {
      await this.#change({
        ...times,
        ...(await runs.progress(runId)),
        status: 'cancelled',
        message: `cancelled: ${done}`,
      });
    } else if (end.exitCode !== 0) {
      const message = this.#withRemark(end.message);
      await this.#change({ ...times, ...(await runs.progress(runId)), status: 'failed', message });
    } else {
      await this.#judge(end.at, { exitCode });
    }
  }

  /** @param reused the earlier result that stands for the step's commands, if they did not run */
  async #judge(at: number, end: { exitCode: number | null }, reused?: StepResult): Promise<void> {
    const { runs, judge } = this.#engine;
    const { versions } = this.#state.execution;
    const scope = reused?.runId ? { ...this.#scope, runId: reused.runId } : this.#scope;
    const verdict = await judge.judge({ step: this.#step, scope, endedAt: at, versions, reused });
    // Logging the step's metrics may have made its run.
    if (!reused) await runs.end(scope.runId, 'FINISHED', at);
    const progress = await runs.progress(scope.runId);
    if (verdict.versions.length > 0) await this.#state.mergeVersions(verdict.versions);
    // A gate is judged anew each time: what it refuses need not be made again.
    const worthKeeping = !reused && (verdict.status === 'succeeded' || verdict.gateFailed);
    const remark = worthKeeping ? await this.#keep(at, progress.runId, verdict.versions) : '';
    await this.#change({
      ...end,
      ...progress,
      endTime: at,
      status: verdict.status,
      gateFailed: verdict.gateFailed,
      gates: [...verdict.gates],
      message: this.#withRemark([verdict.message, remark].filter(Boolean).join('; ')),
    });
  }

  /** Keeps the step's outputs for later. @returns why they are not kept; empty when they are */
  async #keep(endTime: number, runId: string | null, versions: Execution['versions']): Promise<string> {
    const { id, definition } = this.#state.execution;
    const { inputs, startTime } = this.#state.step(this.#step.name);
    if (!inputs) return '';
    const registered = versions.findLast(({ name }) => name === this.#step.register);
    return this.#engine.cache.keep(definition, this.#step, inputs, {
      executionId: id,
      executionName: executionName(this.#state.execution),
      runId,
      endTime,
      duration: endTime - (startTime ?? endTime),
      versions: registered ? [{ name: registered.name, version: registered.version }] : [],
    });
  }

  #withRemark(message: string): string {
    return [this.#remark, message].filter(Boolean).join('; ');
  }

  #change(change: Parameters<ExecutionState['changeStep']>[1]): Promise<void> {
    return this.#state.changeStep(this.#step.name, change);
  }
}
