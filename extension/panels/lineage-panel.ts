import * as vscode from 'vscode';
import {
  getLineage,
  LINEAGE_DEPTH,
  LINEAGE_NODES,
  type LineageGraph,
} from '../../daemon/contract/lineage.ts';
import {
  LineagePageMessage,
  LineagePageState,
  type ToLineagePage,
} from '../../daemon/contract/lineage-messages.ts';
import type { OpenModel } from '../commands/promote.ts';
import type { OpenRun } from '../commands/runs.ts';
import type { OpenPipeline } from '../commands/start.ts';
import { LINEAGE_PANEL } from '../contributes/names.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { StoreMessage, Stores } from '../daemon/stores.ts';
import { guard } from './guard.ts';
import { type PageKind, PagePanels } from './page-panels.ts';

/** Several changes that come at once are shown at once. */
const REFRESH_MS = 1_000;

/** Topics of what changes a graph. */
const TOPICS: ReadonlySet<string> = new Set(['model', 'endpoint', 'execution']);

/** The open pages of lineage. */
export type LineagePanels = PagePanels<LineagePanel>;

/** How the pages of a node's own things are opened. */
export interface LineageOpeners {
  readonly openRun: OpenRun;
  readonly openModel: OpenModel;
  readonly openPipeline: OpenPipeline;
}

/** Makes pages of lineage possible, and brings those back that were open. */
export function lineagePanels(
  extension: vscode.Uri,
  stores: Stores,
  log: vscode.LogOutputChannel,
  openers: LineageOpeners,
): LineagePanels {
  const kind: PageKind = {
    panel: LINEAGE_PANEL,
    page: 'lineage',
    title: 'Lineage',
    icon: 'references',
    subjectOf: kept => {
      const { data } = LineagePageState.safeParse(kept);
      return data && { store: data.store, id: data.node };
    },
  };
  const panels: LineagePanels = new PagePanels(kind, extension, stores, (panel, connection, node) => {
    const follow = (other: string) => panels.open(connection, other);
    return new LineagePanel(panel, { connection, node, stores, log, openers, follow });
  });
  return panels;
}

interface LineagePanelParts {
  readonly connection: StoreConnection;
  /** As it was named. */
  readonly node: string;
  readonly stores: Stores;
  readonly log: vscode.LogOutputChannel;
  readonly openers: LineageOpeners;
  readonly follow: (node: string) => unknown;
}

/** The host's side of the page of what one node came from, and what came of it. */
export class LineagePanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #parts: LineagePanelParts;
  #graph: LineageGraph | undefined;
  #limit: number = LINEAGE_NODES.default;
  #timer: NodeJS.Timeout | undefined;

  constructor(panel: vscode.WebviewPanel, parts: LineagePanelParts) {
    this.#panel = panel;
    this.#parts = parts;
    const subscriptions = [
      parts.stores.onDidReceive(message => this.#receive(message)),
      panel.webview.onDidReceiveMessage((message: unknown) => this.#answer(message)),
    ];
    panel.onDidDispose(() => {
      clearTimeout(this.#timer);
      for (const subscription of subscriptions) subscription.dispose();
    });
  }

  #receive({ connection, message }: StoreMessage): void {
    if (connection !== this.#parts.connection || !this.#panel.visible) return;
    if (message.type !== 'reset' && !TOPICS.has(message.event.topic)) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#guard(() => this.#send());
    }, REFRESH_MS);
  }

  async #answer(raw: unknown): Promise<void> {
    const parsed = LineagePageMessage.safeParse(raw);
    if (!parsed.success)
      return this.#parts.log.warn(`The page of lineage sent what is not understood: ${parsed.error.message}`);
    const message = parsed.data;
    await this.#guard(async () => {
      switch (message.type) {
        case 'ready':
          return this.#send();
        case 'more':
          this.#limit = LINEAGE_NODES.most;
          return this.#send();
        case 'open':
          return this.#open(message.node);
        case 'follow':
          if (this.#find(message.node)) this.#parts.follow(message.node);
      }
    });
  }

  #guard(work: () => unknown): Promise<void> {
    return guard(work, this.#parts.log, problem => this.#post(problem));
  }

  #post(message: ToLineagePage): void {
    void this.#panel.webview.postMessage(message);
  }

  async #send(): Promise<void> {
    const { connection, node } = this.#parts;
    const depth = this.#limit > LINEAGE_NODES.default ? LINEAGE_DEPTH.most : LINEAGE_DEPTH.default;
    const graph = await connection.call(getLineage, { query: { node, depth, limit: this.#limit } });
    this.#graph = graph;
    this.#panel.title = `Lineage of ${this.#find(graph.start)?.label ?? node}`;
    this.#post({ type: 'snapshot', store: connection.store, node, graph });
  }

  #find(id: string) {
    return this.#graph?.nodes.find(node => node.id === id);
  }

  async #open(id: string): Promise<void> {
    const { connection, openers } = this.#parts;
    const node = this.#find(id);
    switch (node?.kind) {
      case 'run':
      case 'evaluation':
        return openers.openRun(connection, node.runId);
      case 'model':
      case 'deployment':
        return openers.openModel(connection, node.name, node.version);
      case 'step':
        return openers.openPipeline(connection, node.file, { chosen: node.executionId, step: node.step });
      case 'data':
        return openData(node);
    }
  }
}

/** Opens what lies at the path now; that can be another version than the node's. */
async function openData({
  file,
  path,
}: {
  readonly file: string | null;
  readonly path: string;
}): Promise<void> {
  if (file === null) throw new Error(`${path} is not a file of this workspace.`);
  const uri = vscode.Uri.file(file);
  const { type } = await vscode.workspace.fs.stat(uri);
  const command = type & vscode.FileType.Directory ? 'revealInExplorer' : 'vscode.open';
  await vscode.commands.executeCommand(command, uri);
}
