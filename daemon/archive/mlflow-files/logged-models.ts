/** Logged models (MLflow 3) of a file store: `mlruns/<experiment>/models/<model>/…`. */
import path from 'node:path';
import { Unreadable } from '../folder.ts';
import type { ArtifactFinder } from '../locate-artifacts.ts';
import type { SourceLoggedModel, SourceMetric } from '../model.ts';
import { PointColumns } from '../points.ts';
import { lifecycleOf, type StoreFiles } from './files.ts';
import { parseModelLine } from './metrics.ts';
import type { MetaFile } from './yaml.ts';

const MODEL_ID = /^m-[0-9a-f]{32}$/;

const FAILED = 3;

/** Reads logged models. */
export class LoggedModelFiles {
  readonly #files: StoreFiles;
  readonly #finder: ArtifactFinder;

  constructor(files: StoreFiles, finder: ArtifactFinder) {
    this.#files = files;
    this.#finder = finder;
  }

  /** @param models the folder of an experiment's models */
  *read(models: string, experimentId: string): Iterable<SourceLoggedModel> {
    for (const id of this.#files.folderNames(models)) {
      const folder = path.join(models, id);
      const model = this.#files.described(folder, 'The logged model', meta => infoOf(meta, id));
      if (!model) continue;
      const { artifactUri, ...fields } = model;
      yield {
        ...fields,
        experimentId,
        params: this.#files.pairs(path.join(folder, 'params'), 'Param'),
        tags: this.#files.pairs(path.join(folder, 'tags'), 'Tag'),
        artifacts: this.#finder.find(artifactUri || path.join(folder, 'artifacts'), `logged model ${id}`),
      };
    }
  }
}

function infoOf(meta: MetaFile, id: string) {
  const said = meta.requireText('model_id');
  if (said !== id || !MODEL_ID.test(id))
    throw new Unreadable(`it is about the model '${said.slice(0, 40)}', and its folder is named '${id}'`);
  const updatedAt = meta.integer('last_updated_timestamp') ?? 0;
  return {
    id,
    name: meta.requireText('name'),
    type: meta.text('model_type') ?? '',
    sourceRunId: meta.text('source_run_id') ?? null,
    status: Math.min(Math.max(meta.integer('status') ?? FAILED, 1), FAILED),
    createdAt: meta.integer('creation_timestamp') ?? 0,
    updatedAt,
    deletedAt: lifecycleOf(meta) === 'deleted' ? updatedAt : null,
    artifactUri: meta.text('artifact_location') ?? '',
  };
}

/** The points measured on an experiment's logged models, by the run that measured them. */
export function modelMetricsByRun(files: StoreFiles, models: string): Map<string, SourceMetric[]> {
  const byRun = new Map<string, SourceMetric[]>();
  for (const modelId of files.folderNames(models)) {
    for (const { path: key, place } of files.keyed(path.join(models, modelId, 'metrics'), 'Metric'))
      for (const [runId, metric] of metricsOf(files, place, { key, modelId })) {
        const known = byRun.get(runId);
        if (known) known.push(metric);
        else byRun.set(runId, [metric]);
      }
  }
  return byRun;
}

/** One file's points, by run and data set. */
function metricsOf(
  files: StoreFiles,
  place: string,
  of: { key: string; modelId: string },
): [runId: string, SourceMetric][] {
  const groups = new Map<
    string,
    { runId: string; about: Omit<SourceMetric, 'steps' | 'timestamps' | 'values'>; columns: PointColumns }
  >();
  files.attempt(place, 'The rest of the metric was left out', () =>
    files.folders.lines(place, (line, number) => {
      const point = parseModelLine(line);
      if (typeof point === 'string') {
        files.reporter.problem(place, `The line was left out: ${point}.`, number);
        return;
      }
      const { runId = '', datasetName, datasetDigest } = point;
      const name = JSON.stringify([runId, datasetName, datasetDigest]);
      const group = groups.get(name) ?? {
        runId,
        about: {
          ...of,
          ...(datasetName === undefined ? {} : { datasetName }),
          ...(datasetDigest === undefined ? {} : { datasetDigest }),
        },
        columns: new PointColumns(),
      };
      groups.set(name, group);
      group.columns.add(point.step, point.timestamp, point.value);
    }),
  );
  return [...groups.values()].map(({ runId, about, columns }) => [runId, columns.metric(about)]);
}
