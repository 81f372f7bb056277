import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Execution, executionName } from '../contract/pipelines.ts';
import type { ExecutionScope } from '../contract/principal.ts';
import { newRunId } from '../tracking/model.ts';
import { stepsBefore } from './approvals.ts';
import { Attempt, type AttemptEnd, scopeOf } from './attempt.ts';
import { type EarlierResult, type Kept, makesNothing, type StepMemory, type Waiting } from './cache/model.ts';
import { waitAfter, writeDuration } from './definition/attempts.ts';
import type { Step } from './definition/model.ts';
import type { Engine } from './engine.ts';
import { keyOf } from './inputs/model.ts';
import type { Done, StepRecord } from './model.ts';
import { whyNotebookFailed } from './notebooks.ts';
import type { ExecutionState } from './state.ts';

const NOTHING_KEPT: Kept = { remark: '', outputs: null };

/** Takes one step from its start, or from where an earlier daemon left it, to its final state. */
export class StepRunner {
  readonly #state: ExecutionState;
  readonly #engine: Engine;
  readonly #step: Step;
  /** Aborted when what has to end is to end by force. */
  readonly #hurry: AbortSignal;
  readonly #done: Done | undefined;
  #attempt: Attempt;
  #cancelled = false;
  readonly #stop = new AbortController();
  #detached = false;
  /** What a person should know of how the step came to run. */
  #remark: string;

  /** @param how.done how it succeeded in the execution that this one goes on from */
  constructor(
    state: ExecutionState,
    engine: Engine,
    step: Step,
    { hurry, done }: { hurry: AbortSignal; done: Done | undefined },
  ) {
    this.#state = state;
    this.#engine = engine;
    this.#step = step;
    this.#hurry = hurry;
    this.#done = done;
    this.#attempt = new Attempt(state, engine, step, hurry);
    const { status, message } = state.step(step.name);
    // Until then it says what was waited for.
    this.#remark = status === 'pending' ? '' : message;
  }

  /** Runs the commands, unless an earlier result can be used again, and does what follows them. */
  async run(): Promise<void> {
    const { name } = this.#step;
    const { startTime, retryAt, attempt } = this.#state.step(name);
    if (retryAt) {
      // While the time of the next attempt is on record, no daemon looks for processes of it.
      this.#engine.executor.discard(this.#state.execution.id, name);
      this.#remark = this.#countOf(attempt);
    }
    await this.#change({
      status: 'running',
      startTime: startTime ?? Date.now(),
      retryAt: null,
      message: this.#remark,
    });
    const { cacheUse } = this.#engine;
    const reused = await cacheUse.share(() => this.#reuse());
    if (reused) await this.#judge(Date.now(), { exitCode: null, usage: null }, reused);
    else await this.#conclude(await this.#attempt.run(this.#remark));
  }

  /** Goes on with a step that an earlier daemon started. */
  async adopt(): Promise<void> {
    const recovered = await this.#attempt.recover();
    // Not started yet, it may not have to be: what it depends on was not looked at either.
    if (!recovered) return this.run();
    const { remark, ...end } = recovered;
    this.#remark = remark;
    await this.#conclude(end);
  }

  /**
   * Waits until a failed attempt is to be followed by another.
   *
   * @param stop aborted when there is not to be another
   * @returns whether `run` is to be called again
   */
  async rest(stop: AbortSignal): Promise<boolean> {
    const { retryAt, attempt } = this.#state.step(this.#step.name);
    const { retries } = this.#step;
    if (!retryAt || !retries) return false;
    // A clock that was set back makes nobody wait longer than was said.
    const left = Math.min(retryAt - Date.now(), waitAfter(retries, attempt - 1));
    await sleep(Math.max(0, left), undefined, { signal: stop }).catch(() => {});
    return !stop.aborted;
  }

  /** Ends the step's processes. */
  cancel(): void {
    this.#cancelled = true;
    this.#stop.abort();
    this.#attempt.cancel();
  }

  /** Leaves the step to the next daemon. */
  detach(): void {
    this.#detached = true;
    this.#stop.abort();
    this.#attempt.detach();
  }

  get #memory(): StepMemory {
    return this.#engine.memoryOf(this.#state.execution.definition);
  }

  get #waiting(): Waiting {
    return { signal: this.#stop.signal, busy: message => void this.#change({ message }) };
  }

  get #scope(): ExecutionScope {
    return scopeOf(this.#state, this.#step.name);
  }

  /** The earlier result that stands for this step, its outputs back in their places; undefined when it has to run. */
  async #reuse(): Promise<EarlierResult | undefined> {
    const { definition, environment, force } = this.#state.execution;
    const memory = this.#memory;
    // A stage of DVC's that is frozen runs none, and has outputs that are remembered.
    if ((this.#step.commands.length === 0 && !this.#step.dvc) || this.#cancelled) return undefined;
    const [state] = await memory.states(definition, [this.#step], environment?.hash ?? null);
    if (!state) return undefined;
    // Saved before anything starts: a later daemon must be able to tell whether they changed meanwhile.
    await this.#change({ inputs: state.inputs });
    if (force && !this.#done) return undefined;
    if (this.#done && makesNothing(this.#step) && this.#done.key === keyOf(state.inputs)) {
      this.#remark = `done in ${this.#done.executionName}`;
      await this.#change({ reused: 'unchanged' });
      return { runId: this.#done.runId, versions: [] };
    }
    const decision = await memory.decide(
      definition,
      this.#step,
      state,
      await memory.known(definition, [this.#step], [state]),
    );
    if (decision.action === 'run') return undefined;
    this.#remark = decision.reason;
    if (decision.action === 'skip') {
      await this.#change({ reused: 'unchanged', outputs: decision.result.outputs });
      return decision.result;
    }
    try {
      await memory.restore(definition, this.#step, decision.result, state, this.#waiting);
      await this.#change({ reused: 'restored', outputs: decision.result.outputs });
      return decision.result;
    } catch (error) {
      this.#remark = `its outputs could not be restored: ${(error as Error).message}`;
      return undefined;
    }
  }

  async #conclude(ended: AttemptEnd): Promise<void> {
    if (this.#detached) return;
    try {
      await this.#end(ended);
    } finally {
      await this.#memory.release(this.#state.execution.definition, this.#step);
    }
  }

  async #end(ended: AttemptEnd): Promise<void> {
    const { runs, files, tokens } = this.#engine;
    const { runId } = this.#scope;
    const token = files.keptToken(this.#state.execution.id, this.#step.name);
    if (token !== undefined) tokens.revoke(token);
    if (this.#step.secrets?.length) files.hideSecrets(this.#state.execution.id, this.#step.name);
    // A clock that was set back ends nothing before it began.
    const at = Math.max(ended.at, this.#state.step(this.#step.name).startTime ?? 0);
    const end = await this.#keepNotebook({ ...ended, at });
    const { cancelled } = end;
    const status = cancelled !== undefined ? 'KILLED' : end.exitCode === 0 ? 'FINISHED' : 'FAILED';
    await runs.end(runId, status, end.at);
    const exitCode = this.#step.commands.length === 0 ? null : end.exitCode;
    if (cancelled === undefined && end.exitCode === 0) {
      this.#remark = this.#withRemark(end.message);
      return this.#judge(end.at, { exitCode, usage: end.usage });
    }
    if (cancelled === undefined && this.#canRetry(end)) return this.#retry(end);
    const message =
      cancelled === undefined ? this.#withRemark(await this.#whyFailed(end)) : `cancelled: ${cancelled}`;
    await this.#change({
      ...(await runs.progress(runId)),
      endTime: end.at,
      exitCode,
      usage: end.usage,
      status: cancelled === undefined ? 'failed' : 'cancelled',
      message,
    });
  }

  async #whyFailed({ message }: AttemptEnd): Promise<string> {
    const { attemptStartTime } = this.#state.step(this.#step.name);
    if (!attemptStartTime) return message;
    const checks = await this.#engine.checks.behindFailure(this.#step, this.#scope, attemptStartTime);
    return [message, checks].filter(Boolean).join('; ');
  }

  /** Keeps the executed notebook with the step's run, however it ended. @returns the end, with the cell that failed */
  async #keepNotebook(end: AttemptEnd): Promise<AttemptEnd> {
    const { notebook, name } = this.#step;
    const { files, runs } = this.#engine;
    const { notebook: executed } = files.ofStep(this.#state.execution.id, name);
    if (notebook === undefined) return end;
    const { exitCode } = end;
    const why = exitCode === 0 ? undefined : whyNotebookFailed({ exitCode, notebook, executed });
    if (!existsSync(executed)) return { ...end, message: why ?? end.message };
    try {
      await runs.keepFiles(this.#scope, [{ file: executed, name: path.basename(notebook) }]);
      return { ...end, message: why ?? end.message };
    } catch (error) {
      const lost = `the executed notebook could not be kept: ${(error as Error).message}`;
      return { ...end, message: [why ?? end.message, lost].filter(Boolean).join('; ') };
    }
  }

  #canRetry(end: AttemptEnd): boolean {
    const { retries } = this.#step;
    return (
      end.repeatable && retries !== undefined && this.#state.step(this.#step.name).attempt <= retries.times
    );
  }

  /** Makes ready for the next attempt, which has a run of its own: what the failed one logged is no part of it. */
  async #retry(end: AttemptEnd): Promise<void> {
    const { name, retries } = this.#step;
    if (!retries) return;
    const { attempt } = this.#state.step(name);
    await this.#attempt.clear();
    if (this.#detached) return;
    const wait = waitAfter(retries, attempt);
    const message = `${this.#countOf(attempt)} failed: ${end.message}; the next one begins ${wait === 0 ? 'at once' : `in ${writeDuration(wait)}`}`;
    this.#engine.files.noteInLog(this.#state.execution.id, name, `--- ${message} ---`);
    this.#attempt = new Attempt(this.#state, this.#engine, this.#step, this.#hurry);
    await this.#change({
      attempt: attempt + 1,
      retryAt: Date.now() + wait,
      exitCode: end.exitCode,
      message,
      reservedRunId: newRunId(),
      process: null,
      attemptStartTime: null,
      timedOut: false,
      usage: null,
    });
  }

  /** @param reused the earlier result that stands for the step's commands, if they did not run */
  async #judge(
    at: number,
    end: Pick<StepRecord, 'exitCode' | 'usage'>,
    reused?: EarlierResult,
  ): Promise<void> {
    const { runs, judge } = this.#engine;
    const { versions } = this.#state.execution;
    const scope = reused?.runId ? { ...this.#scope, runId: reused.runId } : this.#scope;
    const params = this.#state.step(this.#step.name).inputs?.params ?? {};
    const approvals = stepsBefore(this.#state.execution.definition, this.#step).flatMap(
      ({ name }) => this.#state.step(name).approval ?? [],
    );
    const judged = { step: this.#step, scope, params, endedAt: at, versions, reused, approvals };
    const verdict = await judge.judge(judged);
    // Logging the step's metrics may have made its run.
    if (!reused) await runs.end(scope.runId, 'FINISHED', at);
    const progress = await runs.progress(scope.runId);
    if (verdict.versions.length > 0) await this.#state.mergeVersions(verdict.versions);
    // A gate is judged anew each time: what it refuses need not be made again.
    const worthKeeping = !reused && (verdict.status === 'succeeded' || verdict.gateFailed);
    const { remark, outputs } = worthKeeping
      ? await this.#keep(at, progress.runId, verdict.versions)
      : NOTHING_KEPT;
    await this.#change({
      ...end,
      ...(outputs && { outputs }),
      ...progress,
      endTime: at,
      status: verdict.status,
      gateFailed: verdict.gateFailed,
      gates: [...verdict.gates],
      message: this.#withRemark([verdict.message, remark].filter(Boolean).join('; ')),
    });
  }

  /** Keeps the step's outputs for later. */
  async #keep(endTime: number, runId: string | null, versions: Execution['versions']): Promise<Kept> {
    const { id, definition } = this.#state.execution;
    const { inputs, startTime } = this.#state.step(this.#step.name);
    if (!inputs) return NOTHING_KEPT;
    const registered = versions.findLast(({ name }) => name === this.#step.register);
    const memory = this.#memory;
    const ended = {
      executionId: id,
      executionName: executionName(this.#state.execution),
      runId,
      endTime,
      duration: endTime - (startTime ?? endTime),
      versions: registered ? [{ name: registered.name, version: registered.version }] : [],
    };
    return this.#engine.cacheUse.share(() => memory.keep(definition, this.#step, inputs, ended));
  }

  #countOf(attempt: number): string {
    return `attempt ${attempt} of ${(this.#step.retries?.times ?? 0) + 1}`;
  }

  #withRemark(message: string): string {
    return [this.#remark, message].filter(Boolean).join('; ');
  }

  #change(change: Parameters<ExecutionState['changeStep']>[1]): Promise<void> {
    return this.#state.changeStep(this.#step.name, change);
  }
}
