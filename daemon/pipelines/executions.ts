import path from 'node:path';
import { ApiError, invalid, withoutMissing } from '../contract/errors.ts';
import {
  BY_A_PERSON,
  type Concurrency,
  describeStart,
  ENVIRONMENT_LOG,
  EXIT,
  type Execution,
  executionName,
  type LogFindings,
  type StepVersions,
} from '../contract/pipelines.ts';
import type { Principal } from '../contract/principal.ts';
import { EXECUTION_TAG, REPRODUCES_TAG } from '../contract/runs.ts';
import type { Database } from '../database/database.ts';
import { takeRepeatable } from '../database/repeatable.ts';
import type { EventBus } from '../events/bus.ts';
import { newRunId, TAG } from '../tracking/model.ts';
import { decodePageToken, type Page } from '../tracking/pages.ts';
import { Claim } from './claims.ts';
import type { PipelineDefinition } from './definition/model.ts';
import { suggest } from './definition/source.ts';
import { writeEdits } from './dvc/overrides.ts';
import type { Engine } from './engine.ts';
import type { HiddenWords } from './hiding.ts';
import { LiveExecutions } from './live.ts';
import { type LogQuery, searchLog } from './log-search.ts';
import { type LogPart, type LogText, readLog } from './logs.ts';
import {
  type Done,
  doneIn,
  type ExecutionRecord,
  firstStatus,
  hasEnded,
  type KeptExecution,
  toExecution,
  toStepVersions,
} from './model.ts';
import { newStep } from './planner.ts';
import { readProgress } from './progress.ts';
import { newExecutionId, refuseOther, type StartRequest } from './repeat.ts';
import { ExecutionRunner } from './runner.ts';
import type { ExecutionRequest, PipelineService } from './service.ts';
import { ExecutionState, untilWritten } from './state.ts';

/** An execution that another one goes on from. */
interface Resumed {
  readonly id: string;
  /** What succeeded in it. */
  readonly done: Readonly<Record<string, Done>>;
}

/** What executions work with. */
export interface ExecutionParts {
  readonly database: Database;
  readonly events: EventBus;
  readonly engine: Engine;
  /** What runs executions again, elsewhere and for comparison only. */
  readonly reproducing: Engine;
  readonly pipelines: PipelineService;
  /** Whether this daemon is about to stop and takes no new work. */
  readonly draining: () => boolean;
}

/** Executions of the pipelines of a workspace. */
export class ExecutionService {
  readonly #database: Database;
  readonly #events: EventBus;
  readonly #engine: Engine;
  readonly #reproducing: Engine;
  readonly #pipelines: PipelineService;
  readonly #draining: () => boolean;
  /** Requests that are being answered, by the id of their execution. */
  readonly #asked = new Map<string, { request: StartRequest; answer: Promise<Execution> }>();
  readonly #live = new LiveExecutions();
  /** What decides which executions may run, one after the other. */
  #decisions: Promise<unknown> = Promise.resolve();
  readonly #unsubscribe: () => void;

  constructor({ database, events, engine, reproducing, pipelines, draining }: ExecutionParts) {
    this.#reproducing = reproducing;
    this.#draining = draining;
    this.#database = database;
    this.#events = events;
    this.#engine = engine;
    this.#pipelines = pipelines;
    this.#unsubscribe = events.subscribe(event => {
      if (event.topic === 'run' && event.kind === 'created') this.#announceRun(event.id);
      // One that ended, or waits for a person, makes room.
      if (event.topic === 'execution') this.#beginQueued();
    });
  }

  /** How many executions have begun and not ended. */
  get running(): number {
    return this.#live.begun;
  }

  /** Goes on with what an earlier daemon left behind. To be called once, before requests come in. */
  async adopt(): Promise<void> {
    for (const runId of await this.#database.read('pipelines.orphanedRuns', undefined))
      this.#endOrphan(runId);
    const unfinished = await this.#database.read('pipelines.unfinishedExecutions', undefined);
    this.#engine.files.forgetOthers(unfinished.map(({ execution }) => execution.id));
    const isOwn = ({ execution }: KeptExecution) => this.#engine.files.isOwn(execution.id);
    for (const kept of unfinished) if (!isOwn(kept)) await this.#disown(kept);
    // All at once: what runs must hold its mutexes before anything new asks for them.
    for (const kept of unfinished.filter(isOwn)) {
      if (kept.execution.status === 'queued') {
        this.#launch(kept);
        continue;
      }
      const running = kept.steps.filter(step => step.status === 'running').length;
      const remark = `taken over by a new daemon with ${running} ${running === 1 ? 'step' : 'steps'} under way`;
      const execution = { ...kept.execution, message: remark };
      this.#launch({ ...kept, execution });
    }
    this.#beginQueued();
  }

  /**
   * Begins to run a pipeline.
   *
   * It waits while others run that use the same files.
   *
   * @throws ApiError INVALID_PARAMETER_VALUE with `details.problems` for a bad definition, RESOURCE_CONFLICT while
   * another execution of the same file runs, unless `concurrency` says otherwise
   */
  start(request: ExecutionRequest): Promise<Execution> {
    return this.#start(request, undefined);
  }

  /**
   * Runs what is left of an execution that did not succeed, with its parameters.
   *
   * @throws ApiError INVALID_PARAMETER_VALUE when nothing is left, RESOURCE_CONFLICT while it runs, and as `start` does
   */
  async resume(id: string, concurrency: Concurrency): Promise<Execution> {
    const kept = await this.#database.read('pipelines.getExecution', { id });
    const { file, set, only, force, python } = kept.execution;
    const done = doneIn(kept);
    const request = { file, set, only: only ?? undefined, force, concurrency, python: python ?? undefined };
    return this.#start(request, { id, done });
  }

  /**
   * Runs again what an execution ran, as a child of its run: nothing is taken from the cache, nothing is kept for later, and
   * none of it is among the executions of the pipeline.
   *
   * @param id that it gets
   * @param definition what to run: not in the workspace
   */
  async reproduce(id: string, definition: PipelineDefinition, original: ExecutionRecord): Promise<Execution> {
    this.#refuseWhileDraining();
    await this.#refuseHindered(definition, null);
    const { number, runId, set, python = null } = original;
    const runner = await this.#create(
      { id, set, only: null, python, startedBy: BY_A_PERSON },
      definition,
      { force: true, number, reproduces: original.id },
      {
        name: `${executionName(original)} (reproduction)`,
        tags: { [TAG.parentRunId]: runId, [REPRODUCES_TAG]: original.id },
      },
    );
    return runner.state.view;
  }

  /** Resolves when an execution has ended; at once when it has. */
  async ended(id: string): Promise<void> {
    await this.#live.get(id)?.ended;
  }

  #refuseWhileDraining(): void {
    if (this.#draining())
      throw new ApiError('TEMPORARILY_UNAVAILABLE', 'This daemon is about to stop; try again in a moment.');
  }

  /** @param resumed the execution to go on from, and what succeeded in it */
  async #start(request: ExecutionRequest, resumed: Resumed | undefined): Promise<Execution> {
    this.#refuseWhileDraining();
    const repeatable = takeRepeatable();
    const { definition, only } = await this.#pipelines.read(request);
    const { set, startedBy = BY_A_PERSON } = request;
    // One that names its environment has that.
    const python = definition.requirements === null ? (request.python ?? null) : null;
    const asked = { id: newExecutionId(repeatable), file: definition.file, set, only, python, startedBy };
    const same = this.#asked.get(asked.id);
    if (same) {
      refuseOther(same.request, asked);
      return same.answer;
    }
    const answer = this.#decide(() => this.#startOnce(asked, definition, request, resumed)).finally(() =>
      this.#asked.delete(asked.id),
    );
    this.#asked.set(asked.id, { request: asked, answer });
    return answer;
  }

  /** Begins an execution, or finds the one that has the id already. */
  async #startOnce(
    asked: StartRequest,
    definition: PipelineDefinition,
    { force, concurrency = 'skip' }: ExecutionRequest,
    resumed: Resumed | undefined,
  ): Promise<Execution> {
    const { id, only } = asked;
    const started = await withoutMissing(this.#database.read('pipelines.getExecution', { id }));
    if (started) {
      refuseOther(started.execution, asked);
      return this.#show(started);
    }
    await this.#refuseHindered(definition, only);
    const claim = new Claim(definition, only);
    const rivals = this.#live.rivals(claim);
    const [rival] = rivals;
    if (rival && concurrency === 'skip') throw alreadyRunning(rival.state.execution);
    const waitsFor = this.#live.obstacle(claim);
    if (definition.dvc?.edits && waitsFor !== undefined) throw cannotWait(definition, waitsFor);
    const number = await this.#database.read('pipelines.nextNumber', { pipeline: definition.name });
    const runner = await this.#create(asked, writeEdits(definition), { force, number, waitsFor, resumed });
    // What it waits for may have ended meanwhile.
    this.#beginQueued();
    if (concurrency === 'replace') {
      const name = executionName(runner.state.execution);
      await Promise.all(rivals.map(each => each.cancel(false, name)));
    }
    return runner.state.view;
  }

  /** Works once all that was asked before has been decided. */
  #decide<T>(work: () => Promise<T>): Promise<T> {
    const decided = this.#decisions.then(work);
    this.#decisions = decided.catch(() => {});
    return decided;
  }

  /** Newest first. */
  async list(input: {
    file?: string | undefined;
    limit: number;
    pageToken?: string | undefined;
  }): Promise<Page<Execution>> {
    const { file = null, limit, pageToken } = input;
    const offset = decodePageToken(pageToken);
    const kept = await this.#database.read('pipelines.listExecutions', { file, limit, offset });
    return { ...kept, items: await Promise.all(kept.items.map(one => this.#show(one))) };
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  async get(id: string): Promise<Execution> {
    const live = this.#live.get(id)?.state;
    if (live) return this.#show({ execution: live.execution, steps: live.steps });
    return this.#show(await this.#database.read('pipelines.getExecution', { id }));
  }

  /** Asks an execution to end, or ends it by force. Nothing happens when it has ended. */
  async cancel(id: string, force: boolean): Promise<Execution> {
    await this.#live.get(id)?.cancel(force);
    return this.get(id);
  }

  /** A person's answer to a step that waits for one. */
  async decide(
    id: string,
    step: string,
    answer: { approved: boolean; reason: string; principal: Principal },
  ): Promise<Execution> {
    const runner = this.#live.get(id);
    if (!runner) {
      const { status } = await this.get(id);
      throw invalid(`Execution “${id}” does not wait for anybody: it has ${status}.`);
    }
    return this.#decide(async () => {
      const { execution } = runner.state;
      const obstacle = this.#live.obstacle(this.#live.claimOf(runner), runner);
      if (answer.approved && execution.status === 'waiting' && obstacle !== undefined)
        throw new ApiError('RESOURCE_CONFLICT', `${executionName(execution)} cannot go on: it ${obstacle}.`);
      await runner.decide(step, answer.approved, answer.reason, answer.principal);
      return runner.state.view;
    });
  }

  /** What a step worked with; nothing when its commands did not come to run. */
  async versions(id: string, step: string): Promise<{ versions: StepVersions | null }> {
    const { steps } = await this.#database.read('pipelines.getExecution', { id });
    const found = steps.find(({ name }) => name === step);
    if (!found) throw noStep(id, step, steps);
    return { versions: found.inputs && toStepVersions(found.inputs) };
  }

  /** A part of a step's output; `ENVIRONMENT_LOG` in place of a step for that of making the environment. */
  async log(id: string, step: string, part: LogPart): Promise<LogText & { complete: boolean }> {
    const { file, ended, words } = await this.#logOf(id, step);
    const text = readLog(file, part, words, !ended);
    return { ...text, complete: ended && text.nextOffset >= text.size };
  }

  /** Where a text occurs in what a step printed. */
  async searchLog(id: string, step: string, query: LogQuery): Promise<LogFindings> {
    const { file, ended, words } = await this.#logOf(id, step);
    return searchLog(file, query, words, !ended);
  }

  async #logOf(id: string, step: string): Promise<{ file: string; ended: boolean; words: HiddenWords }> {
    const { steps, status } = await this.get(id);
    const { files } = this.#engine;
    const found = steps.find(candidate => candidate.name === step);
    if (!found && step !== ENVIRONMENT_LOG) throw noStep(id, step, steps);
    return {
      file: found ? files.ofStep(id, step).log : files.environmentLog(id),
      ended: found ? hasEnded(found.status) : status !== 'preparing',
      words: files.hiddenWords(id, step),
    };
  }

  /** Ends everything that runs, and waits for it. */
  async cancelRunning(): Promise<void> {
    const running = this.#live.all;
    await Promise.all(running.map(runner => runner.cancel(false)));
    await Promise.all(running.map(runner => runner.ended));
  }

  /** Lets go: what runs goes on, for the next daemon to take over. */
  async close(): Promise<void> {
    this.#unsubscribe();
    for (const runner of this.#live.all) runner.detach();
    await Promise.all([this.#engine.close(), this.#reproducing.close()]);
  }

  async #create(
    { id, set, only, python, startedBy }: Omit<StartRequest, 'file'>,
    definition: PipelineDefinition,
    how: {
      force: boolean;
      number: number;
      waitsFor?: string | undefined;
      resumed?: Resumed | undefined;
      reproduces?: string;
    },
    shown: { name?: string; tags?: Readonly<Record<string, string>> } = {},
  ): Promise<ExecutionRunner> {
    const { force, number, waitsFor, resumed, reproduces = null } = how;
    const pipeline = definition.name;
    const name = shown.name ?? executionName({ pipeline, number });
    const runId = newRunId();
    const tags = {
      'mlflow.source.type': 'PROJECT',
      'mlflow.source.name': definition.file,
      [EXECUTION_TAG]: id,
      'modelthat.pipeline': pipeline,
      'modelthat.started_by': describeStart(startedBy),
      ...shown.tags,
    };
    const execution: Omit<ExecutionRecord, 'experimentId'> = {
      id,
      pipeline,
      number,
      file: definition.file,
      status:
        waitsFor === undefined
          ? firstStatus({ definition, environment: null, python, reproduces })
          : 'queued',
      runId,
      startTime: Date.now(),
      endTime: null,
      message: waitsFor ?? '',
      startedBy,
      set: { ...set },
      python,
      code: null,
      host: null,
      resumes: resumed?.id ?? null,
      reproduces,
      exitCode: null,
      versions: [],
      definition,
      only,
      force,
      ...(resumed && { done: resumed.done }),
      environment: null,
    };
    const steps = definition.steps.map(({ name }) => newStep(name, only));
    try {
      const run = { id: runId, name, tags, queued: waitsFor !== undefined };
      const experimentId = await this.#engine.runs.startExecution(run, definition);
      const kept = { execution: { ...execution, experimentId }, steps };
      this.#engine.files.create(id);
      await this.#database.write('pipelines.createExecution', kept);
      this.#events.publish({ topic: 'execution', id, kind: 'created' });
      return this.#launch(kept);
    } catch (error) {
      this.#engine.files.forget(id);
      this.#endOrphan(runId);
      throw error;
    }
  }

  /** Ends a run whose execution was never recorded; on a full disk, once there is room. */
  #endOrphan(runId: string): void {
    const endTime = Date.now();
    // When the daemon stops before it could, the next one does it.
    untilWritten(() => this.#engine.runs.end(runId, 'FAILED', endTime)).catch(() => {});
  }

  /** Before anything runs. @throws ApiError when a step that is asked for cannot run here */
  async #refuseHindered({ steps }: PipelineDefinition, only: readonly string[] | null): Promise<void> {
    const asked = steps.filter(
      ({ name, unless }) => unless === undefined && (only === null || only.includes(name)),
    );
    for (const step of asked) {
      const hindrance = await this.#engine.hindrance(step);
      if (hindrance !== undefined) throw invalid(`“${step.name}” cannot run: ${hindrance}.`);
    }
  }

  #beginQueued(): void {
    if (!this.#draining()) this.#live.beginQueued();
  }

  /** Goes on with an execution, unless it is queued. */
  #launch(kept: KeptExecution): ExecutionRunner {
    const engine = kept.execution.reproduces ? this.#reproducing : this.#engine;
    const runner = new ExecutionRunner(new ExecutionState(kept, this.#database, this.#events), engine);
    this.#live.add(runner);
    if (kept.execution.status !== 'queued') runner.start();
    return runner;
  }

  /** Ends an execution that came with the store: a cloned repository must bring no command to run. */
  async #disown(kept: KeptExecution): Promise<void> {
    const state = new ExecutionState(kept, this.#database, this.#events);
    const endTime = Date.now();
    const message = 'it was begun by another user or in another folder, and is not gone on with here';
    for (const { name, status } of kept.steps)
      if (!hasEnded(status)) await state.changeStep(name, { status: 'cancelled', endTime, message });
    await this.#engine.runs.end(kept.execution.runId, 'KILLED', endTime);
    await state.change({ status: 'cancelled', exitCode: EXIT.cancelled, endTime, message });
  }

  /** What clients see, with the metrics of running steps as they are now. */
  async #show(kept: KeptExecution): Promise<Execution> {
    const state = this.#live.get(kept.execution.id)?.state;
    if (!state) return toExecution(kept);
    const found = await Promise.all(
      state.steps.map(async ({ name, status, reservedRunId }) => {
        if (status !== 'running') return undefined;
        const { files } = this.#engine;
        const { id } = state.execution;
        const progress = readProgress(files.ofStep(id, name), files.hiddenWords(id, name));
        return { ...(await this.#engine.runs.progress(reservedRunId)), progress };
      }),
    );
    return { ...state.view, steps: state.view.steps.map((step, index) => ({ ...step, ...found[index] })) };
  }

  /** The first run that a step's code starts is the step's: whoever shows the step wants to know. */
  #announceRun(runId: string): void {
    for (const { state } of this.#live.all) {
      const step = state.steps.find(candidate => candidate.reservedRunId === runId);
      const { id } = state.execution;
      if (step)
        this.#events.publish({ topic: 'step', id: `${id}/${step.name}`, kind: 'updated', parent: id });
    }
  }
}

function noStep(id: string, step: string, steps: readonly { readonly name: string }[]): ApiError {
  const names = steps.map(({ name }) => name);
  return invalid(`Execution “${id}” has no step “${step}”. ${suggest(step, names)}`);
}

/** Its values would be in the files that the other one still reads. */
function cannotWait({ name, dvc }: PipelineDefinition, waitsFor: string): ApiError {
  const files = Object.keys(dvc?.edits ?? {}).map(file => path.basename(file));
  return new ApiError(
    'RESOURCE_CONFLICT',
    `“${name}” ${waitsFor}, and other parameters would change ${files.join(', ')} meanwhile. Start it once that has ended.`,
  );
}

function alreadyRunning(rival: ExecutionRecord): ApiError {
  const state = rival.status === 'queued' ? 'is queued already' : 'is already running';
  return new ApiError(
    'RESOURCE_CONFLICT',
    `“${rival.pipeline}” ${state} (execution ${rival.id}), and both would write the same files. Wait for it, cancel it, or ` +
      'queue this one behind it (modelthat run --queue).',
    { execution: rival.id },
  );
}
