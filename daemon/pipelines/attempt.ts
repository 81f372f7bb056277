import { existsSync, rmSync } from 'node:fs';
import type { StepUsage } from '../contract/pipelines.ts';
import type { ExecutionScope } from '../contract/principal.ts';
import { writeDuration } from './definition/attempts.ts';
import { makesOf, type Step } from './definition/model.ts';
import type { Engine } from './engine.ts';
import type { JobEnd, JobHandle } from './executors/executor.ts';
import type { StepRecord } from './model.ts';
import { notebookCommand } from './notebooks.ts';
import { paramsOf } from './params.ts';
import type { ExecutionState } from './state.ts';
import { stepEnvironment } from './step-environment.ts';
import type { Measurement } from './step-meter.ts';

/** How an attempt ended. */
export interface AttemptEnd extends Omit<JobEnd, 'cpuSeconds'> {
  /** What was done to end it, when it was cancelled. */
  readonly cancelled?: string;
  /** What it took of the machine, as far as that is known. */
  readonly usage: StepUsage | null;
  /** Whether another attempt could end otherwise. */
  readonly repeatable: boolean;
}

/** What a step's code logs is tied to. */
export function scopeOf(state: ExecutionState, name: string): ExecutionScope {
  const { id, runId, experimentId, reproduces } = state.execution;
  const { reservedRunId } = state.step(name);
  const scope = { executionId: id, step: name, runId: reservedRunId, parentRunId: runId, experimentId };
  return { ...scope, ...(reproduces && { reproduces }) };
}

/** One attempt at a step's commands, from their start, or from where an earlier daemon left them, to their end. */
export class Attempt {
  readonly #state: ExecutionState;
  readonly #engine: Engine;
  readonly #step: Step;
  /** Aborted when what has to end is to end by force. */
  readonly #hurry: AbortSignal;
  #handle: JobHandle | undefined;
  #cancelled = false;
  /** Aborted when what is not started yet is not to be. */
  readonly #stop = new AbortController();
  /** What the ending of its processes did, once it is done. */
  #ending: Promise<string> | undefined;
  #detached = false;

  constructor(state: ExecutionState, engine: Engine, step: Step, hurry: AbortSignal) {
    this.#state = state;
    this.#engine = engine;
    this.#step = step;
    this.#hurry = hurry;
  }

  /** Starts the commands. @param remark what a person should know of how it came to that */
  async run(remark: string): Promise<AttemptEnd> {
    const { name, deps, commands, cwd, env } = this.#step;
    if (this.#cancelled) return { ...notStarted(''), cancelled: 'before it ran' };
    if (commands.length === 0) return nothingToRun();
    const absent = deps.filter(dep => !existsSync(dep));
    if (absent.length > 0)
      return { ...notStarted(`its dependency ${absent.join(', ')} does not exist`), repeatable: false };
    const { id, pipeline, environment, definition } = this.#state.execution;
    const { executor, files, tokens, url, memoryOf } = this.#engine;
    const secrets = this.#engine.secrets(this.#step);
    files.keepSecrets(id, name, Object.values(secrets));
    const token = tokens.issue(scopeOf(this.#state, name));
    files.keepToken(id, name, token);
    // Saved before they start: its time is counted from here, whichever daemon counts it.
    await this.#change({ attemptStartTime: Date.now() });
    try {
      const { progress } = files.ofStep(id, name);
      // How far an earlier attempt was is not how far this one is.
      rmSync(progress, { force: true });
      const surroundings = {
        url,
        token,
        experiment: pipeline,
        params: files.writeParams(id, name, paramsOf(definition, this.#step)),
        progress,
        environment,
        gpus: this.#step.resources?.gpu ? (this.#state.step(name).gpus ?? []) : null,
        own: { ...env, ...secrets },
      };
      const job = {
        executionId: id,
        step: name,
        commands: this.#commands(),
        cwd,
        env: stepEnvironment(surroundings),
      };
      this.#handle = await memoryOf(definition).launch(definition, this.#step, () => executor.submit(job), {
        signal: this.#stop.signal,
        busy: message => void this.#change({ message }),
      });
    } catch (error) {
      if (this.#cancelled) return { ...notStarted(''), cancelled: 'before it ran' };
      return notStarted(`it could not be started: ${(error as Error).message}`);
    }
    return this.#watch(this.#handle, remark);
  }

  /**
   * Goes on with commands that an earlier daemon started.
   *
   * @returns how they ended, and what to know of how they ran; undefined when it had not come to start any
   */
  async recover(): Promise<(AttemptEnd & { readonly remark: string }) | undefined> {
    if (this.#step.commands.length === 0) return undefined;
    const { id } = this.#state.execution;
    const { name } = this.#step;
    const { executor, files, tokens } = this.#engine;
    // At once: requests come in as soon as all executions are taken up. It is revoked when the step has ended.
    const token = files.keptToken(id, name);
    if (token !== undefined) tokens.restore(token, scopeOf(this.#state, name));
    this.#handle = this.#state.step(name).process ?? (await executor.recover(id, name));
    if (!this.#handle) {
      if (token !== undefined) tokens.revoke(token);
      return undefined;
    }
    const alive = await executor.isRunning(this.#handle);
    const how = alive ? 'ran on while the daemon was down' : 'ended while the daemon was down';
    return { ...(await this.#watch(this.#handle, how)), remark: how };
  }

  /** Ends the processes because somebody asked for it. */
  cancel(): void {
    this.#cancelled = true;
    this.#stop.abort();
    this.#end(this.#hurry.aborted ? 'being ended by force' : 'asked to end (SIGTERM)');
  }

  /** Leaves the processes to the next daemon. */
  detach(): void {
    this.#detached = true;
    this.#stop.abort();
  }

  /** Ends what a failed attempt left running: the next one must not find it in its way. */
  async clear(): Promise<void> {
    const { id } = this.#state.execution;
    const { name } = this.#step;
    if (this.#handle && !this.#ending)
      await this.#engine.executor.cancel(id, name, this.#handle, this.#hurry);
  }

  async #watch(handle: JobHandle, message: string): Promise<AttemptEnd> {
    await this.#change({ process: handle, message });
    if (this.#cancelled) this.cancel();
    const timer = this.#limit();
    const measurement = this.#measure(handle);
    const { id } = this.#state.execution;
    const { cpuSeconds, ...ended } = await this.#engine.executor.watch(id, this.#step.name, handle);
    clearTimeout(timer);
    const end = { ...ended, usage: measurement.end(cpuSeconds) };
    const { timedOut } = this.#state.step(this.#step.name);
    // Before the ending is waited for: it may go on for other processes of the step.
    const ending = await this.#ending;
    if (this.#cancelled) return { ...end, cancelled: ending ?? 'before it ran', repeatable: false };
    if (!timedOut) return { ...end, ...(await this.#finish(handle, end)), repeatable: true };
    const late = `it took longer than its timeout of ${writeDuration(this.#step.timeout ?? 0)}`;
    return { ...end, exitCode: null, message: [late, ending].filter(Boolean).join('; '), repeatable: true };
  }

  /** Brings the outputs of a job that ended well. @returns what is to be told of its end */
  async #finish(
    handle: JobHandle,
    { exitCode, at }: Pick<JobEnd, 'exitCode' | 'at'>,
  ): Promise<Partial<JobEnd>> {
    if (exitCode !== 0) return {};
    const { id } = this.#state.execution;
    const { executor } = this.#engine;
    try {
      await executor.fetch(id, this.#step.name, handle, makesOf(this.#step));
      const ranFor = at - (this.#state.step(this.#step.name).attemptStartTime ?? at);
      return { message: await executor.remains(id, this.#step.name, handle, ranFor) };
    } catch (error) {
      return { exitCode: null, message: `its outputs could not be fetched: ${(error as Error).message}` };
    }
  }

  #measure(handle: JobHandle): Measurement {
    const { name, env } = this.#step;
    const { attemptStartTime, usage } = this.#state.step(name);
    return this.#engine.meter.start({
      scope: scopeOf(this.#state, name),
      handle,
      startTime: attemptStartTime ?? Date.now(),
      env,
      known: usage,
      tell: found => {
        if (!this.#detached) void this.#change({ usage: found });
      },
    });
  }

  /** Ends the processes when their time is over, by the clock of whichever daemon started them. */
  #limit(): NodeJS.Timeout | undefined {
    const { timeout } = this.#step;
    if (timeout === undefined) return undefined;
    const { attemptStartTime, timedOut } = this.#state.step(this.#step.name);
    const gone = Date.now() - (attemptStartTime ?? Date.now());
    // A clock that was set back gives no more than the whole time again.
    const left = timedOut ? 0 : Math.min(timeout, Math.max(0, timeout - gone));
    return setTimeout(() => this.#endLate(), left);
  }

  #endLate(): void {
    if (this.#detached || this.#cancelled) return;
    // Kept: a later daemon must not take a step that ends politely for one that ended well.
    void this.#change({ timedOut: true });
    this.#end('took longer than its timeout; asked to end (SIGTERM)');
  }

  #end(message: string): void {
    if (!this.#handle || this.#ending) return;
    const { id } = this.#state.execution;
    this.#ending = this.#engine.executor.cancel(id, this.#step.name, this.#handle, this.#hurry);
    void this.#change({ message });
  }

  /** What is run: the commands, or papermill in their place. */
  #commands(): readonly (readonly string[])[] {
    const { commands, notebook, name } = this.#step;
    if (notebook === undefined) return commands;
    const { id, environment } = this.#state.execution;
    const { notebook: executed } = this.#engine.files.ofStep(id, name);
    rmSync(executed, { force: true });
    return [notebookCommand({ notebook, executed, ownEnvironment: environment !== null })];
  }

  #change(change: Partial<StepRecord>): Promise<void> {
    return this.#state.changeStep(this.#step.name, change);
  }
}

function notStarted(message: string): AttemptEnd {
  return { exitCode: null, at: Date.now(), message, repeatable: true, usage: null };
}

function nothingToRun(): AttemptEnd {
  return { exitCode: 0, at: Date.now(), message: '', repeatable: false, usage: null };
}
