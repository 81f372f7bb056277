import type { ChangeEvent } from '../../daemon/contract/events.ts';
import { type Experiment, listExperiments, type Run, searchRuns } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { goalsOf } from './goals.ts';
import { collect } from './pages.ts';
import { experimentRow, runRow, varyingParams } from './run-rows.ts';
import { StoreTree, type TreeNode } from './tree.ts';

/** Experiments, their runs newest first, and the runs below these. */
export class ExperimentsTree extends StoreTree {
  constructor(stores: Stores) {
    super('modelthat.experiments', stores);
  }

  protected override async load(connection: StoreConnection): Promise<TreeNode[]> {
    const id = connection.store;
    const { items, more } = await this.#experiments(connection);
    const withRuns = items.filter(experiment => experiment.runCount > 0);
    const nodes = withRuns.map(experiment => this.#experimentNode(connection, experiment));
    return this.paged(id, connection, nodes, more);
  }

  protected override affectedBy({ store }: StoreConnection, event: ChangeEvent): string[] {
    if (event.topic === 'experiment') return [store];
    return event.topic === 'run' ? [event.parent ? `${store}/experiment/${event.parent}` : store] : [];
  }

  #experiments(connection: StoreConnection): Promise<{ items: Experiment[]; more: boolean }> {
    return collect(this.limitOf(connection.store), page => connection.call(listExperiments, { query: page }));
  }

  #experimentNode(connection: StoreConnection, experiment: Experiment): TreeNode {
    const row = experimentRow(connection.store, experiment, Date.now());
    const node: TreeNode = {
      row,
      subject: { type: 'experiment', connection, experiment },
      children: () => this.#runs(connection, row.id, { experimentIds: [experiment.id], parentId: null }),
      renew: async () => {
        const { items } = await this.#experiments(connection);
        const current = items.find(({ id }) => id === experiment.id);
        if (current) node.row = experimentRow(connection.store, current, Date.now());
      },
    };
    return node;
  }

  async #runs(
    connection: StoreConnection,
    id: string,
    where: { experimentIds?: string[]; parentId: string | null },
  ): Promise<TreeNode[]> {
    const orderBy = ['attributes.start_time DESC'];
    const [{ items, more }, goals] = await Promise.all([
      collect(this.limitOf(id), page =>
        connection.call(searchRuns, { body: { ...where, orderBy, ...page } }),
      ),
      goalsOf(connection),
    ]);
    const context = { now: Date.now(), goals, params: varyingParams(items) };
    const nodes = items.map((run): TreeNode => {
      const row = runRow(connection.store, run, context);
      return {
        row,
        subject: { type: 'run', connection, run },
        click: 'modelthat.runs.open',
        ...this.#below(connection, run, row.id),
      };
    });
    return this.paged(id, connection, nodes, more);
  }

  #below(connection: StoreConnection, run: Run, id: string): Pick<TreeNode, 'children'> {
    return run.childCount > 0 ? { children: () => this.#runs(connection, id, { parentId: run.id }) } : {};
  }
}
