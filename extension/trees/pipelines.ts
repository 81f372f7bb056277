import { type Automation, listAutomations } from '../../daemon/contract/automations.ts';
import type { ChangeEvent } from '../../daemon/contract/events.ts';
import {
  type Diagnostic,
  type Execution,
  getExecution,
  listExecutions,
  listPipelines,
  type Pipeline,
  type StepExecution,
} from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { collect } from './pages.ts';
import {
  automationRow,
  diagnosticRow,
  executionRow,
  isActive,
  pipelineRow,
  remarkRow,
  stepRow,
} from './pipeline-rows.ts';
import { StoreTree, type TreeNode } from './tree.ts';

const TICK_MS = 1_000;

/** Pipelines, their steps as the newest execution has them, and the executions before it. */
export class PipelinesTree extends StoreTree {
  readonly #clock: NodeJS.Timeout;
  #active = false;

  constructor(stores: Stores) {
    super('modelthat.pipelines', stores);
    this.#clock = setInterval(() => {
      if (this.#active && this.visible) this.renewAll();
    }, TICK_MS);
  }

  override dispose(): void {
    clearInterval(this.#clock);
    super.dispose();
  }

  protected override async load(connection: StoreConnection): Promise<TreeNode[]> {
    const [{ items: pipelines, remark }, { items: automations }] = await Promise.all([
      connection.call(listPipelines, {}),
      connection.call(listAutomations, {}),
    ]);
    const newest = await Promise.all(
      pipelines.map(({ file }) => connection.call(listExecutions, { query: { file, limit: 2 } })),
    );
    this.#active = newest.some(({ items }) => items.some(isActive));
    const nodes = pipelines.map((pipeline, index) =>
      this.#pipelineNode(connection, pipeline, {
        newest: newest[index]?.items ?? [],
        automations: automations.filter(({ file }) => file === pipeline.file),
      }),
    );
    return remark === undefined ? nodes : [...nodes, remarkNode(connection, remark)];
  }

  protected override affectedBy({ store }: StoreConnection, { topic }: ChangeEvent): string[] {
    return topic === 'execution' || topic === 'step' || topic === 'pipeline' ? [store] : [];
  }

  #pipelineNode(
    connection: StoreConnection,
    pipeline: Pipeline,
    { newest, automations }: { newest: readonly Execution[]; automations: readonly Automation[] },
  ): TreeNode {
    const [latest, before] = newest;
    const row = pipelineRow(connection.store, pipeline, latest, Date.now());
    // While it runs, what becomes of its steps is told by themselves.
    const blocked = latest && isActive(latest) ? {} : pipeline.blocked;
    const defined = pipeline.steps.map(step => step.name);
    const gone = latest?.steps.map(step => step.name).filter(name => !defined.includes(name)) ?? [];
    return {
      row,
      subject: { type: 'pipeline', connection, pipeline, latest },
      children: async () => [
        ...pipeline.problems.map((problem, index) => diagnosticNode(connection, row.id, problem, index)),
        ...automations.map(each => automationNode(connection, row.id, each)),
        ...[...defined, ...gone].map(name =>
          stepNode(connection, row.id, pipeline, latest, name, blocked[name]),
        ),
        ...(before ? [this.#historyNode(connection, row.id, pipeline)] : []),
      ],
    };
  }

  #historyNode(connection: StoreConnection, parent: string, pipeline: Pipeline): TreeNode {
    const id = `${parent}/history`;
    return {
      row: {
        id,
        label: 'Earlier executions',
        icon: { name: 'history' },
        kind: 'history',
        opens: 'closed',
        spoken: 'Earlier executions',
      },
      subject: { type: 'pipeline', connection, pipeline, latest: undefined },
      children: async () => {
        // One more: the newest has its place above.
        const { items, more } = await collect(this.limitOf(id) + 1, page =>
          connection.call(listExecutions, { query: { file: pipeline.file, ...page } }),
        );
        const nodes = items.slice(1).map(execution => executionNode(connection, pipeline, execution));
        return this.paged(id, connection, nodes, more);
      },
    };
  }
}

function remarkNode(connection: StoreConnection, remark: string): TreeNode {
  return { row: remarkRow(connection.store, remark), subject: { type: 'problem', connection } };
}

function automationNode(connection: StoreConnection, parent: string, automation: Automation): TreeNode {
  return {
    row: automationRow(parent, automation),
    subject: { type: 'automation', connection, automation },
  };
}

function diagnosticNode(
  connection: StoreConnection,
  parent: string,
  diagnostic: Diagnostic,
  index: number,
): TreeNode {
  return {
    row: diagnosticRow(parent, diagnostic, index),
    subject: { type: 'diagnostic', connection, file: diagnostic.file, line: diagnostic.line },
    click: 'modelthat.pipelines.openFile',
  };
}

function stepNode(
  connection: StoreConnection,
  parent: string,
  pipeline: Pipeline,
  execution: Execution | undefined,
  name: string,
  blocked?: string,
): TreeNode {
  const started = execution?.steps.find(candidate => candidate.name === name);
  const defined = pipeline.steps.find(candidate => candidate.name === name);
  const place = { line: defined?.line, definedIn: defined?.file };
  const shown = (step: StepExecution | undefined): Pick<TreeNode, 'row' | 'subject'> => ({
    row: stepRow(parent, { name, blocked }, step, Date.now()),
    subject: { type: 'step', connection, file: pipeline.file, name, ...place, execution, step },
  });
  const node: TreeNode = {
    ...shown(started),
    ...(started?.startTime && { click: 'modelthat.steps.showLog' }),
  };
  if (!execution || !started?.startTime || started.endTime !== null) return node;
  // Its metric moves without an event of the step: its run tells of that, many times a second.
  const renew = async () => {
    const { steps } = await connection.call(getExecution, { params: { executionId: execution.id } });
    Object.assign(node, shown(steps.find(candidate => candidate.name === name)));
  };
  return Object.assign(node, { renew });
}

function executionNode(connection: StoreConnection, pipeline: Pipeline, execution: Execution): TreeNode {
  const row = executionRow(connection.store, execution, Date.now());
  return {
    row,
    subject: { type: 'execution', connection, execution },
    children: async () =>
      execution.steps.map(step => stepNode(connection, row.id, pipeline, execution, step.name)),
  };
}
