/** Brings what a foreign store has into this one, part by part. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactService } from '../artifacts/service.ts';
import { storePathOf } from '../artifacts/uri.ts';
import type { Actor } from '../contract/audit.ts';
import { ApiError, withoutMissing } from '../contract/errors.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import { checkAlias, checkModelName } from '../registry/model.ts';
import { type Copied, copyArtifacts } from './copy-artifacts.ts';
import type {
  PartName,
  SourceArtifacts,
  SourceExecution,
  SourceExperiment,
  SourceFile,
  SourceLoggedModel,
  SourceModel,
  SourceParts,
  SourceRun,
} from './model.ts';
import { MovedArtifacts, stageOf } from './registry.ts';
import type { Report } from './report.ts';
import type { Source } from './source.ts';

/** Runs that are brought in at the same time: they share a commit. */
const AT_ONCE = 4;

/** How long to wait for room among the writes, in milliseconds. */
const ROOM_MS = 250;

/** What an import works with. */
export interface ImportParts {
  readonly database: Database;
  readonly artifacts: ArtifactService;
  readonly events: EventBus;
}

export interface ImportOptions {
  readonly experimentPrefix: string;
  readonly modelPrefix: string;
  readonly dryRun: boolean;
  /** What the history of stages says of where versions come from. */
  readonly origin: string;
  readonly actor: Actor;
  readonly signal: AbortSignal;
}

/** Where an experiment of the source goes. */
interface Target {
  readonly id: string;
  /** Path of its artifacts in this store. */
  readonly path: string;
}

/** One import. */
export class Importer {
  readonly #parts: ImportParts;
  readonly #source: Source;
  readonly #report: Report;
  readonly #options: ImportOptions;
  readonly #targets = new Map<string, Target>();
  readonly #moved = new MovedArtifacts();
  #runsDone = 0;

  constructor(parts: ImportParts, source: Source, report: Report, options: ImportOptions) {
    this.#parts = parts;
    this.#source = source;
    this.#report = report;
    this.#options = options;
  }

  /** How many runs are done. */
  get runsDone(): number {
    return this.#runsDone;
  }

  /** @throws ApiError when the disk is full; AbortError when the signal ended it */
  async run(): Promise<void> {
    await this.#each('experiments', experiment => this.#experiment(experiment), 1);
    await this.#each('runs', async run => {
      await this.#run(run);
      this.#runsDone += 1;
    });
    await this.#each('loggedModels', model => this.#loggedModel(model));
    await this.#each('models', model => this.#model(model), 1);
    await this.#each('executions', execution => this.#execution(execution), 1);
  }

  /** Takes the things of a part, several at the same time. Nothing goes on any more when it ends, however it does. */
  async #each<Part extends PartName>(
    part: Part,
    take: (thing: SourceParts[Part]) => Promise<void>,
    atOnce = AT_ONCE,
  ): Promise<void> {
    const things = this.#source.read(part);
    const worker = async () => {
      // The first that fails ends the generator, and so the others.
      for await (const thing of things) {
        this.#options.signal.throwIfAborted();
        await take(thing);
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: atOnce }, worker));
    const failed = outcomes.find(outcome => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    for (const { id } of this.#targets.values())
      this.#parts.events.publish({ topic: 'experiment', id, kind: 'updated' });
  }

  async #experiment(experiment: SourceExperiment): Promise<void> {
    const name = this.#options.experimentPrefix + experiment.name;
    if (this.#options.dryRun) {
      const known = await withoutMissing(this.#parts.database.read('tracking.findExperiment', { name }));
      this.#report.count('experiments', known ? 'same' : 'made');
      this.#targets.set(experiment.id, { id: experiment.id, path: experiment.id });
      return;
    }
    const { artifactLocation: location, ...fields } = experiment;
    const { id, artifactLocation, outcome } = await this.#parts.database.write('tracking.importExperiment', {
      ...fields,
      name,
      artifactLocation: isRemote(location) ? location : undefined,
    });
    this.#targets.set(experiment.id, { id, path: storePathOf(artifactLocation) ?? id });
    this.#report.count('experiments', outcome);
  }

  async #run(run: SourceRun): Promise<void> {
    const target = this.#targetOf(run.experimentId, `run ${run.id}`);
    if (!target) return;
    const { artifacts, ...fields } = run;
    const known = await withoutMissing(this.#parts.database.read('tracking.getRun', { runId: run.id }));
    const artifactUri = await this.#bring(
      artifacts,
      known?.artifactUri,
      `${target.path}/${run.id}/artifacts`,
    );
    if (this.#options.dryRun) {
      this.#report.count('runs', known ? 'same' : 'made');
      this.#report.counts.points += run.metrics.reduce((total, metric) => total + metric.steps.length, 0);
      return;
    }
    const input = { ...fields, experimentId: target.id, artifactUri };
    const columns = fields.metrics.flatMap(({ steps, timestamps, values }) =>
      [steps, timestamps, values].map(column => column.buffer as ArrayBuffer),
    );
    const { outcome, points } = await this.#whenThereIsRoom(() =>
      this.#parts.database.write('tracking.importRun', input, columns),
    );
    this.#report.count('runs', outcome);
    this.#report.counts.points += points;
  }

  async #loggedModel(model: SourceLoggedModel): Promise<void> {
    const target = this.#targetOf(model.experimentId, `logged model ${model.id}`);
    if (!target) return;
    const { artifacts, ...fields } = model;
    const known = await withoutMissing(
      this.#parts.database.read('models.get', { modelId: model.id, deleted: true }),
    );
    const path = `${target.path}/models/${model.id}/artifacts`;
    const artifactUri = await this.#bring(artifacts, known?.artifactUri, path);
    const added = this.#options.dryRun
      ? !known
      : await this.#parts.database.write('models.import', {
          ...fields,
          experimentId: target.id,
          artifactUri,
        });
    this.#report.count('loggedModels', added ? 'made' : 'same');
  }

  async #model(model: SourceModel): Promise<void> {
    const name = this.#options.modelPrefix + model.name;
    const place = `registered model '${name}'`;
    if (!this.#accepts(place, () => checkModelName(name))) return;
    const versions = model.versions.map(version => ({
      ...version,
      stage: stageOf(version.stage),
      storageLocation: this.#moved.resolve(version.storageLocation || version.source),
      source: this.#moved.resolve(version.source),
      tags: toMap(version.tags),
    }));
    if (this.#options.dryRun) {
      const known = await withoutMissing(this.#parts.database.read('registry.getModel', { name }));
      this.#report.count('models', known ? 'same' : 'made');
      for (const { version } of versions) {
        const there =
          known &&
          (await withoutMissing(this.#parts.database.read('registry.getVersion', { name, version })));
        this.#report.count('versions', there ? 'same' : 'made');
      }
      return;
    }
    const result = await this.#parts.database.write('registry.importModel', {
      ...model,
      name,
      tags: toMap(model.tags),
      aliases: model.aliases.filter(({ alias }) => this.#accepts(place, () => checkAlias(alias))),
      versions,
      origin: this.#options.origin,
      actor: this.#options.actor,
    });
    this.#report.count('models', result.made ? 'made' : result.added > 0 ? 'changed' : 'same');
    this.#report.count('versions', 'made', result.added);
    this.#report.count('versions', 'same', result.same);
    for (const version of result.taken)
      this.#report.problem(
        place,
        `Version ${version} was left out: there is another version of this number. A prefix for model names keeps them apart.`,
      );
    this.#parts.events.publish({ topic: 'model', id: name, kind: result.made ? 'created' : 'updated' });
  }

  async #execution({ execution, steps }: SourceExecution): Promise<void> {
    const { id, runId } = execution;
    const run = await withoutMissing(this.#parts.database.read('tracking.getRun', { runId }));
    if (!run && !this.#options.dryRun) {
      this.#report.problem(`execution ${id}`, 'It was left out, because its run could not be read.');
      return;
    }
    const known = await withoutMissing(this.#parts.database.read('pipelines.getExecution', { id }));
    if (!known && !this.#options.dryRun) {
      // Whose commands these are is not known: they are shown, and never run.
      const record = { ...execution, experimentId: run?.experimentId ?? '', imported: true };
      await this.#parts.database.write('pipelines.importExecution', { execution: record, steps });
    }
    this.#report.count('executions', known ? 'same' : 'made');
  }

  /** Programs that log now go first: while the queue of writes is full, the import waits. */
  async #whenThereIsRoom<Result>(write: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'REQUEST_LIMIT_EXCEEDED') throw error;
        await sleep(ROOM_MS, undefined, { signal: this.#options.signal });
      }
    }
  }

  /** Copies artifacts, if there are any to be copied. @returns where they are from now on */
  async #bring(artifacts: SourceArtifacts, known: string | undefined, path: string): Promise<string> {
    if (artifacts.kind === 'remote') {
      this.#report.note(`Artifacts at ${originOf(artifacts.uri)} stay there; they are not copied.`);
      return known ?? artifacts.uri;
    }
    const uri = known ?? `mlflow-artifacts:/${path}`;
    this.#moved.add(artifacts.uri, uri);
    if (artifacts.kind === 'none') return uri;
    if (this.#options.dryRun) {
      this.#report.count('files', 'made', artifacts.files.length);
      this.#report.counts.bytes += artifacts.files.reduce((total, file) => total + file.size, 0);
      return uri;
    }
    const place = storePathOf(uri);
    if (place === undefined) return uri;
    const copied = await this.#copy(artifacts.files, place, known === undefined);
    for (const outcome of ['made', 'changed', 'same'] as const)
      this.#report.count('files', outcome, copied[outcome]);
    this.#report.counts.bytes += copied.bytes;
    return uri;
  }

  /** @param isNew nothing is kept of the folder when the copying is ended: its run is not written then */
  async #copy(files: readonly SourceFile[], place: string, isNew: boolean): Promise<Copied> {
    const { artifacts } = this.#parts;
    const context = { reporter: this.#report, signal: this.#options.signal };
    try {
      return await copyArtifacts(artifacts, files, place, context);
    } catch (error) {
      if (isNew) await artifacts.remove(place);
      throw error;
    }
  }

  #targetOf(experimentId: string, what: string): Target | undefined {
    const target = this.#targets.get(experimentId);
    if (!target)
      this.#report.problem(
        what,
        `It was left out, because its experiment ${experimentId} could not be read.`,
      );
    return target;
  }

  /** Whether a check passes; else a problem is told. */
  #accepts(place: string, check: () => void): boolean {
    try {
      check();
      return true;
    } catch (error) {
      this.#report.problem(place, `It was left out: ${(error as Error).message}`);
      return false;
    }
  }
}

/** Whether clients reach a place without this daemon or the old server. */
function isRemote(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(uri) && !/^(file|mlflow-artifacts):/i.test(uri);
}

/** `s3://bucket` of `s3://bucket/1/…`. */
function originOf(uri: string): string {
  return /^[^:]+:\/*[^/?#]*/.exec(uri)?.[0] ?? uri;
}

function toMap(pairs: readonly { readonly key: string; readonly value: string }[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}
