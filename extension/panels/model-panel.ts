import type * as vscode from 'vscode';
import { decideApproval } from '../../daemon/contract/approvals.ts';
import {
  type ModelAction,
  ModelPageMessage,
  ModelPageState,
  type ModelSnapshot,
  type ToModelPage,
} from '../../daemon/contract/model-messages.ts';
import { writeModelCard } from '../../daemon/contract/models.ts';
import { MODEL_PANEL } from '../contributes/names.ts';
import type { StreamMessage } from '../daemon/launcher.ts';
import type { Stores } from '../daemon/stores.ts';
import type { Subject } from '../trees/subject.ts';
import { loadModel } from './model-snapshot.ts';
import { PagePanel, type PagePanelParts } from './page-panel.ts';
import { type PageKind, PagePanels } from './page-panels.ts';
import { perform } from './perform.ts';

/** Several changes that come at once are shown at once. */
const REFRESH_MS = 400;
const PAGE = 100;

/** The open pages of models. */
export type ModelPanels = PagePanels<ModelPanel>;

/** Makes pages of models possible, and brings those back that were open. */
export function modelPanels(
  extension: vscode.Uri,
  stores: Stores,
  log: vscode.LogOutputChannel,
): ModelPanels {
  const kind: PageKind = {
    panel: MODEL_PANEL,
    page: 'model',
    title: 'Model',
    icon: 'package',
    subjectOf: kept => {
      const { data } = ModelPageState.safeParse(kept);
      return data && { store: data.store, id: data.name };
    },
  };
  return new PagePanels(
    kind,
    extension,
    stores,
    (panel, connection, name) => new ModelPanel(panel, { connection, name, stores, log }),
  );
}

interface ModelPanelParts extends PagePanelParts {
  /** Of the model. */
  readonly name: string;
}

/** The host's side of the page of one model: answers it, and tells it what changes. */
export class ModelPanel extends PagePanel<ModelPageMessage, ToModelPage> {
  readonly #parts: ModelPanelParts;
  #snapshot: ModelSnapshot | undefined;
  /** The version to show; null = the one that matters most. */
  #version: number | null = null;
  #limit = PAGE;

  constructor(panel: vscode.WebviewPanel, parts: ModelPanelParts) {
    super(panel, parts, ModelPageMessage);
    this.#parts = parts;
    panel.title = parts.name;
  }

  /** Shows this version, at once or when the page is there. */
  reveal(version: number): void {
    this.#version = version;
    if (this.#snapshot) void this.guard(() => this.#sendSnapshot());
  }

  protected receive(message: StreamMessage): void {
    const { name } = this.#parts;
    if (!this.panel.visible) return;
    const concerned =
      message.type === 'reset' ||
      (message.event.topic === 'model' && message.event.id === name) ||
      (message.event.topic === 'approval' && message.event.parent === name);
    if (!concerned) return;
    this.soon('refresh', REFRESH_MS, () => this.#sendSnapshot());
  }

  protected answer(message: ModelPageMessage): unknown {
    switch (message.type) {
      case 'ready':
        // What a command asks to be shown goes before what the page had shown.
        this.#version ??= message.version;
        return this.#sendSnapshot();
      case 'choose':
        this.#version = message.version;
        return this.#sendSnapshot();
      case 'listMore':
        this.#limit += PAGE;
        return this.#sendSnapshot();
      case 'act':
        return this.#act(message.action);
      case 'writeCard':
        return this.#writeCard(message);
      case 'decide':
        return this.#decide(message);
    }
  }

  async #sendSnapshot(): Promise<void> {
    const { connection, name } = this.#parts;
    const wanted = { name, version: this.#version, limit: this.#limit };
    this.#snapshot = await loadModel(connection, wanted);
    this.send({ type: 'snapshot', store: connection.store, snapshot: this.#snapshot });
  }

  async #decide({ request, decision, reason }: Extract<ModelPageMessage, { type: 'decide' }>): Promise<void> {
    const { connection } = this.#parts;
    try {
      await connection.call(decideApproval, { params: { id: request }, body: { decision, reason } });
    } finally {
      // What kept it from being taken may show on the page, too.
      await this.#sendSnapshot();
    }
  }

  async #writeCard({ purpose, limits }: Extract<ModelPageMessage, { type: 'writeCard' }>): Promise<void> {
    const { connection, name } = this.#parts;
    const version = this.#snapshot?.chosen?.version.version;
    if (version === undefined) return;
    await connection.call(writeModelCard, { params: { name, version }, body: { purpose, limits } });
    await this.#sendSnapshot();
  }

  async #act(action: ModelAction): Promise<void> {
    const { connection } = this.#parts;
    const detail = this.#snapshot?.chosen;
    if (!detail) return;
    const request = detail.evidence?.request;
    const version: Subject = { type: 'version', connection, version: detail.version, request };
    await perform(`modelthat.models.${action}`, version);
  }
}
