import type { ChangeEvent } from '../../daemon/contract/events.ts';
import { listModels } from '../../daemon/contract/models.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { goalsOf } from './goals.ts';
import { modelRow, versionRow } from './model-rows.ts';
import { StoreTree, type TreeNode } from './tree.ts';

/** Registered models and their versions, newest first, each with its stage. */
export class ModelsTree extends StoreTree {
  constructor(stores: Stores) {
    super('modelthat.models', stores);
  }

  protected override async load(connection: StoreConnection): Promise<TreeNode[]> {
    const [{ items }, goals] = await Promise.all([connection.call(listModels, {}), goalsOf(connection)]);
    return items.map(model => {
      const row = modelRow(connection.store, model);
      return {
        row,
        subject: { type: 'model', connection, model },
        children: async () => {
          const limit = this.limitOf(row.id);
          const nodes = model.versions.slice(0, limit).map(
            (version): TreeNode => ({
              row: versionRow(connection.store, version, goals, Date.now()),
              subject: { type: 'version', connection, version },
            }),
          );
          return this.paged(row.id, connection, nodes, model.versions.length > limit);
        },
      };
    });
  }

  protected override affectedBy({ store }: StoreConnection, { topic }: ChangeEvent): string[] {
    return topic === 'model' ? [store] : [];
  }
}
