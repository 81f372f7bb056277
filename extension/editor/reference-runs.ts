/** The runs that a pipeline's parameters are set beside: the best one, and that of the version in Production. */
import { getVersion } from '../../daemon/contract/models.ts';
import { type Goal, listPipelines } from '../../daemon/contract/pipelines.ts';
import { getRun, listExperiments, type Run, searchRuns } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { allModels } from '../trees/all-models.ts';

/** Experiments that a pipeline's is looked for among. */
const MAX_EXPERIMENTS = 1_000;
/** Of so many models the version in Production is looked at. */
const MAX_MODELS = 50;
/** How deep below its execution's run a run may lie. */
const MAX_DEPTH = 5;

/** Parameters of a run that others are set beside. */
export interface ReferenceRun {
  /** What it is called in a note: `best`, `Production v3`. */
  readonly label: string;
  readonly runId: string;
  readonly params: Readonly<Record<string, string>>;
}

/** The best run of a pipeline by its first goal, and the runs behind versions in Production. @param file the pipeline's */
export async function referenceRuns(connection: StoreConnection, file: string): Promise<ReferenceRun[]> {
  const { items } = await connection.call(listPipelines, {});
  const pipeline = items.find(each => each.file === file);
  if (!pipeline) return [];
  const experiments = await connection.call(listExperiments, { query: { limit: MAX_EXPERIMENTS } });
  const experiment = experiments.items.find(({ name }) => name === pipeline.name);
  if (!experiment) return [];
  const [goal] = Object.entries(pipeline.metrics);
  const best = goal && (await bestRun(connection, experiment.id, ...goal));
  const champions = await productionRuns(connection, experiment.id);
  const found = [...(best ? [{ label: 'best', run: best }] : []), ...champions];
  return Promise.all(
    found.map(async ({ label, run }) => ({
      label,
      runId: run.id,
      params: await paramsWithParents(connection, run),
    })),
  );
}

async function bestRun(
  connection: StoreConnection,
  experiment: string,
  metric: string,
  goal: Goal,
): Promise<Run | undefined> {
  const key = `metrics.\`${metric.replaceAll('`', '')}\``;
  const { items } = await connection.call(searchRuns, {
    body: {
      experimentIds: [experiment],
      filter: "attributes.status = 'FINISHED'",
      orderBy: [`${key} ${goal === 'minimize' ? 'ASC' : 'DESC'}`],
      limit: 1,
    },
  });
  return items.find(({ metrics }) => metrics[metric] !== undefined);
}

async function productionRuns(
  connection: StoreConnection,
  experiment: string,
): Promise<{ label: string; run: Run }[]> {
  const inProduction = (await allModels(connection)).slice(0, MAX_MODELS).flatMap(({ name, stages }) => {
    const stage = stages.find(each => each.stage === 'Production');
    return stage ? [{ name, version: stage.newest }] : [];
  });
  const runs = inProduction.map(async ({ name, version }) => {
    const { runId } = await connection.call(getVersion, { params: { name, version } });
    const run = runId === null ? undefined : await runOf(connection, runId);
    return run?.experimentId === experiment ? [{ label: `Production v${version}`, run }] : [];
  });
  return (await Promise.all(runs)).flat();
}

/** A step's run has the parameters that the step sees; the execution's above it has all. */
async function paramsWithParents(connection: StoreConnection, run: Run): Promise<Record<string, string>> {
  let params = run.params;
  let parent = run.parentId;
  for (let depth = 0; parent !== null && depth < MAX_DEPTH; depth++) {
    const above = await runOf(connection, parent);
    params = { ...above?.params, ...params };
    parent = above?.parentId ?? null;
  }
  return params;
}

/** Undefined when it is gone for good. */
async function runOf(connection: StoreConnection, runId: string): Promise<Run | undefined> {
  return connection.call(getRun, { params: { runId } }).catch(() => undefined);
}
