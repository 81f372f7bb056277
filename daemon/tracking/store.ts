/** Tracking's operations, by name: `writes` run in the writer thread, `reads` in reader threads. */
import type { Database as Connection } from 'better-sqlite3';
import { snapshot } from '../database/snapshot.ts';
import { metricHistoryBody } from './history-body.ts';
import { metricSeries } from './store/curves.ts';
import { endRunTree } from './store/ending.ts';
import * as experiments from './store/experiments.ts';
import * as heartbeats from './store/heartbeats.ts';
import * as history from './store/history.ts';
import { importExperiment, importRun } from './store/import.ts';
import * as inputs from './store/inputs.ts';
import { logBatch, logBatchBody } from './store/log.ts';
import { getRun } from './store/read-runs.ts';
import { describeRunColumns } from './store/run-columns.ts';
import { listCurves } from './store/run-curves.ts';
import { listRunIds } from './store/run-list.ts';
import * as runs from './store/runs.ts';
import { sampledHistories } from './store/sampled.ts';
import { Sealing } from './store/sealing.ts';
import { searchExperiments } from './store/search-experiments.ts';
import { searchRuns } from './store/search-runs.ts';

export const writes = {
  'tracking.createExperiment': experiments.createExperiment,
  'tracking.renameExperiment': experiments.renameExperiment,
  'tracking.setExperimentLifecycle': experiments.setExperimentLifecycle,
  'tracking.setExperimentTag': experiments.setExperimentTag,
  'tracking.deleteExperimentTag': experiments.deleteExperimentTag,
  'tracking.createRun': (connection: Connection, input: Parameters<typeof runs.createRun>[1]) =>
    getRun(connection, { runId: runs.createRun(connection, input) }),
  'tracking.updateRun': runs.updateRun,
  'tracking.endRunTree': endRunTree,
  'tracking.setRunLifecycle': runs.setRunLifecycle,
  'tracking.setRunsLifecycle': runs.setRunsLifecycle,
  'tracking.tagRuns': runs.tagRuns,
  'tracking.deleteTag': runs.deleteTag,
  'tracking.appendModelHistory': runs.appendModelHistory,
  'tracking.heartbeat': heartbeats.heartbeat,
  'tracking.moveHeartbeats': heartbeats.moveHeartbeats,
  'tracking.loseSilentRuns': heartbeats.loseSilentRuns,
  'tracking.logBatch': logBatch,
  'tracking.logBatchBody': logBatchBody,
  'tracking.logInputs': inputs.logInputs,
  'tracking.logOutputs': inputs.logOutputs,
  'tracking.importExperiment': importExperiment,
  'tracking.importRun': importRun,
} as const;

export const reads = {
  'tracking.getExperiment': experiments.getExperiment,
  'tracking.findExperiment': experiments.findExperiment,
  'tracking.listExperiments': experiments.listExperiments,
  'tracking.searchExperiments': searchExperiments,
  'tracking.getRun': getRun,
  'tracking.searchRuns': snapshot(searchRuns),
  'tracking.listRunIds': snapshot(listRunIds),
  'tracking.describeRunColumns': snapshot(describeRunColumns),
  'tracking.listCurves': snapshot(listCurves),
  'tracking.countRunning': runs.countRunning,
  'tracking.metricHistoryBody': metricHistoryBody,
  'tracking.metricColumns': snapshot(history.metricColumns),
  'tracking.metricHistories': snapshot(history.metricHistories),
  'tracking.sampledHistories': snapshot(sampledHistories),
  'tracking.metricSeries': snapshot(metricSeries),
  'tracking.modelMetrics': history.modelMetrics,
  'tracking.searchDatasets': inputs.searchDatasets,
} as const;

/** Work of the writer thread in between: see IdleWork. */
export function idleWork(connection: Connection): (idle: boolean) => boolean {
  const sealing = new Sealing(connection);
  return idle => sealing.next(Date.now(), idle);
}
