/** Evaluations of model versions, each kept by a run in the experiment that the version is from. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type * as z from 'zod';
import type { ArtifactService } from '../artifacts/service.ts';
import { storePathOf } from '../artifacts/uri.ts';
import type { SliceEvidence } from '../contract/approvals.ts';
import { ApiError, invalid, missing, withoutMissing } from '../contract/errors.ts';
import { type Evaluation, EvaluationResult, type startEvaluation } from '../contract/evaluations.ts';
import type { ModelVersion } from '../contract/models.ts';
import type { Run } from '../contract/runs.ts';
import { decodeDouble } from '../contract/values.ts';
import type { RegistryService } from '../registry/service.ts';
import type { FindPython, ServableModels } from '../serving/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import { evaluationsOf, RESULT_FILE, TAGS, toEvaluation } from './model.ts';
import { picturesOf } from './pictures.ts';
import { runProgram, type Work } from './program.ts';

/** So often a run that goes on says that it does, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** Evaluations that a list has. */
const LISTED = 50;

/** Characters of a message that are kept. */
const MESSAGE_LENGTH = 2_000;

/** What is asked for. */
export type EvaluationRequest = z.output<(typeof startEvaluation)['body'] & z.ZodType>;

/** What the service is built from. */
export interface EvaluationParts {
  readonly registry: RegistryService;
  readonly tracking: TrackingService;
  readonly artifacts: ArtifactService;
  readonly models: ServableModels;
  readonly findPython: FindPython;
  /** A private folder. */
  readonly scratch: string;
  /** Told of failures that no person can act on. */
  readonly defect: (error: unknown) => void;
}

interface Job {
  readonly run: Run;
  readonly request: EvaluationRequest;
  readonly version: ModelVersion;
  readonly champion: ModelVersion | undefined;
  readonly controller: AbortController;
  message: string;
  /** Settles when it has ended, however it did. */
  ended: Promise<void>;
}

/** Has versions predict data sets, and judges what they predict. */
export class EvaluationService {
  readonly #parts: EvaluationParts;
  /** Those that run, by the id of their run. */
  readonly #jobs = new Map<string, Job>();

  constructor(parts: EvaluationParts) {
    this.#parts = parts;
  }

  /**
   * Starts an evaluation. What is wrong with the data or the model is told by how it ends.
   *
   * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such version or file, INVALID_PARAMETER_VALUE
   */
  async start(request: EvaluationRequest, user: string): Promise<Evaluation> {
    await requireFile(request.data);
    const { registry, tracking } = this.#parts;
    const { version } = await registry.resolve(request.model, request.target);
    const champion = await this.#championOf(version, request.against);
    const source = version.runId === null ? undefined : await withoutMissing(tracking.getRun(version.runId));
    const tags = {
      [TAGS.model]: version.name,
      [TAGS.version]: String(version.version),
      [TAGS.data]: request.data,
      ...(champion && { [TAGS.champion]: String(champion.version) }),
    };
    const run = await tracking.createRun({
      experimentId: source?.experimentId,
      name: `evaluate ${version.name} ${version.version}`,
      user,
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    });
    const job: Job = {
      run,
      request,
      version,
      champion,
      controller: new AbortController(),
      message: 'starting',
      ended: Promise.resolve(),
    };
    this.#jobs.set(run.id, job);
    job.ended = this.#run(job).finally(() => this.#jobs.delete(run.id));
    return this.get(run.id);
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  async get(runId: string): Promise<Evaluation> {
    const run = await this.#parts.tracking.getRun(runId);
    const result = run.status === 'FINISHED' ? await this.#readResult(run) : null;
    const evaluation = toEvaluation(run, result);
    if (!evaluation) throw missing(`The run ${runId} is no evaluation.`);
    const job = this.#jobs.get(runId);
    return evaluation.state === 'running' && job ? { ...evaluation, message: job.message } : evaluation;
  }

  /** The newest evaluations of a model, newest first. One that cannot be read, as anybody who logs can write it, is left out. */
  async list(model: string): Promise<Evaluation[]> {
    const read = await Promise.allSettled((await this.#runsOf(model)).map(run => this.get(run.id)));
    return read.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []));
  }

  /** The slices of a version's newest evaluation that has some, beside those of the champion on the same data set. */
  async slices(model: string, version: number, champion: number | undefined): Promise<SliceEvidence[]> {
    // Their evaluations cannot be searched for.
    if (model.includes("'") && model.includes('"')) return [];
    const sliced = (await this.list(model)).filter(({ result }) => result && result.slices.length > 0);
    const own = sliced.find(each => each.version === version);
    if (!own?.result) return [];
    const other = sliced.find(each => each.version === champion && each.data === own.data);
    const { metric, slices } = own.result;
    return slices.map(({ column, value, rows, metrics }) => {
      const same = other?.result?.slices.find(each => each.column === column && each.value === value);
      return {
        ...{ data: path.basename(own.data), column, value, rows, metric },
        candidate: metrics[metric] ?? null,
        champion: same?.metrics[metric] ?? null,
      };
    });
  }

  /** Ends an evaluation and waits until nothing of it runs. One that has ended stays as it is. */
  async cancel(runId: string): Promise<Evaluation> {
    const job = this.#jobs.get(runId);
    job?.controller.abort();
    await job?.ended;
    return this.get(runId);
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    const jobs = [...this.#jobs.values()];
    for (const job of jobs) job.controller.abort();
    await Promise.all(jobs.map(job => job.ended));
  }

  async #runsOf(model: string): Promise<readonly Run[]> {
    const { items } = await this.#parts.tracking.searchRuns({
      filter: evaluationsOf(model),
      orderBy: [],
      view: 'active',
      limit: LISTED,
    });
    return items;
  }

  async #championOf(
    version: ModelVersion,
    against: EvaluationRequest['against'],
  ): Promise<ModelVersion | undefined> {
    if (against === 'none') return undefined;
    const { registry } = this.#parts;
    if (against === 'champion') {
      const champion = await registry.versionInStage(version.name, 'Production');
      return champion?.version === version.version ? undefined : champion;
    }
    if (against === version.version)
      throw invalid(
        `${version.name} version ${against} cannot be compared with itself: name another version.`,
      );
    return (await registry.resolve(version.name, { version: against })).version;
  }

  async #run(job: Job): Promise<void> {
    const { tracking, defect } = this.#parts;
    const { run, request, controller } = job;
    const timeout = AbortSignal.timeout(request.timeoutSeconds * 1000);
    const scratch = path.join(this.#parts.scratch, run.id);
    const work: Work = { id: run.id, scratch, signal: AbortSignal.any([controller.signal, timeout]) };
    const beat = () => void tracking.heartbeat(run.id).catch(defect);
    const heart = setInterval(beat, HEARTBEAT_MS);
    beat();
    try {
      await fs.mkdir(scratch, { recursive: true, mode: 0o700 });
      await this.#keep(job, await this.#judge(job, work));
    } catch (error) {
      await this.#fail(job, timeout.aborted ? timedOut(request) : error).catch(defect);
    } finally {
      clearInterval(heart);
      await fs.rm(scratch, { recursive: true, force: true }).catch(defect);
    }
  }

  async #judge(job: Job, work: Work): Promise<EvaluationResult> {
    const { request, version, champion } = job;
    const { data } = request;
    const candidate = await this.#predict(job, work, version, request.column ?? null);
    // Of the same column as the candidate's.
    const column = request.column ?? (await readJson<{ target: string }>(candidate.out)).target;
    const beside = champion && (await this.#predict(job, work, champion, column));
    job.message = beside ? 'comparing' : 'measuring';
    const result = await runProgram(work, candidate.python, 'result', {
      data,
      predictions: candidate.out,
      champion: beside?.out ?? null,
      metric: request.metric ?? null,
      custom: request.custom ?? null,
      greaterIsBetter: request.greaterIsBetter,
      slices: request.slices,
      seed: request.seed,
      resamples: request.resamples,
    });
    return EvaluationResult.parse(await readJson(result));
  }

  async #predict(
    job: Job,
    work: Work,
    { name, version }: ModelVersion,
    target: string | null,
  ): Promise<{ python: string; out: string }> {
    job.message = `version ${version} is predicting`;
    const servable = await this.#parts.models.resolve(name, { version });
    const { folder } = servable;
    await fs.access(path.join(folder, 'MLmodel')).catch(() => {
      throw invalid(`${name} version ${version} has no MLmodel file: log it as an MLflow model.`);
    });
    const python = await this.#parts.findPython(servable, line => {
      job.message = line;
    });
    const request = { model: folder, data: job.request.data, target };
    return { python, out: await runProgram(work, python, `version-${version}`, request) };
  }

  /** Keeps the result: in the run, and as metrics of the version. */
  async #keep({ run, request, version }: Job, result: EvaluationResult): Promise<void> {
    const { tracking, artifacts, registry } = this.#parts;
    const digest = await digestOf(request.data);
    const dataset = { name: path.basename(request.data), digest, sourceType: 'local', source: request.data };
    await tracking.logInputs(run.id, [{ ...dataset, tags: { 'mlflow.data.context': 'evaluation' } }], []);
    const timestamp = Date.now();
    await tracking.logBatch(run.id, {
      metrics: Object.entries(result.metrics).map(([key, value]) => ({
        key,
        value: decodeDouble(value),
        timestamp,
        step: 0,
      })),
      params: [
        { key: 'seed', value: String(request.seed) },
        { key: 'resamples', value: String(request.resamples) },
      ],
      tags: [],
    });
    const files = { [RESULT_FILE]: JSON.stringify(result), ...picturesOf(result) };
    for (const [name, content] of Object.entries(files))
      await artifacts.upload(artifactPath(run, name), Readable.from([Buffer.from(content)]));
    const { name } = version;
    const found = { gates: [], metrics: result.metrics, of: dataset.name };
    await registry.recordEvaluation({ name, version: version.version, runId: run.id, ...found });
    await tracking.updateRun(run.id, { status: 'FINISHED', endTime: Date.now() });
  }

  async #fail({ run, controller }: Job, error: unknown): Promise<void> {
    const cancelled = controller.signal.aborted;
    if (!cancelled && !(error instanceof ApiError)) this.#parts.defect(error);
    const told = error instanceof ApiError ? error.message : 'A defect ended it; the log has more.';
    await this.#parts.tracking.updateRun(run.id, {
      status: cancelled ? 'KILLED' : 'FAILED',
      endTime: Date.now(),
      tags: cancelled ? {} : { [TAGS.message]: told.slice(0, MESSAGE_LENGTH) },
    });
  }

  /** Null when the artifact was deleted. */
  async #readResult(run: Run): Promise<EvaluationResult | null> {
    const opened = await withoutMissing(this.#parts.artifacts.open(artifactPath(run, RESULT_FILE)));
    return opened ? EvaluationResult.parse(JSON.parse(String(await buffer(await opened.read())))) : null;
  }
}

function artifactPath({ artifactUri }: Run, name: string): string {
  const place = storePathOf(artifactUri);
  if (place === undefined)
    throw invalid(`The artifacts of the run are at ${artifactUri}, not in this store.`);
  return `${place}/${name}`;
}

function timedOut({ timeoutSeconds }: EvaluationRequest): ApiError {
  return new ApiError('BAD_REQUEST', `It did not end within ${timeoutSeconds} s and was ended.`);
}

async function requireFile(file: string): Promise<void> {
  if (!path.isAbsolute(file)) throw invalid(`data is "${file}"; it must be an absolute path.`);
  const status = await fs.stat(file).catch(() => undefined);
  if (!status?.isFile()) throw missing(`There is no data set ${file}.`);
}

async function readJson<Shape = unknown>(file: string): Promise<Shape> {
  return JSON.parse(await fs.readFile(file, 'utf8')) as Shape;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  // MLflow's own limit of a digest is 36 characters.
  return hash.digest('hex').slice(0, 36);
}
