import '../ui/controls.ts';
import '../ui/page.css';
import '../ui/tabs.ts';
import './compare.css';
import './comparison-table.ts';
import './boxes.ts';
import './contour.ts';
import './curves.ts';
import './explore.css';
import './images.ts';
import './influences.ts';
import './origins.ts';
import './parallel.ts';
import './scatter.ts';
import { html, nothing, type TemplateResult } from 'lit';
import {
  type CodeChanges,
  type ComparePageMessage,
  type ComparePageState,
  CompareTab,
  CompareView,
  type ToComparePage,
} from '../../daemon/contract/compare-messages.ts';
import type { RunOrigin } from '../../daemon/contract/origins.ts';
import { PageElement } from '../ui/element.ts';
import { Host } from '../ui/host.ts';
import { tabId } from '../ui/tabs.ts';
import type { Compared, ViewChange } from './comparison.ts';
import type { SeriesOfRuns } from './curves.ts';
import { type ImagesOfRuns, type PreviewsOfRuns, previewKey } from './images.ts';

const TAB_NAMES: Readonly<Record<CompareTab, string>> = {
  table: 'Table',
  curves: 'Curves',
  origins: 'Code and data',
  parallel: 'Parallel coordinates',
  scatter: 'Scatter',
  boxes: 'Box plots',
  contour: 'Contour',
  influence: 'What matters',
  images: 'Images',
};

/** The page that compares runs. Holds what the host sent, and passes on what a person does. */
export class ComparePage extends PageElement {
  static override properties = {
    compared: { state: true },
    view: { state: true },
    series: { state: true },
    origins: { state: true },
    changes: { state: true },
    images: { state: true },
    previews: { state: true },
    problem: { state: true },
  };
  declare compared: Compared | undefined;
  declare view: CompareView;
  declare series: SeriesOfRuns;
  declare origins: ReadonlyMap<string, RunOrigin> | undefined;
  declare changes: CodeChanges | undefined;
  declare images: ImagesOfRuns | undefined;
  declare previews: PreviewsOfRuns;
  declare problem: string;
  readonly #host = new Host<ComparePageMessage, ToComparePage, ComparePageState>();

  constructor() {
    super();
    this.view = CompareView.catch(CompareView.parse({})).parse(this.#host.kept.view ?? {});
    this.series = new Map();
    this.previews = new Map();
    this.problem = '';
    this.#host.listen(message => this.#receive(message));
    this.#host.send({ type: 'ready' });
  }

  protected override render() {
    const { compared, problem } = this;
    const notice = problem ? html`<p class="notice" role="alert">${problem}</p>` : nothing;
    if (!compared)
      return html`<main class="compare">${notice || html`<p class="faint">Loading the runs…</p>`}</main>`;
    const { runs, runIds } = compared;
    const left = runIds.length - runs.length;
    const tabs = CompareTab.options.map(id => ({ id, label: TAB_NAMES[id] }));
    return html`
      <main class="compare">
        ${notice}
        <h1>${runs.length} runs compared</h1>
        ${left > 0 ? html`<p class="faint">${left} of the ${runIds.length} selected runs left out: too many to stand beside each other, or deleted for good.</p>` : nothing}
        <modelthat-tabs .tabs=${tabs} .chosen=${this.view.tab} .label=${'Parts of the comparison'}
          @choose=${(event: CustomEvent<CompareTab>) => this.#show({ tab: event.detail })}></modelthat-tabs>
        <div role="tabpanel" aria-labelledby=${tabId(this.view.tab)}
          @view=${(event: CustomEvent<ViewChange>) => this.#show(event.detail)}
          @open=${(event: CustomEvent<string>) => this.#host.send({ type: 'open', runId: event.detail })}
          @origins=${() => this.#host.send({ type: 'origins' })}
          @changes=${(event: CustomEvent<{ from: string; to: string }>) => this.#host.send({ type: 'changes', ...event.detail })}
          @diff=${(event: CustomEvent<{ from: string; to: string; path: string }>) => this.#host.send({ type: 'diff', ...event.detail })}
          @images=${() => this.#host.send({ type: 'images' })}
          @image=${(event: CustomEvent<{ runId: string; path: string }>) => this.#host.send({ type: 'image', ...event.detail })}
          @watch=${(event: CustomEvent<string[]>) => this.#host.send({ type: 'watch', keys: event.detail })}>
          ${this.#part(compared)}
        </div>
      </main>
    `;
  }

  #part(compared: Compared): TemplateResult {
    switch (this.view.tab) {
      case 'table':
        return html`<modelthat-comparison-table .compared=${compared} .view=${this.view}></modelthat-comparison-table>`;
      case 'curves':
        return html`<modelthat-compared-curves .compared=${compared} .view=${this.view} .series=${this.series}></modelthat-compared-curves>`;
      case 'origins':
        return html`<modelthat-compared-origins .compared=${compared} .view=${this.view} .origins=${this.origins} .changes=${this.changes}></modelthat-compared-origins>`;
      case 'parallel':
        return html`<modelthat-parallel-part .compared=${compared} .view=${this.view}></modelthat-parallel-part>`;
      case 'scatter':
        return html`<modelthat-scatter-part .compared=${compared} .view=${this.view}></modelthat-scatter-part>`;
      case 'boxes':
        return html`<modelthat-boxes-part .compared=${compared} .view=${this.view}></modelthat-boxes-part>`;
      case 'contour':
        return html`<modelthat-contour-part .compared=${compared} .view=${this.view}></modelthat-contour-part>`;
      case 'images':
        return html`<modelthat-images-part .compared=${compared} .view=${this.view} .images=${this.images} .previews=${this.previews}></modelthat-images-part>`;
      case 'influence':
        return html`<modelthat-influence-part .compared=${compared} .view=${this.view}></modelthat-influence-part>`;
    }
  }

  #receive(message: ToComparePage): void {
    switch (message.type) {
      case 'problem':
        this.problem = message.message;
        break;
      case 'series': {
        const known = this.series.get(message.runId) ?? [];
        const curves = new Map([...known, ...message.series.map(one => [one.key, one] as const)]);
        this.series = new Map(this.series).set(message.runId, curves);
        break;
      }
      case 'origins':
        this.origins = new Map(message.origins.map(origin => [origin.runId, origin]));
        break;
      case 'images':
        this.images = message;
        break;
      case 'image':
        this.previews = new Map(this.previews).set(previewKey(message), message.preview);
        break;
      case 'changes':
        this.changes = message;
        break;
      case 'compared':
        this.compared = message;
        this.problem = '';
        this.#keep();
    }
  }

  #show(change: ViewChange): void {
    this.view = { ...this.view, ...change };
    this.#keep();
  }

  #keep(): void {
    if (!this.compared) return;
    const { store, runIds } = this.compared;
    this.#host.keep({ store, runIds: [...runIds], view: this.view });
  }
}

customElements.define('modelthat-compare', ComparePage);
