import * as vscode from 'vscode';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { pageHtml, pagesRoot } from './page.ts';

/** A kind of page: what its panels are and what they come back from after a reload. */
export interface PageKind {
  /** Type of its panels, under which they are restored. */
  readonly panel: string;
  /** Name of its bundle. */
  readonly page: string;
  /** Title until the page knows a better one. */
  readonly title: string;
  /** Codicon of its tabs. */
  readonly icon: string;
  /** What a page shows, from what it kept; undefined when that is not understood. */
  subjectOf(kept: unknown): { readonly store: string; readonly id: string } | undefined;
}

/** Builds the host's side of a page in its panel. */
export type FillPanel<Page> = (panel: vscode.WebviewPanel, connection: StoreConnection, id: string) => Page;

/** The open pages of one kind, one for each thing they show, and their return after a reload of the window. */
export class PagePanels<Page> implements vscode.Disposable {
  readonly #kind: PageKind;
  readonly #extension: vscode.Uri;
  readonly #stores: Stores;
  readonly #fillPanel: FillPanel<Page>;
  readonly #open = new Map<string, { panel: vscode.WebviewPanel; page: Page }>();
  readonly #serializer: vscode.Disposable;

  constructor(kind: PageKind, extension: vscode.Uri, stores: Stores, fill: FillPanel<Page>) {
    this.#kind = kind;
    this.#extension = extension;
    this.#stores = stores;
    this.#fillPanel = fill;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(kind.panel, {
      deserializeWebviewPanel: async (panel, kept) => this.#restore(panel, kept),
    });
  }

  /** Shows the page of a thing. @param id of the thing, in its store @param column where, when it is not open yet */
  open(connection: StoreConnection, id: string, column = vscode.ViewColumn.Active): Page {
    const open = this.#open.get(keyOf(connection, id));
    if (open) {
      open.panel.reveal();
      return open.page;
    }
    const { panel: type, title } = this.#kind;
    const panel = vscode.window.createWebviewPanel(type, title, column);
    return this.#fill(panel, connection, id);
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const { panel } of this.#open.values()) panel.dispose();
  }

  #restore(panel: vscode.WebviewPanel, kept: unknown): void {
    const subject = this.#kind.subjectOf(kept);
    const connection = this.#stores.all.find(({ store }) => store === subject?.store);
    if (subject && connection) this.#fill(panel, connection, subject.id);
    else panel.dispose();
  }

  #fill(panel: vscode.WebviewPanel, connection: StoreConnection, id: string): Page {
    const page = this.#fillPanel(panel, connection, id);
    const key = keyOf(connection, id);
    this.#open.set(key, { panel, page });
    panel.onDidDispose(() => this.#open.delete(key));
    panel.iconPath = new vscode.ThemeIcon(this.#kind.icon);
    panel.webview.options = { enableScripts: true, localResourceRoots: [pagesRoot(this.#extension)] };
    panel.webview.html = pageHtml(panel.webview, this.#extension, this.#kind.page, this.#kind.title);
    return page;
  }
}

function keyOf({ store }: StoreConnection, id: string): string {
  return `${store} ${id}`;
}
