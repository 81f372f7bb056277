import type * as vscode from 'vscode';
import {
  COMPARED_RUNS,
  ComparePageMessage,
  ComparePageState,
  type ToComparePage,
} from '../../daemon/contract/compare-messages.ts';
import { searchRuns } from '../../daemon/contract/runs.ts';
import { COMPARE_PANEL } from '../contributes/names.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { StoreMessage, Stores } from '../daemon/stores.ts';
import { metricGoals } from '../trees/goals.ts';
import { guard } from './guard.ts';
import { type PageKind, PagePanels } from './page-panels.ts';

/** Fast loggers must not make the page load more often than this. */
const REFRESH_MS = 1_500;

/** The open comparisons; each goes by the ids of its runs, with spaces between. */
export type ComparePanels = PagePanels<unknown>;

interface ComparePanelParts {
  readonly connection: StoreConnection;
  readonly runIds: readonly string[];
  readonly stores: Stores;
  readonly log: vscode.LogOutputChannel;
  readonly openRun: (runId: string) => void;
}

/** Makes comparisons of runs possible, and brings those back that were open. */
export function comparePanels(
  extension: vscode.Uri,
  stores: Stores,
  log: vscode.LogOutputChannel,
  openRun: (connection: StoreConnection, runId: string) => void,
): ComparePanels {
  const kind: PageKind = {
    panel: COMPARE_PANEL,
    page: 'compare',
    title: 'Compare Runs',
    icon: 'git-compare',
    subjectOf: kept => {
      const { data } = ComparePageState.safeParse(kept);
      return data && { store: data.store, id: data.runIds.join(' ') };
    },
  };
  return new PagePanels(kind, extension, stores, (panel, connection, id) => {
    const open = (runId: string) => openRun(connection, runId);
    return new ComparePanel(panel, { connection, runIds: id.split(' '), stores, log, openRun: open });
  });
}

/** The host's side of one comparison. */
class ComparePanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #parts: ComparePanelParts;
  #timer: NodeJS.Timeout | undefined;

  constructor(panel: vscode.WebviewPanel, parts: ComparePanelParts) {
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
    const { connection: own, runIds } = this.#parts;
    if (connection !== own || !this.#panel.visible) return;
    if (message.type === 'reset' || runIds.includes(message.event.id))
      this.#timer ??= setTimeout(() => this.#refresh(), REFRESH_MS);
  }

  #refresh(): void {
    this.#timer = undefined;
    void this.#guard(() => this.#sendRuns());
  }

  async #answer(raw: unknown): Promise<void> {
    const parsed = ComparePageMessage.safeParse(raw);
    if (!parsed.success)
      return this.#parts.log.warn(`The comparison sent what is not understood: ${parsed.error.message}`);
    const message = parsed.data;
    await this.#guard(() =>
      message.type === 'open' ? this.#parts.openRun(message.runId) : this.#sendRuns(),
    );
  }

  #guard(work: () => unknown): Promise<void> {
    return guard(work, this.#parts.log, problem => this.#send(problem));
  }

  #send(message: ToComparePage): void {
    void this.#panel.webview.postMessage(message);
  }

  async #sendRuns(): Promise<void> {
    const { connection, runIds } = this.#parts;
    const shown = runIds.slice(0, COMPARED_RUNS);
    const filter = `attributes.run_id IN (${shown.map(id => `'${id}'`).join(', ')})`;
    const [{ items }, goals] = await Promise.all([
      connection.call(searchRuns, { body: { filter, view: 'all', limit: shown.length } }),
      metricGoals(connection),
    ]);
    const found = new Map(items.map(run => [run.id, run]));
    const runs = shown.flatMap(id => found.get(id) ?? []);
    this.#panel.title = `Compare ${runs.length} Runs`;
    this.#send({ type: 'compared', store: connection.store, runIds, runs, goals });
  }
}
