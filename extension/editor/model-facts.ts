import { type ApprovalRequest, listApprovals } from '../../daemon/contract/approvals.ts';
import { formatChange, formatMetric } from '../../daemon/contract/display.ts';
import {
  getVersion,
  judgingMetric,
  listModelSummaries,
  listVersions,
  type ModelVersion,
} from '../../daemon/contract/models.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/** What stands above a place that registers a model. */
export interface ModelFacts {
  readonly newest: ModelVersion;
  /** The version in Production. */
  readonly champion: ModelVersion | undefined;
  /** The request of the newest version that waits for an answer. */
  readonly request: ApprovalRequest | undefined;
}

/** What is known of a model; undefined when it has no version yet. */
export async function loadModelFacts(
  connection: StoreConnection,
  name: string,
): Promise<ModelFacts | undefined> {
  const [model] = (await connection.call(listModelSummaries, { query: { name } })).items;
  if (!model) return undefined;
  const inProduction = model.stages.find(({ stage }) => stage === 'Production')?.newest;
  const [versions, champion, requests] = await Promise.all([
    connection.call(listVersions, { params: { name }, query: { limit: 1 } }),
    inProduction === undefined
      ? undefined
      : connection.call(getVersion, { params: { name, version: inProduction } }),
    connection.call(listApprovals, { query: { model: name, state: 'pending' } }),
  ]);
  const [newest] = versions.items;
  const request = requests.items.find(({ version }) => version === newest?.version);
  return newest && { newest, champion, request };
}

/** The newest version with its metric beside Production's: `v7 Staging · rmspe 0.091 (−3.1 % vs Production v5)`. */
export function modelFacts({ newest, champion, request }: ModelFacts, goals: readonly string[]): string {
  const key = judgingMetric(newest, goals);
  return [
    `$(package) ${newest.name} v${newest.version}${newest.stage === 'None' ? '' : ` ${newest.stage}`}`,
    ...(key === undefined ? [] : [metricText(key, newest, champion)]),
    ...(request ? [`waits for approval to ${request.stage}`] : []),
  ].join(' · ');
}

function metricText(
  key: string,
  { metrics, version }: ModelVersion,
  champion: ModelVersion | undefined,
): string {
  const value = metrics[key] ?? 'NaN';
  const before = champion?.metrics[key];
  const change = before === undefined || champion?.version === version ? '' : formatChange(value, before);
  return `${key} ${formatMetric(value)}${change && ` (${change} vs Production v${champion?.version})`}`;
}
