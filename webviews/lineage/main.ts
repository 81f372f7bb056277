import '../ui/controls.ts';
import '../ui/page.css';
import '../ui/record.css';
import './lineage-graph.ts';
import './lineage-table.ts';
import './lineage.css';
import { html, nothing, type TemplateResult } from 'lit';
import type { LineageGraph } from '../../daemon/contract/lineage.ts';
import type {
  LineagePageMessage,
  LineagePageState,
  ToLineagePage,
} from '../../daemon/contract/lineage-messages.ts';
import { PageElement } from '../ui/element.ts';
import { Host } from '../ui/host.ts';
import { icon, toneIcon } from '../ui/icons.ts';
import { KIND, type NodeView, nodeViews } from './lineage-views.ts';
import { nodeFacts, openingOf } from './node-detail.ts';

/** Larger graphs take too long to lay out, and are too many nodes to be looked at as one. */
const MOST_DRAWN = 500;

/** The page of what a node came from, and what came of it. Holds what the host sent, and passes on what a person does. */
export class LineagePage extends PageElement {
  static override properties = {
    graph: { state: true },
    problem: { state: true },
    chosen: { state: true },
    view: { state: true },
  };
  declare graph: LineageGraph | undefined;
  declare problem: string;
  /** Of the node whose details are shown; null = the one that the page is about. */
  declare chosen: string | null;
  declare view: LineagePageState['view'];
  readonly #host = new Host<LineagePageMessage, ToLineagePage, LineagePageState>();
  #place = { store: '', node: '' };

  constructor() {
    super();
    const { chosen = null, view = 'graph' } = this.#host.kept;
    this.problem = '';
    this.chosen = chosen;
    this.view = view;
    this.#host.listen(message => this.#receive(message));
    this.#host.send({ type: 'ready' });
  }

  protected override render() {
    const { graph, problem } = this;
    const notice = problem ? html`<p class="notice" role="alert">${problem}</p>` : nothing;
    if (!graph) return html`<main>${notice || html`<p class="faint">Loading the lineage…</p>`}</main>`;
    const chosen = graph.nodes.some(({ id }) => id === this.chosen) ? (this.chosen ?? '') : graph.start;
    const nodes = nodeViews(graph, chosen, Date.now());
    return html`
      <main class="lineage">
        ${this.#header(graph, nodes)}
        ${notice}
        ${this.#leftOut(graph)}
        <div class="lineage-work">
          ${this.#nodes(graph, nodes, chosen)}
          <aside aria-label="Details">${this.#detail(graph, nodes, chosen)}</aside>
        </div>
      </main>
    `;
  }

  #header(graph: LineageGraph, nodes: readonly NodeView[]): TemplateResult {
    const about = nodes.find(({ name }) => name === graph.start);
    const counts = Object.values(KIND).flatMap(({ word }) => {
      const count = nodes.filter(({ kind }) => kind === word).length;
      return count === 0
        ? []
        : [`${count} ${word.toLowerCase()}${count === 1 || word === 'Data' ? '' : 's'}`];
    });
    const asTable = this.view === 'table' || nodes.length > MOST_DRAWN;
    return html`
      <header>
        <div class="title-row">
          <h1>Lineage of ${about?.title ?? graph.start}</h1>
          <div class="switch actions" role="group" aria-label="Show the lineage as">
            ${(['graph', 'table'] as const).map(
              name => html`
                <button class="tool" aria-pressed=${asTable === (name === 'table')}
                  ?disabled=${name === 'graph' && nodes.length > MOST_DRAWN} @click=${() => this.#show(name)}>
                  ${icon(name === 'graph' ? 'type-hierarchy' : 'list-flat')} ${name === 'graph' ? 'Graph' : 'Table'}
                </button>
              `,
            )}
          </div>
        </div>
        <p class="facts">${counts.join(' · ')}</p>
      </header>
    `;
  }

  #leftOut({ leftOut, remarks }: LineageGraph): (TemplateResult | typeof nothing)[] {
    const count = leftOut.reduce((sum, each) => sum + each.count, 0);
    return [
      ...remarks.map(remark => html`<p class="notice">${remark}</p>`),
      count === 0
        ? nothing
        : html`
            <p class="notice">
              At least ${count.toLocaleString()} more nodes are left out.
              <button class="link" @click=${() => this.#host.send({ type: 'more' })}>Show more</button>
            </p>
          `,
    ];
  }

  #nodes({ edges }: LineageGraph, nodes: readonly NodeView[], chosen: string): TemplateResult {
    const choose = (event: CustomEvent<string>) => this.#choose(event.detail);
    if (this.view === 'table' || nodes.length > MOST_DRAWN)
      return html`<modelthat-lineage-table .nodes=${nodes} .edges=${edges} .chosen=${chosen} @choose=${choose}></modelthat-lineage-table>`;
    return html`
      <modelthat-lineage-graph .nodes=${nodes} .chosen=${chosen} @choose=${choose}
        @open=${(event: CustomEvent<string>) => this.#open(event.detail)}></modelthat-lineage-graph>
    `;
  }

  #detail({ start, edges }: LineageGraph, nodes: readonly NodeView[], chosen: string): TemplateResult {
    const view = nodes.find(({ name }) => name === chosen);
    if (!view) return html`${nothing}`;
    const opening = openingOf(view.node);
    const from = edges.filter(({ to }) => to === chosen).map(edge => ({ id: edge.from, how: edge.relation }));
    const to = edges.filter(each => each.from === chosen).map(edge => ({ id: edge.to, how: edge.relation }));
    return html`
      <h3>${toneIcon(view.icon, view.tone)} ${view.kind} ${view.title}</h3>
      <div class="actions">
        ${opening ? html`<modelthat-button appearance="secondary" @click=${() => this.#open(chosen)}>${opening}</modelthat-button>` : nothing}
        ${
          chosen === start
            ? nothing
            : html`<modelthat-button appearance="secondary" @click=${() => this.#host.send({ type: 'follow', node: chosen })}>Show its lineage</modelthat-button>`
        }
      </div>
      ${chosen === start && view.node.kind === 'data' ? this.#affected(nodes) : nothing}
      ${nodeFacts(view.node)}
      ${this.#relations('Came from', from, nodes)}
      ${this.#relations('Led to', to, nodes)}
    `;
  }

  /** Only of what the page is about: all that came of it is in the graph. */
  #affected(nodes: readonly NodeView[]): TemplateResult {
    const affected = nodes.filter(({ node: { kind }, side }) => {
      const isUsed = kind === 'model' || kind === 'deployment' || kind === 'evaluation';
      return isUsed && (side === 'downstream' || side === 'both');
    });
    return html`
      <section>
        <h2>Affected if it is wrong</h2>
        ${affected.length === 0 ? html`<p class="faint">No version of a model came of it.</p>` : this.#list(affected.map(view => ({ view, note: view.facts })))}
      </section>
    `;
  }

  #list(items: readonly { readonly view: NodeView; readonly note: string }[]): TemplateResult {
    return html`
      <ul class="relations">
        ${items.map(
          ({ view, note }) => html`
            <li>
              ${toneIcon(view.icon, view.tone)}
              <button class="link" @click=${() => this.#choose(view.name)}>${view.kind} ${view.title}</button>
              <span class="faint">${note}</span>
            </li>
          `,
        )}
      </ul>
    `;
  }

  #relations(
    title: string,
    beside: readonly { readonly id: string; readonly how: string }[],
    nodes: readonly NodeView[],
  ): TemplateResult | typeof nothing {
    const found = beside.flatMap(({ id, how }) => {
      const view = nodes.find(({ name }) => name === id);
      return view ? [{ view, note: how }] : [];
    });
    if (found.length === 0) return nothing;
    return html`
      <section>
        <h2>${title}</h2>
        ${this.#list(found)}
      </section>
    `;
  }

  #choose(id: string): void {
    this.problem = '';
    this.chosen = id;
    this.#keep();
  }

  #open(node: string): void {
    this.problem = '';
    this.#host.send({ type: 'open', node });
  }

  #show(view: LineagePageState['view']): void {
    this.view = view;
    this.#keep();
  }

  #receive(message: ToLineagePage): void {
    if (message.type === 'problem') {
      this.problem = message.message;
      return;
    }
    const { store, node, graph } = message;
    this.#place = { store, node };
    this.graph = graph;
    this.problem = '';
    this.#keep();
  }

  #keep(): void {
    this.#host.keep({ ...this.#place, chosen: this.chosen, view: this.view });
  }
}

customElements.define('modelthat-lineage', LineagePage);
