/** Tracking's operations, by name: `writes` run in the writer thread, `reads` in reader threads. */
import * as experiments from './store/experiments.ts';
import * as history from './store/history.ts';
import * as inputs from './store/inputs.ts';
import { logBatch, logBatchBody } from './store/log.ts';
import { getRun } from './store/read-runs.ts';
import * as runs from './store/runs.ts';

export const writes = {
  'tracking.createExperiment': experiments.createExperiment,
  'tracking.renameExperiment': experiments.renameExperiment,
  'tracking.setExperimentLifecycle': experiments.setExperimentLifecycle,
  'tracking.setExperimentTag': experiments.setExperimentTag,
  'tracking.deleteExperimentTag': experiments.deleteExperimentTag,
  'tracking.createRun': runs.createRun,
  'tracking.updateRun': runs.updateRun,
  'tracking.setRunLifecycle': runs.setRunLifecycle,
  'tracking.changeTags': runs.changeTags,
  'tracking.deleteTag': runs.deleteTag,
  'tracking.appendModelHistory': runs.appendModelHistory,
  'tracking.heartbeat': runs.heartbeat,
  'tracking.loseSilentRuns': runs.loseSilentRuns,
  'tracking.logBatch': logBatch,
  'tracking.logBatchBody': logBatchBody,
  'tracking.logInputs': inputs.logInputs,
  'tracking.logOutputs': inputs.logOutputs,
} as const;

export const reads = {
  'tracking.getExperiment': experiments.getExperiment,
  'tracking.findExperiment': experiments.findExperiment,
  'tracking.listExperiments': experiments.listExperiments,
  'tracking.getRun': getRun,
  'tracking.runningRuns': runs.runningRuns,
  'tracking.metricHistory': history.metricHistory,
  'tracking.metricHistories': history.metricHistories,
  'tracking.sampledHistories': history.sampledHistories,
  'tracking.metricSeries': history.metricSeries,
  'tracking.modelMetrics': history.modelMetrics,
  'tracking.searchDatasets': inputs.searchDatasets,
} as const;
