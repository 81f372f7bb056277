import type * as vscode from 'vscode';
import {
  COMPARED_RUNS,
  ComparePageMessage,
  ComparePageState,
  type ToComparePage,
} from '../../daemon/contract/compare-messages.ts';
import { getCodeChanges, getOrigins } from '../../daemon/contract/origins.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { COMPARE_PANEL } from '../contributes/names.ts';
import { readStart } from '../daemon/artifact-content.ts';
import type { StreamMessage } from '../daemon/launcher.ts';
import { runsById } from '../daemon/runs-by-id.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import type { CodeDocuments } from '../editor/code-documents.ts';
import { metricGoals } from '../trees/goals.ts';
import { findImages } from './compared-images.ts';
import { CurveFeed } from './curve-feed.ts';
import { PagePanel, type PagePanelParts } from './page-panel.ts';
import { type PageKind, PagePanels } from './page-panels.ts';
import { previewLimit, previewOf } from './preview.ts';

/** Fast loggers must not make the page load more often than this. */
const REFRESH_MS = 1_500;
/** Points of all curves of a chart, and of one: more than its pixels would not be seen. */
const POINTS = { chart: 20_000, curve: { least: 60, most: 400 } };

/** The open comparisons; each goes by the ids of its runs, with spaces between. */
export type ComparePanels = PagePanels<unknown>;

interface ComparePanelParts extends PagePanelParts {
  readonly runIds: readonly string[];
  readonly openRun: (runId: string) => void;
  readonly code: CodeDocuments;
}

/** Makes comparisons of runs possible, and brings those back that were open. */
export function comparePanels(
  extension: vscode.Uri,
  stores: Stores,
  log: vscode.LogOutputChannel,
  does: {
    readonly openRun: (connection: StoreConnection, runId: string) => void;
    readonly code: CodeDocuments;
  },
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
    const { openRun, code } = does;
    return new ComparePanel(panel, {
      ...{ connection, stores, log, code },
      runIds: id.split(' '),
      openRun: runId => openRun(connection, runId),
    });
  });
}

/** The host's side of one comparison. */
class ComparePanel extends PagePanel<ComparePageMessage, ToComparePage> {
  readonly #parts: ComparePanelParts;
  readonly #curves: CurveFeed;
  #runs: readonly Run[] = [];

  constructor(panel: vscode.WebviewPanel, parts: ComparePanelParts) {
    super(panel, parts, ComparePageMessage);
    this.#parts = parts;
    this.#curves = new CurveFeed(parts.connection, (runId, series) =>
      this.send({ type: 'series', runId, series }),
    );
  }

  protected receive(message: StreamMessage): void {
    if (!this.panel.visible) return;
    if (message.type === 'reset' || this.#parts.runIds.includes(message.event.id))
      this.soon('refresh', REFRESH_MS, () => this.#refresh());
  }

  protected answer(message: ComparePageMessage): unknown {
    switch (message.type) {
      case 'ready':
        this.#curves.forget();
        return this.#refresh();
      case 'open':
        return this.#parts.openRun(message.runId);
      case 'watch':
        this.#curves.watch(message.keys);
        return this.#sendCurves();
      case 'origins':
        return this.#sendOrigins();
      case 'changes':
        return this.#sendChanges(message.from, message.to);
      case 'images': {
        const runIds = this.#runs.map(({ id }) => id);
        return findImages(this.#parts.connection, runIds).then(found =>
          this.send({ type: 'images', ...found }),
        );
      }
      case 'image':
        return this.#sendImage(message.runId, message.path);
      case 'diff':
        return this.#openDiff(message);
    }
  }

  async #refresh(): Promise<void> {
    await this.#sendRuns();
    await this.#sendCurves();
  }

  async #sendOrigins(): Promise<void> {
    const runIds = this.#runs.map(({ id }) => id);
    if (runIds.length === 0) return;
    const { items } = await this.#parts.connection.call(getOrigins, { body: { runIds } });
    this.send({ type: 'origins', origins: items });
  }

  async #sendChanges(from: string, to: string): Promise<void> {
    const found = await this.#parts.connection.call(getCodeChanges, { query: { from, to } });
    this.send({ type: 'changes', from, to, ...found });
  }

  async #sendImage(runId: string, path: string): Promise<void> {
    const { connection } = this.#parts;
    const { content, whole } = await readStart({ connection, runId, path }, previewLimit(path));
    this.send({ type: 'image', runId, path, preview: previewOf(path, content, whole) });
  }

  async #openDiff({ from, to, path }: Extract<ComparePageMessage, { type: 'diff' }>): Promise<void> {
    const [before, now] = [from, to].map(id => this.#runs.find(run => run.id === id));
    if (before && now) await this.#parts.code.compare(this.#parts.connection, path, before, now);
  }

  #sendCurves(): Promise<void> {
    const { least, most } = POINTS.curve;
    const share = Math.floor(POINTS.chart / Math.max(1, this.#runs.length));
    return this.#curves.update(this.#runs, Math.min(most, Math.max(least, share)));
  }

  async #sendRuns(): Promise<void> {
    const { connection, runIds } = this.#parts;
    const shown = runIds.slice(0, COMPARED_RUNS);
    const [runs, goals] = await Promise.all([runsById(connection, shown), metricGoals(connection)]);
    this.#runs = runs;
    this.panel.title = `Compare ${runs.length} Runs`;
    this.send({ type: 'compared', store: connection.store, runIds, runs, goals });
  }
}
