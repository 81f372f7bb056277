/** Tracking's part of the native API. */
import * as lists from '../contract/run-lists.ts';
import * as contract from '../contract/runs.ts';
import type { ApiRouter } from '../http/router.ts';
import type { TrackingService } from './service.ts';

/** States in which a run has ended. */
const ENDED = ['FINISHED', 'FAILED', 'KILLED'];

export function mountTracking(router: ApiRouter, tracking: TrackingService): void {
  router.mount(contract.listExperiments, ({ query }) => tracking.experiments.list(query));

  router.mount(contract.searchRuns, ({ body: { experimentIds, ...search } }) =>
    tracking.searchRunsJson({
      ...search,
      experimentIds: experimentIds.length > 0 ? experimentIds : undefined,
    }),
  );

  router.mount(lists.listRunIds, ({ body }) => tracking.listRunIdsJson(body));

  router.mount(lists.describeRunColumns, ({ body }) => tracking.describeRunColumnsJson(body));

  router.mount(lists.listCurves, ({ body }) => tracking.listCurvesJson(body));

  router.mount(lists.tagRuns, async ({ body: { runIds, tags } }) => {
    await tracking.tagRuns(runIds, tags);
    return {};
  });

  router.mount(lists.deleteRuns, async ({ body }) => {
    await tracking.deleteRuns(body.runIds);
    return {};
  });

  router.mount(lists.restoreRuns, async ({ body }) => {
    await tracking.restoreRuns(body.runIds);
    return {};
  });

  router.mount(contract.getRun, ({ params }) => tracking.getRunJson(params.runId));

  router.mount(contract.getSeries, ({ params, query: { key, ...range } }) =>
    tracking.metricSeriesJson({ runId: params.runId, keys: key, ...range }),
  );

  router.mount(contract.updateRun, async ({ params, body: { name, status, tags } }) => {
    const endTime = status && ENDED.includes(status) ? Date.now() : undefined;
    await tracking.updateRun(params.runId, { name, status, tags, endTime });
    return tracking.getRunJson(params.runId);
  });

  router.mount(contract.deleteRun, async ({ params }) => {
    await tracking.deleteRun(params.runId);
    return {};
  });

  router.mount(contract.restoreRun, async ({ params }) => {
    await tracking.restoreRun(params.runId);
    return {};
  });

  router.mount(contract.heartbeat, async ({ params }) => {
    await tracking.heartbeat(params.runId);
    return {};
  });
}
