import { invalid } from '../contract/errors.ts';
import type { DatasetInput } from '../contract/runs.ts';
import { readBody } from '../http/body.ts';
import { answerOnce } from '../http/idempotency.ts';
import type { MetricPoint } from '../tracking/model.ts';
import type { TrackingService } from '../tracking/service.ts';
import { SEARCH_PAGE, viewOf } from './experiments.ts';
import { type Fields, toMap } from './fields.ts';
import { type MlflowRoute, PREFIXES, route } from './route.ts';
import { orNothing, toNewRun, toRun, toRunInfo } from './shapes.ts';

const RUN_STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;

/** Most data sets that one call may link. */
const MAX_DATASETS = 1000;

/** What MLflow 2 must say of a model that it logged. */
const MODEL_FIELDS = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'];

/** The run that a request is about, under its present or its older name. */
export function runIdOf(fields: Fields): string {
  return fields.requiredString('run_id', 'run_uuid');
}

export function runRoutes(tracking: TrackingService): MlflowRoute[] {
  return [
    route('POST', '/mlflow/runs/create', async ({ fields, principal }) => {
      const run = await tracking.createRun(
        {
          experimentId: fields.string('experiment_id') || undefined,
          name: fields.string('run_name'),
          // Whoever has a token of their own is who they are, whatever the client says.
          user: principal.subject ?? fields.string('user_id'),
          startTime: fields.integer('start_time'),
          tags: fields.pairs('tags'),
        },
        principal.scope,
      );
      return { run: toNewRun(run) };
    }),
    route('GET', '/mlflow/runs/get', async ({ fields }) => ({
      run: toRun(await tracking.getRun(runIdOf(fields))),
    })),
    route('POST', '/mlflow/runs/update', async ({ fields }) => {
      const info = await tracking.updateRun(runIdOf(fields), {
        status: fields.enumeration('status', RUN_STATUSES),
        endTime: fields.integer('end_time'),
        name: fields.string('run_name'),
      });
      return { run_info: toRunInfo(info) };
    }),
    route('POST', '/mlflow/runs/delete', async ({ fields }) => {
      await tracking.deleteRun(runIdOf(fields));
      return {};
    }),
    route('POST', '/mlflow/runs/restore', async ({ fields }) => {
      await tracking.restoreRun(runIdOf(fields));
      return {};
    }),
    route('POST', '/mlflow/runs/search', async ({ fields }) => {
      const { items, nextPageToken } = await tracking.searchRuns({
        experimentIds: fields.strings('experiment_ids'),
        filter: fields.string('filter') ?? '',
        orderBy: fields.strings('order_by'),
        view: viewOf(fields, 'run_view_type'),
        limit: fields.pageSize('max_results', SEARCH_PAGE),
        pageToken: fields.string('page_token'),
      });
      return { runs: orNothing(items.map(toRun)), next_page_token: nextPageToken };
    }),
    ...loggingRoutes(tracking),
    ...linkRoutes(tracking),
  ];
}

function loggingRoutes(tracking: TrackingService): MlflowRoute[] {
  return [
    {
      method: 'POST',
      prefixes: PREFIXES.v2,
      path: '/mlflow/runs/log-batch',
      // The call that carries most: its body goes unread to the writer thread.
      handle: async (request, response, principal) => {
        const body = await readBody(request);
        await answerOnce(request, principal, body, () => tracking.logBatchBody(body));
        response.json({});
      },
    },
    route('POST', '/mlflow/runs/log-metric', async ({ fields }) => {
      await tracking.logMetric(runIdOf(fields), toMetricPoint(fields));
      return {};
    }),
    route('POST', '/mlflow/runs/log-parameter', async ({ fields }) => {
      await tracking.logParam(runIdOf(fields), fields.pair());
      return {};
    }),
    route('POST', '/mlflow/runs/set-tag', async ({ fields }) => {
      await tracking.setTag(runIdOf(fields), fields.pair());
      return {};
    }),
    route('POST', '/mlflow/runs/delete-tag', async ({ fields }) => {
      await tracking.deleteTag(runIdOf(fields), fields.requiredString('key'));
      return {};
    }),
  ];
}

/** Routes that tie data sets and models to a run. */
function linkRoutes(tracking: TrackingService): MlflowRoute[] {
  return [
    route('POST', '/mlflow/runs/log-inputs', async ({ fields }) => {
      const datasets = fields.messages('datasets');
      if (datasets.length > MAX_DATASETS)
        throw invalid(
          `A request can log at most ${MAX_DATASETS} datasets. Got ${datasets.length}. Send them in parts.`,
        );
      await tracking.logInputs(
        runIdOf(fields),
        datasets.map(toDatasetInput),
        fields.messages('models').map(model => model.requiredString('model_id')),
      );
      return {};
    }),
    route('POST', '/mlflow/runs/outputs', async ({ fields }) => {
      const runId = runIdOf(fields);
      await tracking.logOutputs(
        runId,
        fields
          .requiredMessages('models')
          .map(model => ({ modelId: model.requiredString('model_id'), step: model.integer('step') ?? 0 })),
      );
      return {};
    }),
    route('POST', '/mlflow/runs/log-model', async ({ fields }) => {
      const runId = runIdOf(fields);
      await tracking.appendModelHistory(runId, parseModelInfo(fields.requiredString('model_json')));
      return {};
    }),
  ];
}

function toMetricPoint(fields: Fields): MetricPoint {
  return {
    key: fields.requiredString('key'),
    value: fields.require('value', fields.double('value')),
    timestamp: fields.require('timestamp', fields.integer('timestamp')),
    step: fields.integer('step') ?? 0,
    modelId: fields.string('model_id'),
    datasetName: fields.string('dataset_name'),
    datasetDigest: fields.string('dataset_digest'),
  };
}

function toDatasetInput(input: Fields): DatasetInput {
  const dataset = input.require('dataset', input.message('dataset'));
  return {
    name: dataset.requiredString('name'),
    digest: dataset.requiredString('digest'),
    sourceType: dataset.requiredString('source_type'),
    source: dataset.requiredString('source'),
    schema: dataset.string('schema'),
    profile: dataset.string('profile'),
    tags: toMap(input.pairs('tags')),
  };
}

function parseModelInfo(json: string): Record<string, unknown> {
  let model: unknown;
  try {
    model = JSON.parse(json);
  } catch {
    model = undefined;
  }
  if (typeof model !== 'object' || model === null)
    throw invalid(`Malformed model info. \n ${json.slice(0, 200)} \n is not valid JSON of an object.`);
  const absent = MODEL_FIELDS.filter(field => !(field in model));
  if (absent.length > 0)
    throw invalid(
      `Model json is missing mandatory fields: {${absent.map(field => `'${field}'`).join(', ')}}`,
    );
  return model as Record<string, unknown>;
}
