/** Reads an unpacked archive of ours, in the thread of the import. */
import fs from 'node:fs';
import path from 'node:path';
import type * as z from 'zod';
import { decodeDouble } from '../../contract/values.ts';
import { ReadableFolders, unreadable } from '../folder.ts';
import type {
  Reporter,
  SourceArtifacts,
  SourceExecution,
  SourceExperiment,
  SourceLoggedModel,
  SourceMetric,
  SourceModel,
  SourceReader,
  SourceRun,
} from '../model.ts';
import {
  FOLDERS,
  PackedExecution,
  PackedExperiment,
  PackedLoggedModel,
  PackedModel,
  PackedPoints,
  PackedRun,
} from './format.ts';

export class ArchiveReader implements SourceReader {
  readonly #root: string;
  readonly #folders: ReadableFolders;
  readonly #reporter: Reporter;

  /** @param root where the archive is unpacked; real path */
  constructor(root: string, reporter: Reporter) {
    this.#root = root;
    this.#folders = new ReadableFolders([root]);
    this.#reporter = reporter;
  }

  countRuns(): number {
    return this.#names(FOLDERS.runs).length;
  }

  read() {
    return {
      experiments: (): Iterable<SourceExperiment> => this.#all(FOLDERS.experiments, PackedExperiment),
      runs: () => this.#runs(),
      loggedModels: () => this.#loggedModels(),
      models: (): Iterable<SourceModel> => this.#all(FOLDERS.models, PackedModel),
      executions: (): Iterable<SourceExecution> => this.#all(FOLDERS.executions, PackedExecution),
    };
  }

  close(): void {}

  *#runs(): Iterable<SourceRun> {
    for (const { artifactUri, ...run } of this.#all(FOLDERS.runs, PackedRun))
      yield {
        ...run,
        metrics: this.#points(run.id),
        artifacts: this.#artifacts(artifactUri, `${FOLDERS.runArtifacts}/${run.id}`),
      };
  }

  *#loggedModels(): Iterable<SourceLoggedModel> {
    for (const { artifactUri, ...model } of this.#all(FOLDERS.loggedModels, PackedLoggedModel))
      yield {
        ...model,
        artifacts: this.#artifacts(artifactUri, `${FOLDERS.modelArtifacts}/${model.id}`),
      };
  }

  #points(runId: string): SourceMetric[] {
    return [...this.#all(`${FOLDERS.points}/${runId}`, PackedPoints)].map(
      ({ steps, timestamps, values, key, modelId, datasetName, datasetDigest }) => ({
        key,
        ...(modelId !== undefined && { modelId }),
        ...(datasetName !== undefined && { datasetName }),
        ...(datasetDigest !== undefined && { datasetDigest }),
        steps: Float64Array.from(steps),
        timestamps: Float64Array.from(timestamps),
        values: Float64Array.from(values, decodeDouble),
      }),
    );
  }

  #artifacts(uri: string, folder: string): SourceArtifacts {
    const place = path.join(this.#root, ...folder.split('/'));
    if (!fs.existsSync(place)) return { kind: /^mlflow-artifacts:/.test(uri) ? 'none' : 'remote', uri };
    const files = this.#folders.files(place, (inner, why) =>
      this.#reporter.problem(`${folder}/${inner}`, `The artifact was left out: ${why}.`),
    );
    return { kind: 'files', uri, files };
  }

  /** The documents of a folder, by name; one that is not what it should be is told and left out. */
  *#all<Schema extends z.ZodType>(folder: string, schema: Schema): Iterable<z.output<Schema>> {
    for (const name of this.#names(folder)) {
      const file = path.join(this.#root, ...folder.split('/'), name);
      let parsed: ReturnType<Schema['safeParse']>;
      try {
        parsed = schema.safeParse(JSON.parse(fs.readFileSync(file, 'utf8'))) as typeof parsed;
      } catch (error) {
        this.#reporter.problem(`${folder}/${name}`, `It was left out: ${unreadable(error).message}.`);
        continue;
      }
      if (parsed.success) yield parsed.data as z.output<Schema>;
      else
        this.#reporter.problem(
          `${folder}/${name}`,
          `It was left out: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}.`,
        );
    }
  }

  #names(folder: string): string[] {
    const place = path.join(this.#root, ...folder.split('/'));
    if (!fs.existsSync(place)) return [];
    return fs
      .readdirSync(place)
      .filter(name => name.endsWith('.json'))
      .sort();
  }
}
