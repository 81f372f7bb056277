import type { RunAction, RunLink, RunSnapshot, StepLink } from '../../daemon/contract/messages.ts';
import { listVersionsOfRun, type ModelVersion } from '../../daemon/contract/models.ts';
import { type Execution, getExecution } from '../../daemon/contract/pipelines.ts';
import { listReproductions } from '../../daemon/contract/reproductions.ts';
import {
  EXECUTION_TAG,
  getRun,
  listExperiments,
  type Run,
  searchRuns,
  silentSince,
} from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { goalsOf } from '../trees/goals.ts';
import { isActive } from '../trees/pipeline-rows.ts';
import { headlineMetric } from '../trees/run-rows.ts';

const SHOWN_CHILDREN = 50;

/** What the run page's host knows: the snapshot, and what the actions on it need. */
export interface RunState {
  readonly snapshot: RunSnapshot;
  readonly versions: readonly ModelVersion[];
  /** The execution that makes this run, while it goes on. */
  readonly execution: Execution | undefined;
}

/** Loads all of a run that its page shows. @throws ApiError when there is no such run */
export async function loadRun(connection: StoreConnection, runId: string): Promise<RunState> {
  const run = await connection.call(getRun, { params: { runId } });
  const [experiments, parent, below, { items: versions }, goals, reproduced] = await Promise.all([
    connection.call(listExperiments, { query: { view: 'all', limit: 1000 } }),
    run.parentId ? connection.call(getRun, { params: { runId: run.parentId } }).catch(() => null) : null,
    childrenOf(connection, run),
    connection.call(listVersionsOfRun, { params: { runId } }),
    goalsOf(connection),
    lastReproduction(connection, run),
  ]);
  const made = await executionOf(connection, run, parent);
  const execution = made && isActive(made) ? made : undefined;
  const silent = silentSince(run, Date.now()) ?? null;
  return {
    versions,
    execution,
    snapshot: {
      run,
      experiment: experiments.items.find(({ id }) => id === run.experimentId)?.name ?? run.experimentId,
      parent: parent && link(parent),
      steps: made?.runId === run.id ? stepLinks(made, below.items, goals) : [],
      children: below.items.map(link),
      moreChildren: below.nextPageToken !== undefined,
      silentSince: silent,
      versions: versions.map(({ name, version, stage }) => ({ name, version, stage })),
      reproduced,
      actions: actionsOn(run, versions.length > 0, made),
    },
  };
}

/** How running it again came out last: the run of an execution stands for all of it. */
async function lastReproduction(connection: StoreConnection, run: Run): Promise<RunSnapshot['reproduced']> {
  const execution = run.tags[EXECUTION_TAG];
  const query = execution === undefined ? { run: run.id } : { execution };
  const { items } = await connection.call(listReproductions, { query });
  return items.find(({ status }) => status === 'judged') ?? null;
}

function childrenOf(connection: StoreConnection, run: Run) {
  if (run.childCount === 0) return { items: [], nextPageToken: undefined };
  const body = { parentId: run.id, limit: SHOWN_CHILDREN, orderBy: ['attributes.start_time ASC'] };
  return connection.call(searchRuns, { body });
}

/** The execution that a run, or the run above it, stands for. */
async function executionOf(
  connection: StoreConnection,
  run: Run,
  parent: Run | null,
): Promise<Execution | undefined> {
  const executionId = run.tags[EXECUTION_TAG] ?? parent?.tags[EXECUTION_TAG];
  // Any script can set the tag: an execution that is not there leaves the page whole.
  return executionId === undefined
    ? undefined
    : connection.call(getExecution, { params: { executionId } }).catch(() => undefined);
}

function stepLinks({ steps }: Execution, runs: readonly Run[], goals: readonly string[]): StepLink[] {
  return steps.map(({ name, status, startTime, endTime, message, runId }) => {
    const run = runs.find(({ id }) => id === runId);
    const metric = (run && headlineMetric(run, goals)) ?? '';
    return { name, status, startTime, endTime, metric, note: message.split('\n', 1)[0] ?? '', runId };
  });
}

function actionsOn(run: Run, hasVersions: boolean, made: Execution | undefined): RunAction[] {
  const running = run.status === 'RUNNING';
  const execution = made && isActive(made) ? made : undefined;
  // The run of an execution logs no model: its steps' runs do.
  const hasOwnModel = run.tags[EXECUTION_TAG] === undefined;
  return [
    ...(running ? [endingAction(execution)] : []),
    ...(hasVersions ? (['promote'] as const) : []),
    ...(!running && !hasVersions && hasOwnModel ? (['register'] as const) : []),
    ...(made && !execution && made.reproduces === null ? (['reproduce'] as const) : []),
    'showLineage',
    'copyId',
  ];
}

/** How a running run is ended: by its execution, by force once it was asked to end, or by a person's word. */
function endingAction(execution: Execution | undefined): RunAction {
  if (!execution) return 'close';
  return execution.status === 'cancelling' ? 'forceStop' : 'stop';
}

function link({ id, name, status, startTime, endTime, metrics }: Run): RunLink {
  return {
    id,
    name,
    status,
    startTime,
    duration: (endTime ?? Date.now()) - startTime,
    metrics,
  };
}
