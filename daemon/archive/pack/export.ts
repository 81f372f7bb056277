/** Making an archive: what was selected is read and packed, piece by piece. */
import { filesBelow } from '../../artifacts/model.ts';
import type { ArtifactService } from '../../artifacts/service.ts';
import { storePathOf } from '../../artifacts/uri.ts';
import type { Archive, ExportOf } from '../../contract/archives.ts';
import { ApiError, withoutMissing } from '../../contract/errors.ts';
import { EXECUTION_TAG, type Run } from '../../contract/runs.ts';
import type { Database } from '../../database/database.ts';
import { counting, type Work } from '../../housekeeping/task.ts';
import { MODEL_STATUSES } from '../../models/model.ts';
import { hasEnded } from '../../pipelines/model.ts';
import { FOLDERS, type PackedPoints, POINTS_PER_FILE } from './format.ts';
import { type Selection, select } from './select.ts';
import { ArchiveWriter } from './write.ts';

/** What exports work with. */
export interface ExportParts {
  readonly database: Database;
  readonly artifacts: ArtifactService;
}

/**
 * Makes an archive.
 *
 * @param target absolute path of the file to be made
 * @throws ApiError when there is no such thing, or something is at the path
 */
export async function exportArchive(
  parts: ExportParts,
  { of, path: target }: { of: ExportOf; path: string },
  work: Work,
): Promise<Archive> {
  const start = performance.now();
  const selection = await select(of, parts.database);
  const writer = await ArchiveWriter.create(target, work.signal);
  try {
    const packing = new Packing(parts, writer, selection, work);
    const counts = await packing.run();
    const bytes = await writer.end(selection.name);
    return { path: target, ...counts, bytes, milliseconds: Math.round(performance.now() - start) };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

class Packing {
  readonly #database: Database;
  readonly #artifacts: ArtifactService;
  readonly #writer: ArchiveWriter;
  readonly #selection: Selection;
  readonly #tell: (files: number) => void;
  readonly #experiments = new Set<string>();
  readonly #executions = new Set<string>();
  readonly #damaged: string[] = [];
  #files = 0;

  constructor(parts: ExportParts, writer: ArchiveWriter, selection: Selection, work: Work) {
    this.#database = parts.database;
    this.#artifacts = parts.artifacts;
    this.#writer = writer;
    this.#selection = selection;
    let runs = 0;
    this.#tell = counting(work, count => {
      runs = Math.max(runs, count);
      return `Packing: ${runs} of ${selection.runs.length} runs, ${this.#files} artifacts…`;
    });
  }

  async run(): Promise<Omit<Archive, 'path' | 'bytes' | 'milliseconds'>> {
    const { runs, experiments, loggedModels, models } = this.#selection;
    for (const id of experiments) this.#experiments.add(id);
    for (const [index, runId] of runs.entries()) {
      this.#tell(index);
      await this.#run(runId);
    }
    for (const modelId of loggedModels) await this.#loggedModel(modelId);
    for (const [index, name] of models.entries()) await this.#model(name, index);
    for (const id of this.#executions) await this.#execution(id);
    for (const id of this.#experiments) await this.#experiment(id);
    return {
      runs: runs.length,
      loggedModels: loggedModels.length,
      models: models.length,
      executions: this.#executions.size,
      files: this.#files,
      damaged: this.#damaged,
    };
  }

  async #run(runId: string): Promise<void> {
    const run = await this.#database.read('tracking.getRun', { runId });
    this.#experiments.add(run.experimentId);
    const execution = run.tags[EXECUTION_TAG];
    if (execution !== undefined) this.#executions.add(execution);
    await this.#points(run);
    await this.#artifactsAt(run.artifactUri, `${FOLDERS.runArtifacts}/${run.id}`);
    const { datasets, modelInputs, modelOutputs, artifactUri } = run;
    const { id, experimentId, name, user, status, lifecycle, startTime, endTime } = run;
    await this.#writer.addJson(`${FOLDERS.runs}/${run.id}.json`, {
      ...{
        id,
        experimentId,
        name,
        user,
        status,
        lifecycle,
        startTime,
        endTime,
        deletedAt: null,
        artifactUri,
      },
      ...{ params: pairs(run.params), tags: pairs(run.tags), datasets, modelInputs, modelOutputs },
    });
  }

  async #points({ id, metrics }: Run): Promise<void> {
    let file = 0;
    for (const key of Object.keys(metrics)) {
      let after: { step: number; timestamp: number; value: number } | undefined;
      for (;;) {
        const page = await this.#database.read('tracking.metricColumns', {
          runId: id,
          key,
          limit: POINTS_PER_FILE,
          after,
        });
        if (page.steps.length === 0) break;
        const packed: PackedPoints = { key, ...page };
        await this.#writer.addJson(`${FOLDERS.points}/${id}/${file}.json`, packed);
        file += 1;
        if (page.steps.length < POINTS_PER_FILE) break;
        const last = page.steps.length - 1;
        after = {
          step: page.steps[last] ?? 0,
          timestamp: page.timestamps[last] ?? 0,
          value: Number(page.values[last]),
        };
      }
    }
  }

  async #loggedModel(modelId: string): Promise<void> {
    const model = await this.#database.read('models.get', { modelId, deleted: true });
    this.#experiments.add(model.experimentId);
    await this.#artifactsAt(model.artifactUri, `${FOLDERS.modelArtifacts}/${model.id}`);
    const { id, experimentId, name, type, sourceRunId, createdAt, updatedAt, artifactUri } = model;
    await this.#writer.addJson(`${FOLDERS.loggedModels}/${model.id}.json`, {
      ...{ id, experimentId, name, type, sourceRunId, createdAt, updatedAt, deletedAt: null, artifactUri },
      status: MODEL_STATUSES.indexOf(model.status) + 1,
      ...{ params: pairs(model.params), tags: pairs(model.tags) },
    });
    const points = await this.#database.read('tracking.modelMetrics', { modelIds: [modelId] });
    const columns = Map.groupBy(points, each =>
      JSON.stringify([each.runId, each.key, each.datasetName, each.datasetDigest]),
    );
    for (const [index, group] of [...columns.values()].entries()) {
      const [first] = group;
      if (!first || !this.#selection.runs.includes(first.runId)) continue;
      const { key, datasetName, datasetDigest } = first;
      const packed: PackedPoints = {
        ...{ key, modelId, datasetName, datasetDigest },
        steps: group.map(({ step }) => step),
        timestamps: group.map(({ timestamp }) => timestamp),
        values: group.map(({ value }) => value),
      };
      await this.#writer.addJson(`${FOLDERS.points}/${first.runId}/${modelId}-${index}.json`, packed);
    }
  }

  async #model(name: string, index: number): Promise<void> {
    const [model, versions] = await Promise.all([
      this.#database.read('registry.getModel', { name }),
      this.#database.read('registry.listVersions', { name }),
    ]);
    await this.#writer.addJson(`${FOLDERS.models}/${index}.json`, {
      ...{ name, description: model.description, createdAt: model.createdAt, updatedAt: model.updatedAt },
      tags: pairs(model.tags),
      aliases: Object.entries(model.aliases).map(([alias, version]) => ({ alias, version })),
      versions: versions.map(({ name: _name, aliases: _aliases, tags, ...version }) => ({
        ...version,
        tags: pairs(tags),
        deleted: false,
      })),
    });
  }

  /** One that was deleted, goes on, or was begun by somebody's tag alone, is no part of it. */
  async #execution(id: string): Promise<void> {
    const kept = await withoutMissing(this.#database.read('pipelines.getExecution', { id }));
    if (kept && hasEnded(kept.execution.status))
      await this.#writer.addJson(`${FOLDERS.executions}/${id}.json`, kept);
    else this.#executions.delete(id);
  }

  async #experiment(experimentId: string): Promise<void> {
    const experiment = await this.#database.read('tracking.getExperiment', { id: experimentId });
    const { id, name, lifecycle, artifactLocation, createdAt, updatedAt, tags } = experiment;
    await this.#writer.addJson(`${FOLDERS.experiments}/${id}.json`, {
      ...{ id, name, lifecycle, artifactLocation, createdAt, updatedAt },
      tags: pairs(tags),
    });
  }

  /** Packs all files below an artifact URI of this store; those that are elsewhere stay there. */
  async #artifactsAt(uri: string, folder: string): Promise<void> {
    const place = storePathOf(uri);
    if (place === undefined) return;
    for await (const entry of filesBelow(this.#artifacts.files, place)) {
      this.#tell(0);
      const inside = entry.path.slice(place.length + 1);
      try {
        // Runs are written to meanwhile: what was deleted since it was listed is no part of them any more.
        const opened = await withoutMissing(this.#artifacts.open(entry.path));
        if (!opened) continue;
        await this.#writer.add({ path: `${folder}/${inside}`, content: await opened.read() });
        this.#files += 1;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'DATA_LOSS') throw error;
        this.#damaged.push(entry.path);
      }
    }
  }
}

function pairs(map: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}
