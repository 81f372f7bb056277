import { type ApprovalRequest, getApproval, listApprovals } from '../../daemon/contract/approvals.ts';
import { missing, withoutMissing } from '../../daemon/contract/errors.ts';
import { type Evaluation, listEvaluations } from '../../daemon/contract/evaluations.ts';
import type { ModelSnapshot, VersionDetail } from '../../daemon/contract/model-messages.ts';
import {
  getVersion,
  getVersionFiles,
  listModelSummaries,
  listTransitions,
  listVersions,
  type ModelSummary,
  type ModelVersion,
} from '../../daemon/contract/models.ts';
import { getRun } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { metricGoals } from '../trees/goals.ts';
import { collect } from '../trees/pages.ts';

/** How much of a long history the page shows. */
const SHOWN_TRANSITIONS = 100;

/** What of a model is wanted. */
export interface Wanted {
  readonly name: string;
  /** Null = the version that matters most now. */
  readonly version: number | null;
  /** How many versions are listed. */
  readonly limit: number;
}

/** Loads all of a model that its page shows. @throws ApiError when there is no such model */
export async function loadModel(connection: StoreConnection, wanted: Wanted): Promise<ModelSnapshot> {
  const { name, limit } = wanted;
  const [found, versions, { items: transitions }, goals, { items: requests }] = await Promise.all([
    connection.call(listModelSummaries, { query: { name } }),
    collect(limit, page => connection.call(listVersions, { params: { name }, query: page })),
    connection.call(listTransitions, { params: { name } }),
    metricGoals(connection),
    connection.call(listApprovals, { query: { model: name } }),
  ]);
  const [model] = found.items;
  if (!model) throw missing(`There is no model '${name}'.`);
  const pending = requests.filter(({ state }) => state === 'pending').map(({ version }) => version);
  const inProduction = model.stages.find(({ stage }) => stage === 'Production')?.newest;
  const chosen = wanted.version ?? telling(model, pending);
  // A version that was shown can have been deleted meanwhile.
  const shown =
    chosen === undefined
      ? undefined
      : await withoutMissing(versionOf(connection, versions.items, name, chosen));
  return {
    model,
    goals,
    versions: versions.items,
    moreVersions: versions.more,
    champion:
      inProduction === undefined ? null : await versionOf(connection, versions.items, name, inProduction),
    transitions: transitions.slice(0, SHOWN_TRANSITIONS),
    pending,
    chosen: shown ? await detailOf(connection, shown, requests) : null,
  };
}

/** What waits for a person, else what is on trial, else what is used, else the newest. */
function telling({ stages }: ModelSummary, pending: readonly number[]): number | undefined {
  const newest = (name: string) => stages.find(({ stage }) => stage === name)?.newest;
  return pending[0] ?? newest('Staging') ?? newest('Production') ?? newest('None') ?? newest('Archived');
}

async function versionOf(
  connection: StoreConnection,
  known: readonly ModelVersion[],
  name: string,
  version: number,
): Promise<ModelVersion> {
  return (
    known.find(each => each.version === version) ??
    (await connection.call(getVersion, { params: { name, version } }))
  );
}

/** A model whose name no search can have has none. */
async function evaluationsOf(
  connection: StoreConnection,
  { name, version }: ModelVersion,
): Promise<Evaluation[]> {
  if (name.includes("'") && name.includes('"')) return [];
  const { items } = await connection.call(listEvaluations, { params: { name } });
  return items.filter(each => each.version === version);
}

async function detailOf(
  connection: StoreConnection,
  version: ModelVersion,
  all: readonly ApprovalRequest[],
): Promise<VersionDetail> {
  const requests = all.filter(request => request.version === version.version);
  const pending = requests.find(({ state }) => state === 'pending');
  const [files, run, evaluations, evidence] = await Promise.all([
    connection.call(getVersionFiles, { params: { name: version.name, version: version.version } }),
    // The run can be gone, and its version stays.
    version.runId === null
      ? null
      : connection.call(getRun, { params: { runId: version.runId } }).catch(() => null),
    evaluationsOf(connection, version),
    pending ? connection.call(getApproval, { params: { id: pending.id } }) : null,
  ]);
  return { version, files, runName: run?.name ?? null, requests, evaluations, evidence };
}
