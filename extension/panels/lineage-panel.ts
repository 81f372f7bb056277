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
import type { StreamMessage } from '../daemon/launcher.ts';
import type { Stores } from '../daemon/stores.ts';
import { PagePanel, type PagePanelParts } from './page-panel.ts';
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

interface LineagePanelParts extends PagePanelParts {
  /** As it was named. */
  readonly node: string;
  readonly openers: LineageOpeners;
  readonly follow: (node: string) => unknown;
}

/** The host's side of the page of what one node came from, and what came of it. */
export class LineagePanel extends PagePanel<LineagePageMessage, ToLineagePage> {
  readonly #parts: LineagePanelParts;
  #graph: LineageGraph | undefined;
  #limit: number = LINEAGE_NODES.default;

  constructor(panel: vscode.WebviewPanel, parts: LineagePanelParts) {
    super(panel, parts, LineagePageMessage);
    this.#parts = parts;
  }

  protected receive(message: StreamMessage): void {
    if (!this.panel.visible) return;
    if (message.type !== 'reset' && !TOPICS.has(message.event.topic)) return;
    this.soon('refresh', REFRESH_MS, () => this.#sendSnapshot());
  }

  protected answer(message: LineagePageMessage): unknown {
    switch (message.type) {
      case 'ready':
        return this.#sendSnapshot();
      case 'more':
        this.#limit = LINEAGE_NODES.most;
        return this.#sendSnapshot();
      case 'open':
        return this.#open(message.node);
      case 'follow':
        if (this.#find(message.node)) this.#parts.follow(message.node);
    }
  }

  async #sendSnapshot(): Promise<void> {
    const { connection, node } = this.#parts;
    const depth = this.#limit > LINEAGE_NODES.default ? LINEAGE_DEPTH.most : LINEAGE_DEPTH.default;
    const graph = await connection.call(getLineage, { query: { node, depth, limit: this.#limit } });
    this.#graph = graph;
    this.panel.title = `Lineage of ${this.#find(graph.start)?.label ?? node}`;
    this.send({ type: 'snapshot', store: connection.store, node, graph });
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
