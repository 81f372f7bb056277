import type * as vscode from 'vscode';
import { decideApproval } from '../../daemon/contract/approvals.ts';
import {
  type ModelAction,
  ModelPageMessage,
  ModelPageState,
  type ModelSnapshot,
  type ToModelPage,
} from '../../daemon/contract/model-messages.ts';
import { MODEL_PANEL } from '../contributes/names.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { StoreMessage, Stores } from '../daemon/stores.ts';
import type { Subject } from '../trees/subject.ts';
import { guard } from './guard.ts';
import { loadModel } from './model-snapshot.ts';
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

interface ModelPanelParts {
  readonly connection: StoreConnection;
  /** Of the model. */
  readonly name: string;
  readonly stores: Stores;
  readonly log: vscode.LogOutputChannel;
}

/** The host's side of the page of one model: answers it, and tells it what changes. */
export class ModelPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #parts: ModelPanelParts;
  #snapshot: ModelSnapshot | undefined;
  /** The version to show; null = the one that matters most. */
  #version: number | null = null;
  #limit = PAGE;
  #timer: NodeJS.Timeout | undefined;

  constructor(panel: vscode.WebviewPanel, parts: ModelPanelParts) {
    this.#panel = panel;
    this.#parts = parts;
    panel.title = parts.name;
    const subscriptions = [
      parts.stores.onDidReceive(message => this.#receive(message)),
      panel.webview.onDidReceiveMessage((message: unknown) => this.#answer(message)),
    ];
    panel.onDidDispose(() => {
      clearTimeout(this.#timer);
      for (const subscription of subscriptions) subscription.dispose();
    });
  }

  /** Shows this version, at once or when the page is there. */
  reveal(version: number): void {
    this.#version = version;
    if (this.#snapshot) void this.#guard(() => this.#send());
  }

  #receive({ connection, message }: StoreMessage): void {
    const { name } = this.#parts;
    if (connection !== this.#parts.connection || !this.#panel.visible) return;
    const concerned =
      message.type === 'reset' ||
      (message.event.topic === 'model' && message.event.id === name) ||
      (message.event.topic === 'approval' && message.event.parent === name);
    if (!concerned) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#guard(() => this.#send());
    }, REFRESH_MS);
  }

  async #answer(raw: unknown): Promise<void> {
    const parsed = ModelPageMessage.safeParse(raw);
    if (!parsed.success)
      return this.#parts.log.warn(`The page of a model sent what is not understood: ${parsed.error.message}`);
    const message = parsed.data;
    await this.#guard(async () => {
      switch (message.type) {
        case 'ready':
          // What a command asks to be shown goes before what the page had shown.
          this.#version ??= message.version;
          return this.#send();
        case 'choose':
          this.#version = message.version;
          return this.#send();
        case 'listMore':
          this.#limit += PAGE;
          return this.#send();
        case 'act':
          return this.#act(message.action);
        case 'decide':
          return this.#decide(message);
      }
    });
  }

  #guard(work: () => unknown): Promise<void> {
    return guard(work, this.#parts.log, problem => this.#post(problem));
  }

  #post(message: ToModelPage): void {
    void this.#panel.webview.postMessage(message);
  }

  async #send(): Promise<void> {
    const { connection, name } = this.#parts;
    const wanted = { name, version: this.#version, limit: this.#limit };
    this.#snapshot = await loadModel(connection, wanted);
    this.#post({ type: 'snapshot', store: connection.store, snapshot: this.#snapshot });
  }

  async #decide({ request, decision, reason }: Extract<ModelPageMessage, { type: 'decide' }>): Promise<void> {
    const { connection } = this.#parts;
    try {
      await connection.call(decideApproval, { params: { id: request }, body: { decision, reason } });
    } finally {
      // What kept it from being taken may show on the page, too.
      await this.#send();
    }
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
