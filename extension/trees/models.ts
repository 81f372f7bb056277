import { type ApprovalRequest, listApprovals } from '../../daemon/contract/approvals.ts';
import type { ChangeEvent } from '../../daemon/contract/events.ts';
import {
  listModelSummaries,
  listVersions,
  type ModelSummary,
  type Stage,
} from '../../daemon/contract/models.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { goalsOf } from './goals.ts';
import { modelRow, STAGE_ORDER, stageRow, versionRow } from './model-rows.ts';
import { collect } from './pages.ts';
import { StoreTree, type TreeNode } from './tree.ts';
import { VersionDrag } from './version-drag.ts';

/** The most requests that wait for an answer at once and are marked. */
const MARKED_REQUESTS = 1_000;

/** Registered models, their stages, and the versions in these, newest first. A version is dragged to another stage. */
export class ModelsTree extends StoreTree {
  constructor(stores: Stores) {
    super('modelthat.models', stores, new VersionDrag());
  }

  protected override async load(connection: StoreConnection): Promise<TreeNode[]> {
    const id = connection.store;
    const [{ items, more }, pending] = await Promise.all([
      collect(this.limitOf(id), page => connection.call(listModelSummaries, { query: page })),
      pendingRequests(connection),
    ]);
    const nodes = items.map((model): TreeNode => {
      const waiting = pending.filter(request => request.model === model.name).length;
      return {
        row: modelRow(connection.store, model, waiting, items.length),
        subject: { type: 'model', connection, model },
        children: async () => STAGE_ORDER.map(stage => this.#stageNode(connection, model, stage)),
      };
    });
    return this.paged(id, connection, nodes, more);
  }

  protected override affectedBy({ store }: StoreConnection, { topic }: ChangeEvent): string[] {
    return topic === 'model' || topic === 'approval' ? [store] : [];
  }

  #stageNode(connection: StoreConnection, model: ModelSummary, stage: Stage): TreeNode {
    const row = stageRow(connection.store, model, stage);
    const node: TreeNode = { row, subject: { type: 'stage', connection, model: model.name, stage } };
    if (row.opens === 'never') return node;
    return { ...node, children: () => this.#versions(connection, model.name, stage, row.id) };
  }

  async #versions(connection: StoreConnection, name: string, stage: Stage, id: string): Promise<TreeNode[]> {
    const [{ items, more }, goals, pending] = await Promise.all([
      collect(this.limitOf(id), page =>
        connection.call(listVersions, { params: { name }, query: { stage, ...page } }),
      ),
      goalsOf(connection),
      pendingRequests(connection, name),
    ]);
    const now = Date.now();
    const nodes = items.map((version): TreeNode => {
      const request = pending.find(each => each.version === version.version);
      return {
        row: versionRow(connection.store, version, { goals, request, now }),
        subject: { type: 'version', connection, version, request },
        click: 'modelthat.models.open',
      };
    });
    return this.paged(id, connection, nodes, more);
  }
}

async function pendingRequests(connection: StoreConnection, model?: string): Promise<ApprovalRequest[]> {
  const query = { state: 'pending', limit: MARKED_REQUESTS, ...(model !== undefined && { model }) } as const;
  return (await connection.call(listApprovals, { query })).items;
}
