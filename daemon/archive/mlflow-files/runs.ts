/** Runs of a file store. */
import path from 'node:path';
import { type DatasetInput, RunStatus } from '../../contract/runs.ts';
import { Unreadable } from '../folder.ts';
import type { ArtifactFinder } from '../locate-artifacts.ts';
import type { SourceMetric, SourceRun } from '../model.ts';
import { PointColumns } from '../points.ts';
import { type ExperimentFolder, lifecycleOf, type StoreFiles } from './files.ts';
import { modelMetricsByRun } from './logged-models.ts';
import { parseRunLine } from './metrics.ts';
import type { MetaFile } from './yaml.ts';

/** In the order of MLflow's codes, from 1. */
const STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;

const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/;

type Link = { readonly source: string; readonly type: string; readonly meta: MetaFile };

/** Reads the runs of one experiment. */
export class RunFiles {
  readonly #experiment: ExperimentFolder;
  readonly #files: StoreFiles;
  readonly #finder: ArtifactFinder;
  #ofModels: Map<string, SourceMetric[]> | undefined;

  constructor(experiment: ExperimentFolder, files: StoreFiles, finder: ArtifactFinder) {
    this.#experiment = experiment;
    this.#files = files;
    this.#finder = finder;
  }

  /** @param id the folder's name */
  read(folder: string, id: string): SourceRun | undefined {
    const info = this.#files.described(folder, 'The run', meta => this.#info(meta, id));
    if (!info) return undefined;
    const { artifactUri, ...fields } = info;
    this.#ofModels ??= modelMetricsByRun(this.#files, path.join(this.#experiment.folder, 'models'));
    const inputs = this.#links(path.join(folder, 'inputs'));
    return {
      ...fields,
      experimentId: this.#experiment.id,
      params: this.#files.pairs(path.join(folder, 'params'), 'Param'),
      tags: this.#files.pairs(path.join(folder, 'tags'), 'Tag'),
      metrics: [...this.#metrics(path.join(folder, 'metrics')), ...(this.#ofModels.get(id) ?? [])],
      datasets: inputs.filter(link => link.type === 'DATASET').flatMap(link => this.#dataset(link)),
      modelInputs: inputs.filter(link => link.type.startsWith('MODEL')).map(link => link.source),
      modelOutputs: this.#links(path.join(folder, 'outputs')).map(({ source, meta }) => ({
        modelId: source,
        step: meta.integer('step') ?? 0,
      })),
      artifacts: this.#finder.find(artifactUri || path.join(folder, 'artifacts'), `run ${id}`),
    };
  }

  #info(meta: MetaFile, id: string) {
    const said = meta.requireText('run_id', 'run_uuid');
    if (said !== id || !RUN_ID.test(id))
      throw new Unreadable(`it is about the run '${said.slice(0, 40)}', and its folder is named '${id}'`);
    const startTime = meta.integer('start_time') ?? 0;
    return {
      id,
      name: meta.text('run_name', 'name') ?? '',
      user: meta.text('user_id') ?? '',
      status: statusOf(meta.requireText('status')),
      // Runs of a deleted experiment are deleted with it.
      lifecycle: this.#experiment.deleted ? ('deleted' as const) : lifecycleOf(meta),
      startTime,
      endTime: meta.integer('end_time') ?? null,
      deletedAt: meta.integer('deleted_time') ?? null,
      artifactUri: meta.text('artifact_uri') ?? '',
    };
  }

  #metrics(folder: string): SourceMetric[] {
    return this.#files.keyed(folder, 'Metric').map(({ path: key, place }) => {
      const columns = new PointColumns();
      this.#files.attempt(place, 'The rest of the metric was left out', () =>
        this.#files.folders.lines(place, (line, number) => {
          if (line.trim() === '') return;
          const point = parseRunLine(line);
          if (typeof point === 'string')
            this.#files.reporter.problem(place, `The line was left out: ${point}.`, number);
          else columns.add(point.step, point.timestamp, point.value);
        }),
      );
      return columns.metric({ key });
    });
  }

  /** The inputs or outputs of a run: a folder for each, with a `meta.yaml`. */
  #links(folder: string): Link[] {
    return this.#files.folderNames(folder).flatMap(name => {
      const link = this.#files.described(path.join(folder, name), 'The input', meta => ({
        source: meta.requireText('source_id'),
        type: meta.requireText('source_type'),
        meta,
      }));
      return link ? [link] : [];
    });
  }

  #dataset({ source, meta }: Link): DatasetInput[] {
    if (!/^\w+$/.test(source)) return [];
    const folder = path.join(this.#experiment.folder, 'datasets', source);
    const dataset = this.#files.described(folder, 'The data set', described => {
      const schema = described.text('schema');
      const profile = described.text('profile');
      return {
        name: described.requireText('name'),
        digest: described.requireText('digest'),
        sourceType: described.text('source_type') ?? '',
        source: described.text('source') ?? '',
        ...(schema === undefined ? {} : { schema }),
        ...(profile === undefined ? {} : { profile }),
      };
    });
    return dataset ? [{ ...dataset, tags: meta.map('tags') }] : [];
  }
}

function statusOf(text: string): RunStatus {
  const status = RunStatus.safeParse(STATUSES[Number(text) - 1] ?? text);
  if (status.success) return status.data;
  throw new Unreadable(
    `'status' should be a number from 1 to ${STATUSES.length}, not '${text.slice(0, 40)}'`,
  );
}
