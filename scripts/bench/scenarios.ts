/** All scenarios, in the order in which they are measured and reported. */
import type { Scenario } from './scenario.ts';
import { activation } from './scenarios/activation.ts';
import { artifacts } from './scenarios/artifacts.ts';
import { batches } from './scenarios/batches.ts';
import { createRun } from './scenarios/create-run.ts';
import { history } from './scenarios/history.ts';
import { k6 } from './scenarios/k6.ts';
import { logMetric } from './scenarios/log-metric.ts';
import { memory } from './scenarios/memory.ts';
import { largeInputs, manySteps, parallel, stepOverhead, upToDate } from './scenarios/pipelines.ts';
import { scale } from './scenarios/scale.ts';
import { scan } from './scenarios/scan.ts';
import { search } from './scenarios/search.ts';
import { start } from './scenarios/start.ts';
import { wide } from './scenarios/wide.ts';

export const scenarios: readonly Scenario[] = [
  start,
  memory,
  logMetric,
  batches,
  createRun,
  k6,
  search,
  history,
  wide,
  scan,
  artifacts,
  scale,
  upToDate,
  parallel,
  largeInputs,
  stepOverhead,
  manySteps,
  activation,
];
