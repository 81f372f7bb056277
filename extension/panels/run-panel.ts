import path from 'node:path';
import * as vscode from 'vscode';
import {
  type Preview,
  type RunAction,
  RunPageMessage,
  RunPageState,
  type ToRunPage,
} from '../../daemon/contract/messages.ts';
import { listArtifacts, updateRun } from '../../daemon/contract/runs.ts';
import { RUN_PANEL } from '../contributes/names.ts';
import { type ArtifactPlace, findArtifact, readPart, readStart } from '../daemon/artifact-content.ts';
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
export function runPanels(
  extension: vscode.Uri,
  stores: Stores,
  log: vscode.LogOutputChannel,
  openArtifact: OpenArtifact,
): RunPanels {
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
      new RunPanel(panel, {
        connection,
        runId,
        stores,
        log,
        openArtifact,
        open: id => panels.open(connection, id),
      }),
  );
  return panels;
}

type Opener = (runId: string) => unknown;
type OpenArtifact = (place: ArtifactPlace) => Promise<void>;

interface RunPanelParts extends PagePanelParts {
  readonly runId: string;
  readonly open: Opener;
  readonly openArtifact: OpenArtifact;
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
      case 'edit':
        return this.#parts.openArtifact(this.#placeOf(message.path));
      case 'note':
        return this.#note(message.text);
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
    this.send({ type: 'preview', path: file, preview: await this.#preview(file) });
  }

  async #preview(file: string): Promise<Preview> {
    const place = this.#placeOf(file);
    if (file.endsWith('.parquet')) {
      const { size: byteLength = 0 } = (await findArtifact(place)) ?? {};
      const slice = (start: number, end = byteLength) => readPart(place, start, end);
      const { parquetPreview } = await import('./parquet-preview.ts');
      return parquetPreview({ byteLength, slice });
    }
    const { content, whole } = await readStart(place, previewLimit(file));
    return previewOf(file, content, whole);
  }

  async #save(file: string): Promise<void> {
    const name = path.posix.basename(file);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const target = await vscode.window.showSaveDialog({
      ...(folder && { defaultUri: vscode.Uri.joinPath(folder, name) }),
      title: `Save ${name}`,
    });
    if (!target) return;
    const { content } = await readStart(this.#placeOf(file), Number.POSITIVE_INFINITY);
    await vscode.workspace.fs.writeFile(target, content);
  }

  #placeOf(file: string): ArtifactPlace {
    const { connection, runId } = this.#parts;
    return { connection, runId, path: file };
  }

  async #note(text: string): Promise<void> {
    const { connection, runId } = this.#parts;
    const tags = { 'mlflow.note.content': text === '' ? null : text };
    await connection.call(updateRun, { params: { runId }, body: { tags } });
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
