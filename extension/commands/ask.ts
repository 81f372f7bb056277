/** Questions that several commands ask when they were called without an item. */
import * as vscode from 'vscode';
import { type ApprovalRequest, listApprovals } from '../../daemon/contract/approvals.ts';
import { type Automation, listAutomations } from '../../daemon/contract/automations.ts';
import { formatAge } from '../../daemon/contract/display.ts';
import { listVersions, type ModelSummary, type ModelVersion } from '../../daemon/contract/models.ts';
import {
  type Execution,
  executionName,
  listExecutions,
  listPipelines,
  type Pipeline,
} from '../../daemon/contract/pipelines.ts';
import { type Experiment, listExperiments, type Run, searchRuns } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { allModels } from '../trees/all-models.ts';
import { isActive, isResumable } from '../trees/pipeline-rows.ts';

const OFFERED = 100;

/** A thing, and the connection to the store that has it. */
export interface Of<Thing> {
  readonly connection: StoreConnection;
  readonly thing: Thing;
}

interface Choice<Thing> extends vscode.QuickPickItem {
  readonly of: Of<Thing>;
}

/**
 * Lets a person choose among things of all stores.
 *
 * @param nothing said when there is nothing to choose from
 * @returns undefined when nothing was chosen
 */
async function choose<Thing>(
  stores: Stores,
  title: string,
  nothing: string,
  list: (connection: StoreConnection) => Promise<Thing[]>,
  describe: (thing: Thing) => vscode.QuickPickItem,
): Promise<Of<Thing> | undefined> {
  const loading = Promise.all(
    stores.all.map(async connection =>
      (await list(connection)).map(
        (thing): Choice<Thing> => ({ ...describe(thing), of: { connection, thing } }),
      ),
    ),
  );
  const choices = (await loading).flat();
  if (choices.length === 0) {
    void vscode.window.showInformationMessage(nothing);
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(choices, { title, matchOnDescription: true });
  return chosen?.of;
}

/** Asks for a run. @param filter in MLflow's filter language */
export function askRun(
  stores: Stores,
  title: string,
  filter = '',
  view: 'active' | 'deleted' = 'active',
): Promise<Of<Run> | undefined> {
  return choose(
    stores,
    title,
    'There is no such run.',
    async connection =>
      (
        await connection.call(searchRuns, {
          body: { filter, view, limit: OFFERED, orderBy: ['attributes.start_time DESC'] },
        })
      ).items,
    run => ({
      label: run.name,
      description: `${run.status.toLowerCase()} · ${formatAge(run.startTime, Date.now())} · ${run.id}`,
    }),
  );
}

/** Asks for an experiment. @returns its id in a list, which is empty where all are meant */
export function askExperiments(stores: Stores, title: string): Promise<Of<readonly string[]> | undefined> {
  return choose<readonly Experiment[]>(
    stores,
    title,
    'There is no experiment.',
    async connection => {
      const { items } = await connection.call(listExperiments, { query: { limit: 1000 } });
      return [...(items.length > 1 ? [items] : []), ...items.map(item => [item])];
    },
    ([experiment, ...others]) => {
      const runs = [experiment, ...others].reduce((sum, one) => sum + (one?.runCount ?? 0), 0);
      const label = others.length > 0 ? 'All experiments' : (experiment?.name ?? '');
      return { label, description: `${runs} run${runs === 1 ? '' : 's'}` };
    },
  ).then(
    chosen => chosen && { ...chosen, thing: chosen.thing.length > 1 ? [] : chosen.thing.map(({ id }) => id) },
  );
}

/** Asks for a pipeline; with only one there is nothing to ask. */
export async function askPipeline(stores: Stores, title: string): Promise<Of<Pipeline> | undefined> {
  const list = async (connection: StoreConnection) => (await connection.call(listPipelines, {})).items;
  const all = (
    await Promise.all(
      stores.all.map(async connection => (await list(connection)).map(thing => ({ connection, thing }))),
    )
  ).flat();
  if (all.length === 1) return all[0];
  return choose(
    stores,
    title,
    'There is no pipeline: describe its steps in a file modelthat.yaml or dvc.yaml.',
    list,
    pipeline => ({
      label: pipeline.name,
      description: vscode.workspace.asRelativePath(pipeline.file),
    }),
  );
}

/** Asks for an execution that has not ended. */
export function askActiveExecution(stores: Stores, title: string): Promise<Of<Execution> | undefined> {
  return askExecution(stores, title, 'No pipeline is running.', isActive);
}

/** Asks for an execution that ended without having succeeded. */
export function askUnfinishedExecution(stores: Stores, title: string): Promise<Of<Execution> | undefined> {
  return askExecution(
    stores,
    title,
    'Nothing is left of the newest executions: they succeeded.',
    isResumable,
  );
}

function askExecution(
  stores: Stores,
  title: string,
  nothing: string,
  fits: (execution: Execution) => boolean,
): Promise<Of<Execution> | undefined> {
  return choose(
    stores,
    title,
    nothing,
    async connection => (await connection.call(listExecutions, { query: {} })).items.filter(fits),
    execution => ({
      label: executionName(execution),
      description: `${execution.status} · started ${formatAge(execution.startTime, Date.now())}`,
    }),
  );
}

/** Asks for a schedule or triggers. @param on whether they are on, or off */
export function askAutomation(
  stores: Stores,
  title: string,
  on: boolean,
): Promise<Of<Automation> | undefined> {
  return choose(
    stores,
    title,
    on ? 'No schedules and no triggers are on.' : 'No pipeline declares a schedule or triggers that are off.',
    async connection => (await connection.call(listAutomations, {})).items.filter(each => each.on === on),
    ({ pipeline, kind, description }) => ({ label: `${pipeline}: ${kind}`, description }),
  );
}

/** Asks for a model. */
export function askModel(
  stores: Stores,
  title: string,
  fits: (model: ModelSummary) => boolean = () => true,
): Promise<Of<ModelSummary> | undefined> {
  const list = async (connection: StoreConnection) => (await allModels(connection)).filter(fits);
  return choose(stores, title, 'There is no such model.', list, ({ name, stages }) => ({
    label: name,
    description: stages.map(({ stage, newest }) => `${stage} v${newest}`).join(' · '),
  }));
}

/** Asks for a version: first of which model. */
export async function askVersion(
  stores: Stores,
  title: string,
): Promise<{ connection: StoreConnection; version: ModelVersion } | undefined> {
  const model = await askModel(stores, title, ({ stages }) => stages.length > 0);
  if (!model) return undefined;
  const { connection } = model;
  const { items } = await connection.call(listVersions, {
    params: { name: model.thing.name },
    query: { limit: OFFERED },
  });
  const chosen = await vscode.window.showQuickPick(
    items.map(version => ({
      label: `Version ${version.version}`,
      description: `${version.stage} · ${formatAge(version.createdAt, Date.now())}`,
      version,
    })),
    { title: `${title} of ${model.thing.name}`, matchOnDescription: true, ignoreFocusOut: true },
  );
  return chosen && { connection, version: chosen.version };
}

/** Asks for a request for approval that waits for an answer. */
export function askRequest(stores: Stores, title: string): Promise<Of<ApprovalRequest> | undefined> {
  return choose(
    stores,
    title,
    'No version of a model waits for approval.',
    async connection => (await connection.call(listApprovals, { query: { state: 'pending' } })).items,
    ({ model, version, stage, requestedBy, requestedAt }) => ({
      label: `${model} version ${version} to ${stage}`,
      description: `asked by ${requestedBy.subject} ${formatAge(requestedAt, Date.now())}`,
    }),
  );
}
