import path from 'node:path';
import * as vscode from 'vscode';
import {
  type RunAction,
  RunPageMessage,
  RunPageState,
  type ToRunPage,
} from '../../daemon/contract/messages.ts';
import { ARTIFACT_CONTENT_PATH, listArtifacts } from '../../daemon/contract/runs.ts';
import { RUN_PANEL } from '../contributes/names.ts';
import type { StreamMessage } from '../daemon/launcher.ts';
import type { Stores } from '../daemon/stores.ts';
import type { Subject } from '../trees/subject.ts';
import { CurveFeed } from './curve-feed.ts';
import { PagePanel, type PagePanelParts } from './page-panel.ts';
import { type PageKind, PagePanels } from './page-panels.ts';
import { perform } from './perform.ts';
import { previewLimit, previewOf } from './preview.ts';
import { loadRun, type RunState } from './run-snapshot.ts';

/** A fast logger must not make the page load more often than this. */
const REFRESH_MS = 700;
/** Points of a curve; more than a chart has pixels would not be seen. */
const BUCKETS = 400;

/** The open run pages. */
export type RunPanels = PagePanels<RunPanel>;

/** Makes run pages possible, and brings those back that were open. */
export function runPanels(extension: vscode.Uri, stores: Stores, log: vscode.LogOutputChannel): RunPanels {
  const kind: PageKind = {
    panel: RUN_PANEL,
    page: 'run',
    title: 'Run',
    icon: 'graph-line',
    subjectOf: kept => {
      const { data } = RunPageState.safeParse(kept);
      return data && { store: data.store, id: data.runId };
    },
  };
  const panels: RunPanels = new PagePanels(
    kind,
    extension,
    stores,
    (panel, connection, runId) =>
      new RunPanel(panel, { connection, runId, stores, log, open: id => panels.open(connection, id) }),
  );
  return panels;
}

type Opener = (runId: string) => unknown;

interface RunPanelParts extends PagePanelParts {
  readonly runId: string;
  readonly open: Opener;
}

/** The host's side of one run page: answers it, and tells it what changes. */
class RunPanel extends PagePanel<RunPageMessage, ToRunPage> {
  readonly #parts: RunPanelParts;
  #state: RunState | undefined;
  /** Curves in sight, of the run and of runs below it. */
  readonly #curves = new Map<string, CurveFeed>();

  constructor(panel: vscode.WebviewPanel, parts: RunPanelParts) {
    super(panel, parts, RunPageMessage);
    this.#parts = parts;
  }

  protected receive(message: StreamMessage): void {
    if (!this.panel.visible) return;
    const { runId } = this.#parts;
    const concerned =
      message.type === 'reset' ||
      (message.event.topic === 'run' && (message.event.id === runId || this.#isRelated(message.event.id))) ||
      ['model', 'execution', 'step'].includes(message.event.topic);
    if (concerned) this.soon('refresh', REFRESH_MS, () => this.#refresh());
  }

  /** Whether another run's change shows on this page: a child's state, or a new child. */
  #isRelated(runId: string): boolean {
    const { children = [], parent } = this.#state?.snapshot ?? {};
    return parent?.id === runId || children.some(child => child.id === runId) || children.length > 0;
  }

  async #refresh(): Promise<void> {
    await this.#sendSnapshot();
    await this.#sendSeries();
  }

  protected answer(message: RunPageMessage): unknown {
    switch (message.type) {
      case 'ready':
        this.#curves.clear();
        return this.#sendSnapshot();
      case 'watch':
        this.#curvesOf(message.runId).watch(message.keys, message.range);
        return this.#sendSeries();
      case 'list':
        return this.#sendFiles(message.path);
      case 'preview':
        return this.#sendPreview(message.path);
      case 'save':
        return this.#save(message.path);
      case 'act':
        return this.#act(message.action);
      case 'open':
        return this.#parts.open(message.runId);
    }
  }

  async #sendSnapshot(): Promise<void> {
    const { connection, runId } = this.#parts;
    this.#state = await loadRun(connection, runId);
    this.panel.title = this.#state.snapshot.run.name;
    this.send({ type: 'snapshot', store: connection.store, snapshot: this.#state.snapshot });
  }

  async #sendSeries(): Promise<void> {
    if (!this.#state) return;
    const { run, children } = this.#state.snapshot;
    for (const shown of [run, ...children]) await this.#curves.get(shown.id)?.update([shown], BUCKETS);
  }

  /** The curves of the run, or of one below it. */
  #curvesOf(runId: string): CurveFeed {
    const known = this.#curves.get(runId);
    if (known) return known;
    const feed = new CurveFeed(this.#parts.connection, (id, series) =>
      this.send({ type: 'series', runId: id, series }),
    );
    this.#curves.set(runId, feed);
    return feed;
  }

  async #sendFiles(folder: string): Promise<void> {
    const { connection, runId } = this.#parts;
    const { files } = await connection.call(listArtifacts, { params: { runId }, query: { path: folder } });
    this.send({ type: 'files', path: folder, files });
  }

  async #sendPreview(file: string): Promise<void> {
    const { content, whole } = await this.#read(file, previewLimit(file));
    this.send({ type: 'preview', path: file, preview: previewOf(file, content, whole) });
  }

  async #save(file: string): Promise<void> {
    const name = path.posix.basename(file);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const target = await vscode.window.showSaveDialog({
      ...(folder && { defaultUri: vscode.Uri.joinPath(folder, name) }),
      title: `Save ${name}`,
    });
    if (!target) return;
    const { content } = await this.#read(file, Number.POSITIVE_INFINITY);
    await vscode.workspace.fs.writeFile(target, content);
  }

  /** An artifact's first bytes. */
  async #read(file: string, limit: number): Promise<{ content: Buffer; whole: boolean }> {
    const client = await this.#parts.connection.connect();
    const address = ARTIFACT_CONTENT_PATH.replace(':runId', encodeURIComponent(this.#parts.runId));
    const response = await client.fetch(`${address}?${new URLSearchParams({ path: file })}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) break;
    }
    const content = Buffer.concat(chunks);
    return { content: content.subarray(0, limit), whole: content.length <= limit };
  }

  async #act(action: RunAction): Promise<void> {
    const { connection } = this.#parts;
    const state = this.#state;
    if (!state) return;
    const run: Subject = { type: 'run', connection, run: state.snapshot.run };
    const [version] = state.versions;
    switch (action) {
      case 'copyId':
        return perform('modelthat.runs.copyId', run);
      case 'showLineage':
        return perform('modelthat.runs.showLineage', run);
      case 'close':
        return perform('modelthat.runs.close', run);
      case 'register':
        return perform('modelthat.models.register', run);
      case 'reproduce':
        return perform('modelthat.reproductions.start', run);
      case 'stop':
      case 'forceStop': {
        const { execution } = state;
        if (execution)
          return perform(`modelthat.executions.${action}`, { type: 'execution', connection, execution });
        return;
      }
      case 'promote':
        if (version) return perform('modelthat.models.promote', { type: 'version', connection, version });
    }
  }
}
