import { invalid } from '../contract/errors.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { Fields } from './fields.ts';
import { type MlflowRoute, PREFIXES, route } from './route.ts';
import { runIdOf } from './runs.ts';
import { orNothing, toMetric } from './shapes.ts';

/** Points on a page of a history. The Python client asks for 25,000; who names no number expects all that fits. */
const HISTORY_PAGE = { initial: 1_000_000, most: 1_000_000 };

/** Points of several runs together. */
const BULK_PAGE = { initial: 25_000, most: 25_000 };

/** Points that a chart of several runs gets. */
const INTERVAL_PAGE = 2_500;

/** Runs in one chart. */
const MAX_RUNS = 100;

export function metricRoutes(tracking: TrackingService): MlflowRoute[] {
  return [
    route('GET', '/mlflow/metrics/get-history', ({ fields }) =>
      tracking.metricHistoryBody({
        runId: runIdOf(fields),
        key: fields.requiredString('metric_key'),
        limit: fields.pageSize('max_results', HISTORY_PAGE),
        pageToken: fields.string('page_token'),
      }),
    ),
    route('GET', '/mlflow/metrics/get-history-bulk-interval', async ({ fields }) => {
      const runIds = fields.strings('run_ids');
      checkIntervalRuns(runIds);
      const points = await tracking.sampledHistories({
        runIds,
        key: fields.requiredString('metric_key'),
        ...intervalOf(fields),
        limit: intervalSize(fields),
      });
      return { metrics: orNothing(points.map(toMetric)) };
    }),
    {
      method: 'GET',
      prefixes: PREFIXES.v2Ajax,
      path: '/mlflow/metrics/get-history-bulk',
      answer: async ({ fields }) => {
        const runIds = fields.strings('run_id');
        checkBulkRuns(runIds);
        if (!fields.string('metric_key'))
          throw invalid('GetMetricHistoryBulk request must specify a metric_key.');
        const points = await tracking.metricHistories({
          runIds,
          key: fields.requiredString('metric_key'),
          limit: fields.pageSize('max_results', BULK_PAGE),
        });
        return { metrics: points.map(toMetric) };
      },
    },
  ];
}

function checkIntervalRuns(runIds: readonly string[]): void {
  if (runIds.length === 0) throw invalid("Missing value for required parameter 'run_ids'.");
  if (runIds.length > MAX_RUNS)
    throw invalid(
      `GetMetricHistoryBulkInterval request must specify at most ${MAX_RUNS} run_ids. Received ${runIds.length} run_ids.`,
    );
}

function checkBulkRuns(runIds: readonly string[]): void {
  if (runIds.length === 0) throw invalid('GetMetricHistoryBulk request must specify at least one run_id.');
  if (runIds.length > MAX_RUNS)
    throw invalid(
      `GetMetricHistoryBulk request cannot specify more than ${MAX_RUNS} run_ids. Received ${runIds.length} run_ids.`,
    );
}

function intervalOf(fields: Fields): { startStep?: number | undefined; endStep?: number | undefined } {
  const startStep = fields.integer('start_step');
  const endStep = fields.integer('end_step');
  if ((startStep === undefined) !== (endStep === undefined))
    throw invalid('If either start step or end step are specified, both must be specified.');
  if (startStep !== undefined && endStep !== undefined && endStep < startStep)
    throw invalid(
      `end_step must be greater than start_step. Found start_step=${startStep} and end_step=${endStep}.`,
    );
  return { startStep, endStep };
}

function intervalSize(fields: Fields): number {
  const size = fields.integer('max_results') ?? INTERVAL_PAGE;
  if (size < 1 || size > INTERVAL_PAGE)
    throw invalid(`max_results must be between 1 and ${INTERVAL_PAGE}, not ${size}.`);
  return size;
}
