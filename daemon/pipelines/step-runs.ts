import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ArtifactService } from '../artifacts/service.ts';
import { storePathOf } from '../artifacts/uri.ts';
import { ApiError, withoutMissing } from '../contract/errors.ts';
import type { StepExecution } from '../contract/pipelines.ts';
import type { ExecutionScope } from '../contract/principal.ts';
import { EXECUTION_TAG, type Run, type RunStatus } from '../contract/runs.ts';
import type { Database } from '../database/database.ts';
import { BATCH_LIMITS, checkBatch, type KeyValue, type MetricPoint } from '../tracking/model.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { PipelineDefinition } from './definition/model.ts';
import { flatten } from './definition/template.ts';

/** What MLflow logs when it measures the machine, and nobody else: then it is to do so alone. */
const LOGGED_BY_MLFLOW = 'system/disk_usage_percentage';

/** How many child runs of a step are searched for its model. */
const MAX_CHILDREN = 1_000;
/** How deep below its execution's run a run may lie. */
const MAX_DEPTH = 20;

/** A file or folder, and the path that it is kept under. */
export interface KeptFile {
  readonly file: string;
  readonly name: string;
}

/** The runs that an execution and its steps have in tracking. */
export class StepRuns {
  readonly #tracking: TrackingService;
  readonly #artifacts: ArtifactService;
  readonly #database: Database;

  constructor(tracking: TrackingService, artifacts: ArtifactService, database: Database) {
    this.#tracking = tracking;
    this.#artifacts = artifacts;
    this.#database = database;
  }

  /**
   * Starts the run of an execution, with the pipeline's parameters, in the experiment of the pipeline's name.
   *
   * @param run.id the id it gets
   * @param run.queued whether it is to begin later
   * @returns the experiment's id
   */
  async startExecution(
    run: { id: string; name: string; tags: Readonly<Record<string, string>>; queued: boolean },
    definition: PipelineDefinition,
  ): Promise<string> {
    const { id, name, tags, queued } = run;
    const batches = chunks(toParams(definition.params), BATCH_LIMITS.params).map(params => {
      const batch = { metrics: [], params, tags: [] };
      // Before anything is made: a refusal must leave no run behind.
      checkBatch(batch);
      return batch;
    });
    const experimentId = await this.#experiment(definition.name);
    await this.#tracking.createRun({
      id,
      name,
      experimentId,
      scheduled: queued,
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    });
    for (const batch of batches) await this.#tracking.logBatch(id, batch);
    return experimentId;
  }

  /** The run of an execution that was queued goes on from here. */
  async begin(runId: string): Promise<void> {
    await this.#tracking.updateRun(runId, { status: 'RUNNING' });
  }

  /**
   * Logs metrics, and the parameters they came from, to a step's run, which is made when the step's code started none.
   *
   * @param params plain values by dotted name; what the code logged itself stays as it did
   */
  async log(
    scope: ExecutionScope,
    metrics: readonly MetricPoint[],
    params: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const run = await this.#ensure(scope);
    const own = toParams(params).filter(({ key }) => !Object.hasOwn(run.params, key));
    for (const part of chunks(own, BATCH_LIMITS.params)) {
      await this.#tracking.logBatch(scope.runId, { metrics: [], params: part, tags: [] });
    }
    for (const part of chunks(metrics, BATCH_LIMITS.metrics)) {
      await this.#tracking.logBatch(scope.runId, { metrics: part, params: [], tags: [] });
    }
  }

  /** Logs what a step takes of the machine to its run. A step that has none gets none; nor is MLflow doubled. */
  async logSystem(runId: string, metrics: readonly MetricPoint[]): Promise<void> {
    const run = await withoutMissing(this.#tracking.getRun(runId));
    if (run?.status !== 'RUNNING' || LOGGED_BY_MLFLOW in run.metrics) return;
    await this.#tracking.logBatch(runId, { metrics, params: [], tags: [] });
  }

  /** Keeps files, or all files of folders, as artifacts of a step's run. */
  async keepFiles(scope: ExecutionScope, files: readonly KeptFile[]): Promise<void> {
    if (files.length === 0) return;
    const run = await this.#ensure(scope);
    const place = storePathOf(run.artifactUri);
    if (place === undefined) return;
    for (const { file, name } of files) {
      const stats = await stat(file);
      const parts = stats.isDirectory()
        ? await readdir(file, { recursive: true, withFileTypes: true })
        : undefined;
      const below = parts
        ?.filter(part => part.isFile())
        .map(part => path.join(part.parentPath, part.name)) ?? [file];
      for (const each of below) {
        const inside = path.relative(file, each).split(path.sep).join('/');
        const target = path.posix.join(place, name, inside);
        await this.#artifacts.upload(target, createReadStream(each));
      }
    }
  }

  /** The run of a step, made when the step's code started none. */
  async #ensure(scope: ExecutionScope): Promise<Run> {
    const run = await withoutMissing(this.#tracking.getRun(scope.runId));
    return run ?? this.#tracking.createRun({ experimentId: scope.experimentId, tags: [] }, scope);
  }

  /** A run and the runs right below it; none when there is no such run. */
  async withChildren(runId: string): Promise<string[]> {
    if (!(await withoutMissing(this.#tracking.getRun(runId)))) return [];
    const { items } = await this.#tracking.searchRuns({
      parentId: runId,
      filter: '',
      orderBy: [],
      view: 'active',
      limit: MAX_CHILDREN,
    });
    return [runId, ...items.map(run => run.id)];
  }

  /** Ends a run and those below it, as far as they have not ended. Nothing happens when there is no such run. */
  async end(runId: string, status: RunStatus, at: number): Promise<void> {
    await this.#tracking.endRunTree({ runId, status, endTime: at });
  }

  /** The step's run if there is one, and the metric it logged last. */
  async progress(runId: string): Promise<Pick<StepExecution, 'runId' | 'metric'>> {
    const run = await withoutMissing(this.#tracking.getRun(runId));
    return run ? { runId, metric: newestMetric(run) } : { runId: null, metric: null };
  }

  /** The pipeline's file of the execution that a run belongs to; undefined when it belongs to none. */
  async definitionOf(runId: string): Promise<string | undefined> {
    let id = runId;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const run = await withoutMissing(this.#tracking.getRun(id));
      // A step whose code has logged to other experiments alone has no run yet.
      if (!run) return (await this.#database.read('pipelines.fileOfStepRun', { runId: id })) ?? undefined;
      if (run.tags[EXECUTION_TAG] !== undefined) return run.tags['mlflow.source.name'];
      if (run.parentId === null) return undefined;
      id = run.parentId;
    }
    return undefined;
  }

  async #experiment(name: string): Promise<string> {
    const found = await withoutMissing(this.#tracking.experiments.find(name));
    if (!found) return (await this.#tracking.experiments.create({ name })).id;
    if (found.lifecycle === 'active') return found.id;
    throw new ApiError(
      'RESOURCE_CONFLICT',
      `The experiment “${name}” is in the bin; restore it, or give the pipeline another name.`,
    );
  }
}

function newestMetric(run: Run): StepExecution['metric'] {
  const [newest] = Object.entries(run.metrics)
    .filter(([key]) => !key.startsWith('system/'))
    .toSorted(([, a], [, b]) => b.timestamp - a.timestamp || b.step - a.step);
  return newest ? { key: newest[0], value: newest[1].last, step: newest[1].step } : null;
}

/** Params of a run: texts as they are, other values as JSON; characters that a key cannot have become `_`. */
function toParams(params: unknown): KeyValue[] {
  const entries = Object.entries(flatten(params)).map(([key, value]): [string, string] => [
    key.replace(/[^/\p{L}\p{N}_.\- :]/gu, '_'),
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return [...new Map(entries)].map(([key, value]) => ({ key, value }));
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
