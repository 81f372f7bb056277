import * as vscode from 'vscode';
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
  stepResultRow,
  stepRow,
} from './pipeline-rows.ts';
import { type StaleReasons, StaleSteps } from './stale-steps.ts';
import type { SubjectOf } from './subject.ts';
import { StoreTree, type TreeNode } from './tree.ts';

const TICK_MS = 1_000;

/** A step's results are looked for in so many executions. */
const STEP_EXECUTIONS = 10;

/** What the files of a store's workspace define. */
interface Defined {
  readonly pipelines: readonly Pipeline[];
  readonly automations: readonly Automation[];
  /** What to know of how they were looked for. */
  readonly remark: string | undefined;
}

/** Pipelines, their steps as the newest execution has them, and the executions before it. */
export class PipelinesTree extends StoreTree {
  readonly #clock: NodeJS.Timeout;
  readonly #stale = new StaleSteps();
  readonly #watching: readonly vscode.Disposable[];
  #active = false;
  /** What stores define, until something may have changed it: reading it takes longer the more steps there are. */
  readonly #defined = new Map<string, Promise<Defined>>();

  constructor(stores: Stores) {
    super('modelthat.pipelines', stores);
    this.#clock = setInterval(() => {
      if (this.#active && this.visible) this.renewAll();
    }, TICK_MS);
    this.#watching = [
      this.#stale,
      this.#stale.onDidChange(({ store }) => this.refreshSoon(store)),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => this.#lookAgain(stores.of(uri))),
    ];
  }

  override dispose(): void {
    clearInterval(this.#clock);
    for (const part of this.#watching) part.dispose();
    super.dispose();
  }

  override loadAnew(): void {
    for (const connection of this.stores.all) this.#forget(connection);
    super.loadAnew();
  }

  protected override async load(connection: StoreConnection): Promise<TreeNode[]> {
    const { pipelines, automations, remark } = await this.#definedIn(connection);
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

  protected override affectedBy(connection: StoreConnection, { topic }: ChangeEvent): string[] {
    if (topic === 'execution' || topic === 'pipeline') this.#forget(connection);
    return topic === 'execution' || topic === 'step' || topic === 'pipeline' ? [connection.store] : [];
  }

  /** What was saved may be what steps depend on. */
  #lookAgain(connection: StoreConnection | undefined): void {
    if (!connection) return;
    this.#forget(connection);
    this.refreshSoon(connection.store);
  }

  #forget(connection: StoreConnection): void {
    this.#defined.delete(connection.store);
    this.#stale.forget(connection);
  }

  async #definedIn(connection: StoreConnection): Promise<Defined> {
    const { store } = connection;
    const defined = this.#defined.get(store) ?? readDefinitions(connection);
    this.#defined.set(store, defined);
    try {
      return await defined;
    } catch (error) {
      if (this.#defined.get(store) === defined) this.#defined.delete(store);
      throw error;
    }
  }

  #pipelineNode(
    connection: StoreConnection,
    pipeline: Pipeline,
    { newest, automations }: { newest: readonly Execution[]; automations: readonly Automation[] },
  ): TreeNode {
    const [latest, before] = newest;
    const stale = this.#stale.of(connection, pipeline, latest);
    const row = pipelineRow(connection.store, pipeline, latest, Date.now(), staleCount(stale, latest));
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
          this.#stepNode(connection, row.id, pipeline, latest, {
            name,
            blocked: blocked[name],
            stale: stale[name],
          }),
        ),
        ...(before ? [this.#historyNode(connection, row.id, pipeline)] : []),
      ],
    };
  }

  /** A step, with what it came to in the last executions below it. */
  #stepNode(
    connection: StoreConnection,
    parent: string,
    pipeline: Pipeline,
    latest: Execution | undefined,
    shown: ShownStep,
  ): TreeNode {
    if (!latest) return stepNode(connection, parent, pipeline, undefined, shown);
    const node = stepNode(connection, parent, pipeline, latest, { ...shown, opens: 'closed' });
    const children = async () => {
      const { file } = pipeline;
      const query = { file, limit: STEP_EXECUTIONS };
      const { items } = await connection.call(listExecutions, { query });
      return items.flatMap(execution =>
        stepResultNode(connection, node.row.id, pipeline, execution, shown.name),
      );
    };
    return Object.assign(node, { children });
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

async function readDefinitions(connection: StoreConnection): Promise<Defined> {
  const [{ items: pipelines, remark }, { items: automations }] = await Promise.all([
    connection.call(listPipelines, {}),
    connection.call(listAutomations, {}),
  ]);
  return { pipelines, automations, remark };
}

/** Those that did not succeed anyway are told of by that. */
function staleCount(stale: StaleReasons, latest: Execution | undefined): number {
  return latest?.steps.filter(({ name, status }) => status === 'succeeded' && name in stale).length ?? 0;
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

/** A step's name, and what is known of it besides an execution. */
type ShownStep = Parameters<typeof stepRow>[1];

function stepNode(
  connection: StoreConnection,
  parent: string,
  pipeline: Pipeline,
  execution: Execution | undefined,
  definition: ShownStep,
): TreeNode {
  const { name } = definition;
  const started = execution?.steps.find(candidate => candidate.name === name);
  const shown = (step: StepExecution | undefined): Pick<TreeNode, 'row' | 'subject'> => ({
    row: stepRow(parent, definition, step, Date.now()),
    subject: stepSubject(connection, pipeline, name, execution, step),
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

function stepSubject(
  connection: StoreConnection,
  { file, steps }: Pipeline,
  name: string,
  execution: Execution | undefined,
  step: StepExecution | undefined,
): SubjectOf<'step'> {
  const defined = steps.find(candidate => candidate.name === name);
  const place = { line: defined?.line, definedIn: defined?.file };
  return { type: 'step', connection, file, name, ...place, execution, step };
}

/** What a step came to in an execution; nothing if it had no part in it. */
function stepResultNode(
  connection: StoreConnection,
  parent: string,
  pipeline: Pipeline,
  execution: Execution,
  name: string,
): TreeNode[] {
  const step = execution.steps.find(candidate => candidate.name === name);
  if (!step?.startTime) return [];
  return [
    {
      row: stepResultRow(parent, execution, step, Date.now()),
      subject: stepSubject(connection, pipeline, name, execution, step),
      click: 'modelthat.steps.showLog',
    },
  ];
}

function executionNode(connection: StoreConnection, pipeline: Pipeline, execution: Execution): TreeNode {
  const row = executionRow(connection.store, execution, Date.now());
  return {
    row,
    subject: { type: 'execution', connection, execution },
    children: async () =>
      execution.steps.map(({ name }) => stepNode(connection, row.id, pipeline, execution, { name })),
  };
}
