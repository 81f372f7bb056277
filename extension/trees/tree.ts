import * as vscode from 'vscode';
import type { ChangeEvent } from '../../daemon/contract/events.ts';
import type { CommandId } from '../contributes/commands.ts';
import type { ViewId } from '../contributes/names.ts';
import { commandOf, setContext } from '../contributes/vscode.ts';
import { RepeatedWork } from '../daemon/repeated-work.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { COLOR, type Row } from './row.ts';
import { signature } from './signature.ts';
import type { Subject } from './subject.ts';

/** One line of a tree, with what it stands for and what is below it. */
export interface TreeNode {
  /** Replaced by `renew` when only the line changed. */
  row: Row;
  readonly subject: Subject;
  readonly children?: () => Promise<TreeNode[]>;
  /** Puts a new line into `row`, for what moves with time, or with what is below. */
  readonly renew?: () => void | Promise<void>;
  readonly click?: CommandId;
}

/** A fast logger must not make the tree load more often than this. */
const REFRESH_MS = 400;
const PAGE = 50;

const COLLAPSE = {
  never: vscode.TreeItemCollapsibleState.None,
  closed: vscode.TreeItemCollapsibleState.Collapsed,
  open: vscode.TreeItemCollapsibleState.Expanded,
} as const;

/**
 * What the trees have in common: a node for each store when there are several, an error as a row with a retry, pages
 * with "Load more…", and live refresh of the part that an event names.
 */
export abstract class StoreTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<TreeNode | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  protected readonly stores: Stores;
  readonly #nodes = new Map<string, TreeNode>();
  /** What stands below each node that was opened, as it was drawn, by the node's id; '' is the whole tree. */
  readonly #drawn = new Map<string, string>();
  readonly #limits = new Map<string, number>();
  readonly #stale = new Set<string>();
  readonly #id: ViewId;
  readonly #view: vscode.TreeView<TreeNode>;
  readonly #subscriptions: vscode.Disposable[];
  readonly #refreshing = new RepeatedWork(() => this.#refreshStale());

  /** @param drag what dragging lines does; without it they cannot be dragged */
  constructor(view: ViewId, stores: Stores, drag?: vscode.TreeDragAndDropController<TreeNode>) {
    this.stores = stores;
    this.#id = view;
    this.#view = vscode.window.createTreeView(view, {
      treeDataProvider: this,
      showCollapseAll: true,
      ...(drag && { dragAndDropController: drag }),
    });
    this.#subscriptions = [
      this.#view,
      stores.onDidChange(() => this.refresh()),
      stores.onDidReceive(({ connection, message }) => {
        if (message.type === 'reset') this.loadAnew();
        else for (const id of this.affectedBy(connection, message.event)) this.refreshSoon(id);
      }),
      this.#view.onDidChangeVisibility(() => this.#refreshing.ask(0)),
    ];
  }

  /** The lines of one store. */
  protected abstract load(connection: StoreConnection): Promise<TreeNode[]>;

  /** Ids of the rows below which an event changed something; a store's own id stands for the whole store. */
  protected abstract affectedBy(connection: StoreConnection, event: ChangeEvent): string[];

  get visible(): boolean {
    return this.#view.visible;
  }

  refresh(node?: TreeNode): void {
    this.#changed.fire(node);
  }

  /** What was loaded before may not hold any more: a person asks for what is there now, or changes may have been missed. */
  loadAnew(): void {
    this.refresh();
  }

  /** Shows one more page below the node with this id. */
  loadMore(id: string): void {
    this.#limits.set(id, this.limitOf(id) + PAGE);
    this.refresh(this.#nodes.get(id));
  }

  getTreeItem({ row, subject, click }: TreeNode): vscode.TreeItem {
    const item = new vscode.TreeItem(row.label, COLLAPSE[row.opens]);
    item.id = row.id;
    item.contextValue = row.kind;
    item.accessibilityInformation = { label: row.spoken };
    if (row.description) item.description = row.description;
    if (row.icon) item.iconPath = themeIcon(row.icon);
    if (click) item.command = commandOf(click, row.label, { row, subject });
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, { row }: TreeNode): vscode.TreeItem {
    if (row.tooltip) item.tooltip = new vscode.MarkdownString(row.tooltip, true);
    return item;
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (!node) this.#nodes.clear();
    const nodes = await this.#childrenOf(node);
    this.#drawn.set(node?.row.id ?? '', signature(nodes));
    if (!node) setContext(`${this.#id}.empty`, nodes.length === 0 && this.stores.state === 'running');
    for (const child of nodes) this.#nodes.set(child.row.id, child);
    return nodes;
  }

  dispose(): void {
    for (const part of [...this.#subscriptions, this.#changed, this.#refreshing]) part.dispose();
  }

  /** How many rows are to be shown below the node with this id. */
  protected limitOf(id: string): number {
    return this.#limits.get(id) ?? PAGE;
  }

  /** Rows up to the limit, and a last row that loads more when there are more. */
  protected paged(
    id: string,
    connection: StoreConnection,
    rows: readonly TreeNode[],
    more: boolean,
  ): TreeNode[] {
    return more ? [...rows, loadMoreNode(id, connection, this)] : [...rows];
  }

  /** Looks soon whether what stands below the node with this id would look another way; a store's own id is the whole store. */
  protected refreshSoon(id: string): void {
    this.#stale.add(id);
    this.#refreshing.ask(REFRESH_MS);
  }

  /** Renews the lines of all nodes that can be. */
  protected renewAll(): void {
    for (const node of this.#nodes.values()) if (node.renew) void this.#renewLine(node);
  }

  async #renewLine(node: TreeNode): Promise<void> {
    if (await this.#renew(node)) this.#changed.fire(node);
  }

  /** Puts a new line into a node. @returns whether it is another one */
  async #renew(node: TreeNode): Promise<boolean> {
    const before = signature([node]);
    // A line that cannot be renewed stays as it was; what is below it says why.
    await Promise.resolve(node.renew?.()).catch(() => {});
    return signature([node]) !== before;
  }

  /**
   * Draws a part anew if it would look another way. Each drawing replaces the lines, and a click on one that is just being
   * replaced is lost.
   */
  async #refreshIfOther(node?: TreeNode): Promise<void> {
    const isOther = (node && (await this.#renew(node))) || (await this.#isOtherBelow(node));
    if (isOther) this.refresh(node);
  }

  async #isOtherBelow(node: TreeNode | undefined): Promise<boolean> {
    const drawn = this.#drawn.get(node?.row.id ?? '');
    // Nobody opened it.
    if (drawn === undefined) return node === undefined;
    const nodes = await this.#childrenOf(node);
    if (signature(nodes) !== drawn) return true;
    const below = await Promise.all(
      nodes.filter(({ children }) => children).map(child => this.#isOtherBelow(child)),
    );
    return below.includes(true);
  }

  async #childrenOf(node: TreeNode | undefined): Promise<TreeNode[]> {
    const { all } = this.stores;
    const connection = node ? node.subject.connection : all.length === 1 ? all[0] : undefined;
    try {
      if (node?.children) return await node.children();
      return connection ? await this.#loadStore(connection) : all.map(each => this.#storeNode(each));
    } catch (error) {
      return connection ? [problemNode(connection, error)] : [];
    }
  }

  /** Starts the daemon of a store that is in use: a view was opened, so it is wanted. */
  async #loadStore(connection: StoreConnection): Promise<TreeNode[]> {
    if (connection.state === 'failed') return [problemNode(connection, new Error(connection.problem))];
    if (connection.state === 'stopped') {
      if (connection.stoppedByHand || !this.stores.isInUse(connection)) return [];
      if (!vscode.workspace.isTrusted) {
        await connection.attachIfRunning();
        return [];
      }
    }
    await connection.connect();
    return this.load(connection);
  }

  #storeNode(connection: StoreConnection): TreeNode {
    return {
      row: {
        id: connection.store,
        label: connection.label,
        description: connection.state === 'running' ? '' : connection.state,
        icon: { name: 'root-folder' },
        kind: `store.${connection.state}`,
        opens: 'open',
        spoken: `Project ${connection.label}, daemon ${connection.state}`,
        tooltip: connection.store,
      },
      subject: { type: 'store', connection },
      children: () => this.#loadStore(connection),
    };
  }

  async #refreshStale(): Promise<void> {
    if (!this.#view.visible) return;
    const nodes = [...this.#stale].map(id => this.#nodes.get(id));
    this.#stale.clear();
    // What has no line yet is new, or is the whole of a window with a single store.
    if (nodes.includes(undefined)) await this.#refreshIfOther();
    else await Promise.all(nodes.map(node => this.#refreshIfOther(node)));
  }
}

function themeIcon({ name, color }: NonNullable<Row['icon']>): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));
}

function loadMoreNode(id: string, connection: StoreConnection, tree: StoreTree): TreeNode {
  return {
    row: { id: `${id}/more`, label: 'Load more…', kind: 'more', opens: 'never', spoken: 'Load more' },
    subject: { type: 'more', connection, loadMore: () => tree.loadMore(id) },
    click: 'modelthat.views.loadMore',
  };
}

function problemNode(connection: StoreConnection, error: unknown): TreeNode {
  const message = error instanceof Error ? error.message : String(error);
  return {
    row: {
      id: `${connection.store}/problem`,
      label: message.split('\n', 1)[0] ?? '',
      icon: { name: 'error', color: COLOR.bad },
      kind: 'problem',
      opens: 'never',
      spoken: `Problem: ${message}`,
      tooltip: message,
    },
    subject: { type: 'problem', connection },
  };
}
