/** Answers in MLflow's form: snake_case, and what is not set or empty left out. */
import type { DatasetInput, Run, RunInfo } from '../contract/runs.ts';
import type { MeasuredModel } from '../models/service.ts';
import type { Model, Version } from '../registry/model.ts';
import { toWireDouble } from '../tracking/history-body.ts';
import type { ExperimentRecord } from '../tracking/store/experiments.ts';
import type { HistoryPoint, ModelPoint } from '../tracking/store/history.ts';

/** Key → value as MLflow's list of pairs; undefined (left out) when there are none. */
function toPairs(map: Readonly<Record<string, string>>): { key: string; value: string }[] | undefined {
  return orNothing(Object.entries(map).map(([key, value]) => ({ key, value })));
}

/** The list, or undefined (left out) when it is empty. */
export function orNothing<Item>(list: Item[]): Item[] | undefined {
  return list.length > 0 ? list : undefined;
}

export function toExperiment(experiment: ExperimentRecord): object {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycle,
    creation_time: experiment.createdAt,
    last_update_time: experiment.updatedAt,
    tags: toPairs(experiment.tags),
  };
}

export function toRunInfo(run: RunInfo): object {
  return {
    run_id: run.id,
    run_uuid: run.id,
    experiment_id: run.experimentId,
    run_name: run.name,
    user_id: run.user,
    status: run.status === 'LOST' ? 'KILLED' : run.status,
    start_time: run.startTime,
    // Unset and 0 are the same to clients.
    end_time: run.endTime || undefined,
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.lifecycle,
  };
}

/** A run with all that belongs to it. */
export function toRun(run: Run): object {
  return { ...toNewRun(run), inputs: toInputs(run), outputs: toOutputs(run) };
}

/** The answer to creating a run, which has no outputs yet. */
export function toNewRun(run: Run): object {
  const metrics = Object.entries(run.metrics).map(([key, summary]) => ({
    key,
    value: toWireDouble(summary.last),
    timestamp: summary.timestamp,
    step: summary.step,
  }));
  return {
    info: toRunInfo(run),
    data: { metrics: orNothing(metrics), params: toPairs(run.params), tags: toPairs(run.tags) },
    inputs: {},
  };
}

function toInputs(run: Run): object {
  return {
    dataset_inputs: orNothing(run.datasets.map(toDatasetInput)),
    model_inputs: orNothing(run.modelInputs.map(modelId => ({ model_id: modelId }))),
  };
}

function toOutputs(run: Run): object {
  return {
    model_outputs: orNothing(run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step }))),
  };
}

function toDatasetInput({ tags, sourceType, schema, profile, ...dataset }: DatasetInput): object {
  return {
    tags: toPairs(tags),
    dataset: {
      ...dataset,
      source_type: sourceType,
      schema: schema || undefined,
      profile: profile || undefined,
    },
  };
}

/** A point of a history. */
export function toMetric(point: HistoryPoint | ModelPoint): object {
  return {
    key: point.key,
    value: toWireDouble(point.value),
    timestamp: point.timestamp,
    step: point.step,
    run_id: point.runId,
    ...('modelId' in point
      ? {
          model_id: point.modelId,
          dataset_name: point.datasetName || undefined,
          dataset_digest: point.datasetDigest || undefined,
        }
      : {}),
  };
}

export function toRegisteredModel(model: Model): object {
  return {
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.updatedAt,
    description: model.description,
    latest_versions: orNothing(model.latest.map(toModelVersion)),
    tags: toPairs(model.tags),
    aliases: orNothing(
      Object.entries(model.aliases).map(([alias, version]) => ({ alias, version: String(version) })),
    ),
  };
}

export function toModelVersion(version: Version): object {
  return {
    name: version.name,
    version: String(version.version),
    creation_timestamp: version.createdAt,
    last_updated_timestamp: version.updatedAt,
    current_stage: version.stage,
    description: version.description,
    source: version.source,
    run_id: version.runId ?? '',
    run_link: version.runLink,
    // Registering is one write: no version is ever seen half registered.
    status: 'READY',
    tags: toPairs(version.tags),
    aliases: orNothing([...version.aliases]),
  };
}

export function toLoggedModel({ model, metrics }: MeasuredModel): object {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdAt,
      last_updated_timestamp_ms: model.updatedAt,
      artifact_uri: model.artifactUri,
      status: model.status,
      model_type: model.type,
      source_run_id: model.sourceRunId ?? '',
      tags: toPairs(model.tags),
    },
    data: { params: toPairs(model.params), metrics: orNothing(metrics.map(toMetric)) },
  };
}
