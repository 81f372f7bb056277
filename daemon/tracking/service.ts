/** What tracking offers to every face (native API, MLflow, pipelines): checked input, typed errors, events. */
import type { ExecutionScope } from '../contract/principal.ts';
import {
  type DatasetInput,
  HEARTBEAT_LIMIT_MS,
  type Run,
  type RunInfo,
  type RunStatus,
} from '../contract/runs.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import { ExperimentService } from './experiments.ts';
import {
  type Batch,
  checkBatch,
  checkKey,
  checkLength,
  checkMetric,
  type KeyValue,
  type MetricPoint,
} from './model.ts';
import { decodeHistoryToken, type Page } from './pages.ts';
import type { SeriesRequest } from './store/curves.ts';
import type { HistoryPoint, ModelPoint } from './store/history.ts';
import type { CurveList } from './store/run-curves.ts';
import type { RunList, RunScope } from './store/run-list.ts';
import type { NewRun, RunChange, Touched } from './store/runs.ts';
import type { RunSearch } from './store/search-runs.ts';

export class TrackingService {
  readonly experiments: ExperimentService;
  readonly #database: Database;
  readonly #events: EventBus;

  constructor(database: Database, events: EventBus) {
    this.#database = database;
    this.#events = events;
    this.experiments = new ExperimentService(database, events);
  }

  // --- runs ---

  /**
   * Starts a run.
   *
   * @param within the step that the caller's token was made for: its first run in the step's experiment is the step's own
   * run (with the scope's id, below the execution's run), later ones are children of that; a run in another experiment is
   * one of its own there, tagged with the step's run as parent
   */
  async createRun(input: NewRun, within?: ExecutionScope): Promise<Run> {
    for (const tag of input.tags) checkKey(tag.key, 'Tag key', 'tags');
    const run = await this.#database.write('tracking.createRun', { run: input, within });
    this.#events.publish({ topic: 'run', id: run.id, kind: 'created', parent: run.experimentId });
    return run;
  }

  /** Deleted ones too. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  getRun(runId: string): Promise<Run> {
    return this.#database.read('tracking.getRun', { runId });
  }

  /** Runs by MLflow's filter language, newest first unless ordered. */
  searchRuns(search: RunSearch): Promise<Page<Run>> {
    return this.#database.read('tracking.searchRuns', search);
  }

  /** Like `getRun`, already serialised (UTF-8 JSON). */
  getRunJson(runId: string): Promise<Uint8Array> {
    return this.#database.readJson('tracking.getRun', { runId });
  }

  /** Like `searchRuns`, already serialised (UTF-8 JSON). */
  searchRunsJson(search: RunSearch): Promise<Uint8Array> {
    return this.#database.readJson('tracking.searchRuns', search);
  }

  /** The order of all runs of a search, serialised (UTF-8 JSON). */
  listRunIdsJson(list: RunList): Promise<Uint8Array> {
    return this.#database.readJson('tracking.listRunIds', list);
  }

  /** Metrics, params and tags of all runs of a search, serialised (UTF-8 JSON). */
  describeRunColumnsJson(scope: RunScope): Promise<Uint8Array> {
    return this.#database.readJson('tracking.describeRunColumns', scope);
  }

  /** Small curves of many runs, serialised (UTF-8 JSON). */
  listCurvesJson(list: CurveList): Promise<Uint8Array> {
    return this.#database.readJson('tracking.listCurves', list);
  }

  /** Changes what is given and leaves the rest. */
  async updateRun(runId: string, change: RunChange): Promise<RunInfo> {
    for (const key of Object.keys(change.tags ?? {})) checkKey(key, 'Tag key', 'tags');
    const info = await this.#database.write('tracking.updateRun', { runId, ...change });
    this.#events.publish({ topic: 'run', id: runId, kind: 'updated', parent: info.experimentId });
    return info;
  }

  /** Ends a run and the runs below it, as far as they have not ended: what started them has. */
  async endRunTree(input: { runId: string; status: RunStatus; endTime: number }): Promise<void> {
    const ended = await this.#database.write('tracking.endRunTree', input);
    for (const touched of ended) this.#announce(touched, 'updated');
  }

  /** Moves a run to the bin; does nothing when it is there. */
  async deleteRun(runId: string): Promise<void> {
    const touched = await this.#database.write('tracking.setRunLifecycle', { runId, lifecycle: 'deleted' });
    this.#announce(touched, 'deleted');
  }

  /** Takes a run out of the bin; does nothing when it is not there. */
  async restoreRun(runId: string): Promise<void> {
    const touched = await this.#database.write('tracking.setRunLifecycle', { runId, lifecycle: 'active' });
    this.#announce(touched, 'created');
  }

  /** Moves all of these runs to the bin, or none when one is unknown. */
  async deleteRuns(runIds: readonly string[]): Promise<void> {
    const input = { runIds, lifecycle: 'deleted' as const };
    for (const touched of await this.#database.write('tracking.setRunsLifecycle', input))
      this.#announce(touched, 'deleted');
  }

  /** Takes all of these runs out of the bin, or none when one is unknown. */
  async restoreRuns(runIds: readonly string[]): Promise<void> {
    const input = { runIds, lifecycle: 'active' as const };
    for (const touched of await this.#database.write('tracking.setRunsLifecycle', input))
      this.#announce(touched, 'created');
  }

  /** Sets tags of all of these runs, and removes those that are null; none when one run is unknown or in the bin. */
  async tagRuns(runIds: readonly string[], tags: Readonly<Record<string, string | null>>): Promise<void> {
    for (const key of Object.keys(tags)) checkKey(key, 'Tag key', 'tags');
    for (const touched of await this.#database.write('tracking.tagRuns', { runIds, tags }))
      this.#announce(touched, 'updated');
  }

  // --- logging ---

  async logMetric(runId: string, point: MetricPoint): Promise<void> {
    checkMetric(point);
    await this.#log(runId, { metrics: [point], params: [], tags: [] });
  }

  async logParam(runId: string, param: KeyValue): Promise<void> {
    checkKey(param.key, 'Param key', 'key');
    await this.#log(runId, { metrics: [], params: [param], tags: [] });
  }

  async setTag(runId: string, tag: KeyValue): Promise<void> {
    checkKey(tag.key, 'key', 'key');
    await this.#log(runId, { metrics: [], params: [], tags: [tag] });
  }

  /** Logs all of a batch or nothing of it. */
  async logBatch(runId: string, batch: Batch): Promise<void> {
    checkBatch(batch);
    await this.#log(runId, batch);
  }

  /**
   * Logs the JSON body of MLflow's `runs/log-batch`, which is parsed and checked in the writer thread: for the call that
   * is made most and carries most.
   *
   * @param body UTF-8; moves to the writer thread and is empty afterwards
   */
  async logBatchBody(body: ArrayBuffer): Promise<void> {
    this.#announce(await this.#database.write('tracking.logBatchBody', { body }, [body]), 'updated');
  }

  async deleteTag(runId: string, key: string): Promise<void> {
    this.#announce(await this.#database.write('tracking.deleteTag', { runId, key }), 'updated');
  }

  /** Appends to the list of logged models that MLflow 2 keeps in a tag of the run. */
  async appendModelHistory(runId: string, model: Readonly<Record<string, unknown>>): Promise<void> {
    this.#announce(await this.#database.write('tracking.appendModelHistory', { runId, model }), 'updated');
  }

  async logInputs(
    runId: string,
    datasets: readonly DatasetInput[],
    modelIds: readonly string[],
  ): Promise<void> {
    for (const dataset of datasets) checkDataset(dataset);
    this.#announce(
      await this.#database.write('tracking.logInputs', { runId, datasets, modelIds }),
      'updated',
    );
  }

  async logOutputs(runId: string, models: readonly { modelId: string; step: number }[]): Promise<void> {
    this.#announce(await this.#database.write('tracking.logOutputs', { runId, models }), 'updated');
  }

  /** The run's client lives: from the first call on, silence means LOST. */
  async heartbeat(runId: string): Promise<void> {
    const touched = await this.#database.write('tracking.heartbeat', { runId });
    if (touched.revived) this.#announce(touched, 'updated');
  }

  /** Gives up runs whose heartbeats stopped. To be called every few seconds. @param now milliseconds since the epoch */
  async loseSilentRuns(now = Date.now()): Promise<void> {
    const lost = await this.#database.write('tracking.loseSilentRuns', {
      silentSince: now - HEARTBEAT_LIMIT_MS,
    });
    for (const touched of lost) this.#announce(touched, 'updated');
  }

  /** To be called when the clock was set to another time. @param by how far, in milliseconds */
  async clockMoved(by: number, now = Date.now()): Promise<void> {
    await this.#database.write('tracking.moveHeartbeats', { by, now });
  }

  // --- reading ---

  /** How many RUNNING runs were written to since a time (milliseconds since the epoch). */
  countRunning(since: number): Promise<number> {
    return this.#database.read('tracking.countRunning', { since });
  }

  /**
   * A page of a metric's points by (timestamp, step, value), as the JSON that MLflow's clients read, serialised; unknown
   * runs and metrics have none.
   */
  async metricHistoryBody(input: {
    runId: string;
    key: string;
    limit: number;
    pageToken?: string | undefined;
  }): Promise<Uint8Array> {
    const { pageToken, ...part } = input;
    const after = decodeHistoryToken(pageToken);
    return this.#database.readJson('tracking.metricHistoryBody', { ...part, after });
  }

  /** At most `limit` points of one metric of several runs, by run and then (timestamp, step, value). */
  metricHistories(input: { runIds: readonly string[]; key: string; limit: number }): Promise<HistoryPoint[]> {
    return this.#database.read('tracking.metricHistories', input);
  }

  /** Points of one metric of several runs at about `limit` even steps, each run's first and last among them. */
  sampledHistories(input: {
    runIds: readonly string[];
    key: string;
    limit: number;
    startStep?: number | undefined;
    endStep?: number | undefined;
  }): Promise<HistoryPoint[]> {
    return this.#database.read('tracking.sampledHistories', input);
  }

  /** Curves for charts, each in at most `buckets` buckets, serialised (UTF-8 JSON of `{ series }`). */
  metricSeriesJson(input: SeriesRequest): Promise<Uint8Array> {
    return this.#database.readJson('tracking.metricSeries', input);
  }

  /** Every point that was measured on one of these logged models. */
  modelMetrics(modelIds: readonly string[]): Promise<ModelPoint[]> {
    return this.#database.read('tracking.modelMetrics', { modelIds });
  }

  async #log(runId: string, batch: Batch): Promise<void> {
    this.#announce(await this.#database.write('tracking.logBatch', { runId, batch }), 'updated');
  }

  #announce(touched: Touched, kind: 'created' | 'updated' | 'deleted'): void {
    this.#events.publish({ topic: 'run', id: touched.runId, kind, parent: touched.experimentId });
  }
}

/** Longest texts of a data set input, in characters. */
const DATASET_LENGTHS = {
  name: 500,
  digest: 36,
  source: 65535,
  schema: 1_048_575,
  profile: 16_777_215,
} as const;

function checkDataset(dataset: DatasetInput): void {
  for (const [field, limit] of Object.entries(DATASET_LENGTHS))
    checkLength(dataset[field as keyof typeof DATASET_LENGTHS] ?? '', limit, field);
  for (const [key, value] of Object.entries(dataset.tags)) {
    checkLength(key, 255, 'Input tag key');
    checkLength(value, 500, 'Input tag value');
  }
}
