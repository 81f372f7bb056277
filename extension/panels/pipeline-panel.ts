import path from 'node:path';
import * as vscode from 'vscode';
import type { ChangeEvent } from '../../daemon/contract/events.ts';
import { runCommandLine } from '../../daemon/contract/parameters.ts';
import {
  type LogPart,
  type LogPlace,
  type LogSearch,
  type PagePlace,
  type PipelineAction,
  PipelinePageMessage,
  PipelinePageState,
  type StepAction,
  type ToPipelinePage,
} from '../../daemon/contract/pipeline-messages.ts';
import { getStepLog, searchStepLog } from '../../daemon/contract/pipelines.ts';
import { startPipeline } from '../commands/start.ts';
import { PIPELINE_PANEL } from '../contributes/names.ts';
import type { StreamMessage } from '../daemon/launcher.ts';
import { planOf } from '../daemon/plan.ts';
import type { Stores } from '../daemon/stores.ts';
import { isActive } from '../trees/pipeline-rows.ts';
import type { Subject } from '../trees/subject.ts';
import { openPlace } from './open-place.ts';
import { PagePanel, type PagePanelParts } from './page-panel.ts';
import { type PageKind, PagePanels } from './page-panels.ts';
import { perform } from './perform.ts';
import { PARTS, PipelineLoader, type PipelinePart } from './pipeline-snapshot.ts';

/** Steps that come and go fast must not make the page load more often than this. */
const REFRESH_MS = 400;
/** The page takes its time to draw what has many steps: so much more for each. */
const REFRESH_STEP_MS = 1;
/** How far a running step is moves without an event. */
const TICK_MS = 1_000;
const PAGE = 20;

/** The open pipeline pages. */
export type PipelinePanels = PagePanels<PipelinePanel>;

/** Makes pipeline pages possible, and brings those back that were open. */
export function pipelinePanels(
  extension: vscode.Uri,
  stores: Stores,
  log: vscode.LogOutputChannel,
): PipelinePanels {
  const kind: PageKind = {
    panel: PIPELINE_PANEL,
    page: 'pipeline',
    title: 'Pipeline',
    icon: 'run-all',
    subjectOf: kept => {
      const { data } = PipelinePageState.safeParse(kept);
      return data && { store: data.store, id: data.file };
    },
  };
  return new PagePanels(
    kind,
    extension,
    stores,
    (panel, connection, file) => new PipelinePanel(panel, { connection, file, stores, log }),
  );
}

interface PipelinePanelParts extends PagePanelParts {
  /** Absolute path of the definition. */
  readonly file: string;
}

/** The host's side of one pipeline page: answers it, and tells it what changes. */
export class PipelinePanel extends PagePanel<PipelinePageMessage, ToPipelinePage> {
  readonly #parts: PipelinePanelParts;
  readonly #loader: PipelineLoader;
  /** What the page is to show once it is there. */
  #toReveal: PagePlace | undefined;
  #ready = false;
  #sending: Promise<void> = Promise.resolve();

  constructor(panel: vscode.WebviewPanel, parts: PipelinePanelParts) {
    super(panel, parts, PipelinePageMessage);
    this.#parts = parts;
    this.#loader = new PipelineLoader(parts.connection, parts.file);
    const held = [
      // What is edited may be what a step depends on, or the definition.
      vscode.workspace.onDidSaveTextDocument(() => this.#refreshSoon('definition', 'plan')),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#refreshSoon()),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#ready = false;
      }),
    ];
    const clock = setInterval(() => this.#tick(), TICK_MS);
    this.untilClosed(vscode.Disposable.from(...held, { dispose: () => clearInterval(clock) }));
  }

  /** Shows a part of the page, at once or when it is there. */
  reveal(place: PagePlace): void {
    this.#toReveal = place;
    if (this.#ready) void this.guard(() => this.#revealNow());
  }

  protected receive(message: StreamMessage): void {
    const parts = message.type === 'reset' ? PARTS : this.#concerned(message.event);
    if (parts) this.#refreshSoon(...parts);
  }

  /** What an event makes old; undefined when the page does not show it. */
  #concerned({ topic, parent }: ChangeEvent): readonly PipelinePart[] | undefined {
    const { shown } = this.#loader;
    switch (topic) {
      case 'pipeline':
        return ['definition', 'plan'];
      case 'execution':
        return ['executions', 'shown', 'plan'];
      case 'step':
        return parent === undefined || parent === shown?.id ? ['shown'] : undefined;
      case 'run':
        // The metric of a step moves.
        return shown && isActive(shown) ? ['shown'] : undefined;
      default:
        return undefined;
    }
  }

  #tick(): void {
    const { shown } = this.#loader;
    if (this.panel.visible && shown && isActive(shown)) this.#refreshSoon('shown');
  }

  #refreshSoon(...parts: readonly PipelinePart[]): void {
    this.#loader.forget(...parts);
    if (!this.panel.visible) return;
    const steps = this.#loader.shown?.steps.length ?? 0;
    this.soon('refresh', REFRESH_MS + steps * REFRESH_STEP_MS, () => this.#sendSnapshot());
  }

  protected answer(message: PipelinePageMessage): unknown {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#loader.forget(...PARTS);
        this.#loader.chosen = message.chosen;
        return this.#revealNow();
      case 'choose':
        this.#loader.chosen = message.chosen;
        // Files may have changed since it was last planned.
        this.#loader.forget('plan');
        return this.#sendSnapshot();
      case 'listMore':
        this.#loader.limit += PAGE;
        this.#loader.forget('executions');
        return this.#sendSnapshot();
      case 'act':
        return this.#act(message.action);
      case 'actOnStep':
        return this.#actOnStep(message.action, message.step);
      case 'tryParameters':
        return this.#tryParameters(message.set);
      case 'runWithParameters':
        return this.#start({ set: message.set });
      case 'copyCommand':
        return vscode.env.clipboard.writeText(runCommandLine(this.#loader.shortFile, message.set));
      case 'readLog':
        return this.#sendLog(message.executionId, message.step, message.part);
      case 'searchLog':
        return this.#searchLog(message);
      case 'openPlace':
        return this.#openPlace(message.step, message);
    }
  }

  async #revealNow(): Promise<void> {
    const place = this.#toReveal;
    this.#toReveal = undefined;
    if (place?.chosen !== undefined) this.#loader.chosen = place.chosen;
    await this.#sendSnapshot();
    if (place) this.send({ type: 'reveal', ...place });
  }

  /** One after the other, so that what is sent last is the newest. */
  #sendSnapshot(): Promise<void> {
    this.#sending = this.#sending.catch(() => {}).then(() => this.#loadAndSend());
    return this.#sending;
  }

  async #loadAndSend(): Promise<void> {
    const { connection, file } = this.#parts;
    const snapshot = await this.#loader.load(vscode.workspace.isTrusted);
    this.panel.title = snapshot.name;
    this.send({ type: 'snapshot', store: connection.store, file, snapshot });
  }

  async #sendLog(executionId: string, step: string, part: LogPart): Promise<void> {
    const { connection } = this.#parts;
    const piece = await connection.call(getStepLog, { params: { executionId, step }, query: part });
    this.send({ type: 'log', piece: { executionId, step, ...piece } });
  }

  async #searchLog({ executionId, step, text, before, after }: LogSearch): Promise<void> {
    const { connection } = this.#parts;
    const query = { text, before, after };
    const findings = await connection.call(searchStepLog, { params: { executionId, step }, query });
    this.send({ type: 'logFound', found: { executionId, step, ...query, findings } });
  }

  /** A path that is not absolute may be meant from the folder that the step runs in, or from the pipeline's. */
  #openPlace(name: string, place: LogPlace): Promise<void> {
    const { file } = this.#parts;
    const cwd = this.#loader.pipeline?.steps.find(step => step.name === name)?.cwd;
    return openPlace(place, [...(cwd === undefined ? [] : [cwd]), path.dirname(file)]);
  }

  async #tryParameters(set: Record<string, string>): Promise<void> {
    const { connection, file } = this.#parts;
    try {
      const plan = await planOf(connection, file, set);
      this.send({ type: 'tried', set, plan, problem: '' });
    } catch (error) {
      this.send({
        type: 'tried',
        set,
        plan: null,
        problem: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #act(action: PipelineAction): Promise<void> {
    const { connection, file } = this.#parts;
    const { shown } = this.#loader;
    switch (action) {
      case 'startDaemon':
        await connection.start();
        this.#loader.forget(...PARTS);
        return this.#sendSnapshot();
      case 'run':
        return this.#start({});
      case 'openFile':
        return perform('modelthat.pipelines.openFile', { type: 'diagnostic', connection, file, line: 1 });
      case 'stop':
      case 'forceStop':
        if (shown)
          await perform(`modelthat.executions.${action}`, {
            type: 'execution',
            connection,
            execution: shown,
          });
        return;
      case 'openRun':
        if (shown) await perform('modelthat.runs.open', { type: 'execution', connection, execution: shown });
    }
  }

  async #actOnStep(action: StepAction, name: string): Promise<void> {
    const step = this.#stepSubject(name);
    switch (action) {
      case 'runOnly':
        return this.#start({ only: [name] });
      case 'runFrom':
        return this.#start({ from: [name] });
      case 'openDefinition':
        return perform('modelthat.pipelines.openFile', step);
      case 'openLog':
        return perform('modelthat.steps.showLog', step);
      case 'approve':
      case 'reject':
      case 'debug':
      case 'openRun':
        return perform(`modelthat.steps.${action}`, step);
    }
  }

  /** Starts an execution, and shows it. */
  async #start(options: Parameters<typeof startPipeline>[2]): Promise<void> {
    const { connection, file } = this.#parts;
    const started = await startPipeline(connection, file, options);
    if (!started) return;
    this.#loader.forget('executions', 'shown', 'plan');
    this.reveal({ chosen: started.id });
  }

  #stepSubject(name: string): Subject {
    const { connection, file } = this.#parts;
    const { pipeline, shown: execution } = this.#loader;
    const defined = pipeline?.steps.find(step => step.name === name);
    return {
      type: 'step',
      connection,
      file,
      name,
      line: defined?.line,
      definedIn: defined?.file,
      execution,
      step: execution?.steps.find(step => step.name === name),
    };
  }
}
