import '../ui/controls.ts';
import '../ui/page.css';
import './runs.css';
import './column-chooser.ts';
import './run-grid.ts';
import { html, nothing, type TemplateResult } from 'lit';
import type { RunColumns } from '../../daemon/contract/run-lists.ts';
import {
  type RunListing,
  type RunTableAction,
  type RunTableMessage,
  type RunTableState,
  RunTableView,
  type TableColumn,
  type ToRunTable,
} from '../../daemon/contract/run-table-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { Host } from '../ui/host.ts';
import { icon } from '../ui/icons.ts';
import { allColumns, type Column, columnsOf, drawnColumns, type Goals, unaskedColumns } from './columns.ts';
import { ROW_HEIGHT, type Span } from './rows.ts';
import type { RunGrid, Selecting } from './run-grid.ts';
import { toggleSort } from './sorting.ts';

/** Runs that are kept when they are out of sight. */
const KEPT_RUNS = 2_000;
/** How long after the last scrolling the place is kept: keeping it costs a part of a frame. */
const KEEP_MS = 150;
/** More selected runs than these are not kept over a reload: the state is written with each scroll. */
const KEPT_SELECTION = 1_000;

/** The page with the table of runs. Holds what the host sent, and passes on what a person does. */
export class RunsPage extends PageElement {
  static override properties = {
    listing: { state: true },
    heading: { state: true },
    known: { state: true },
    goals: { state: true },
    runs: { state: true },
    view: { state: true },
    selected: { state: true },
    news: { state: true },
    refusal: { state: true },
    problem: { state: true },
    choosing: { state: true },
  };
  declare listing: RunListing | undefined;
  declare heading: string;
  declare known: RunColumns | undefined;
  declare goals: Goals;
  declare runs: ReadonlyMap<number, Run>;
  declare view: RunTableView;
  declare selected: ReadonlySet<string>;
  declare news: number;
  declare refusal: string;
  declare problem: string;
  declare choosing: boolean;
  readonly #host = new Host<RunTableMessage, ToRunTable, RunTableState>();
  #store = '';
  #experiments: readonly string[] = [];
  #scrollTop = 0;
  #restoreTo = 0;
  #span: Span = { from: 0, to: 0 };
  #asked: string | undefined;
  #adding = false;
  #keeping: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.heading = '';
    this.goals = {};
    this.runs = new Map();
    this.view = RunTableView.safeParse(this.#host.kept.view).data ?? RunTableView.parse({});
    this.selected = new Set(this.#host.kept.selected ?? []);
    this.news = 0;
    this.refusal = '';
    this.problem = '';
    this.choosing = false;
    this.#restoreTo = this.#host.kept.scrollTop ?? 0;
    this.#host.listen(message => this.#receive(message));
    this.#host.send({ type: 'list', view: this.view });
  }

  protected override render() {
    const { listing, problem, choosing } = this;
    const notice = problem ? html`<p class="notice" role="alert">${problem}</p>` : nothing;
    if (!listing)
      return html`<main class="runs">${notice || html`<p class="faint">Loading the runs…</p>`}${this.#filter()}</main>`;
    const all = allColumns(this.#known);
    const chosen = this.#chosen();
    return html`
      <main class="runs">
        ${notice}
        <header>
          <h1>${countText(listing)} <span class="faint">${this.heading}</span></h1>
          ${this.#toolbar()}
        </header>
        ${this.#filter()}
        <p class="news" role="status">${this.#newsText(listing)}</p>
        <div class="table ${choosing ? 'choosing' : ''}">
          ${listing.count === 0 ? html`<p class="faint empty">No run ${this.view.filter ? 'fulfils the filter' : 'here yet'}.</p>` : this.#grid(listing, chosen, all)}
          ${choosing ? html`<modelthat-column-chooser .all=${all} .chosen=${chosen} .view=${this.view} @view=${(event: CustomEvent<Partial<RunTableView>>) => this.#change(event.detail)}></modelthat-column-chooser>` : nothing}
        </div>
      </main>
    `;
  }

  #grid(listing: RunListing, chosen: readonly TableColumn[], all: readonly Column[]): TemplateResult {
    return html`
      <modelthat-run-grid .columns=${drawnColumns(chosen, all, this.view)} .count=${listing.count} .runs=${this.runs}
        .sort=${this.view.sort} .coloured=${this.view.coloured} .goals=${this.goals} .selected=${this.selected}
        @sight=${(event: CustomEvent<Span>) => this.#see(event.detail)}
        @scrolled=${(event: CustomEvent<number>) => this.#scrolled(event.detail)}
        @sort=${({ detail }: CustomEvent<{ column: string; several: boolean }>) => this.#relist({ sort: toggleSort(this.view.sort, detail.column, detail.several) })}
        @select=${(event: CustomEvent<Selecting>) => this.#select(event.detail)}
        @open=${(event: CustomEvent<string>) => this.#host.send({ type: 'open', runId: event.detail })}
        @resize=${({ detail }: CustomEvent<{ id: string; width: number }>) => this.#change({ columns: this.#chosen().map(column => (column.id === detail.id ? { ...column, width: detail.width } : column)) })}></modelthat-run-grid>
    `;
  }

  #toolbar(): TemplateResult {
    const { size } = this.selected;
    return html`
      <div class="actions">
        <span class="faint" role="status">${size > 0 ? `${size.toLocaleString('en')} selected` : ''}</span>
        ${size > 1 ? this.#button('Compare', 'git-compare', () => this.#act('compare')) : nothing}
        ${size > 0 ? this.#button('Delete', 'trash', () => this.#act('delete')) : nothing}
        ${this.#button('Columns', 'list-selection', () => {
          this.choosing = !this.choosing;
        })}
      </div>
    `;
  }

  #button(title: string, name: string, act: () => void): TemplateResult {
    return html`
      <modelthat-button appearance="secondary" @click=${act}>
        <span slot="start" class="codicon codicon-${name}"></span>${title}
      </modelthat-button>
    `;
  }

  #filter(): TemplateResult {
    return html`
      <form class="filter" @submit=${(event: Event) => this.#submit(event)}>
        ${icon('filter')}
        <input class="text" type="search" name="filter" spellcheck="false" aria-label="Filter" aria-invalid=${this.refusal !== ''} aria-describedby="refusal"
          placeholder="metrics.rmse < 0.2 and params.model = 'tree'" .value=${this.view.filter} @search=${(event: Event) => this.#submit(event)}>
      </form>
      <p id="refusal" class="refusal" role="alert">${this.refusal}</p>
    `;
  }

  #newsText(listing: RunListing): TemplateResult | string {
    if (this.news > 0)
      return html`<button class="link" @click=${() => this.#renew()}>${icon('arrow-up')} ${this.news} new run${this.news === 1 ? '' : 's'}</button>`;
    return listing.more
      ? `There are more runs than ${listing.count.toLocaleString('en')}: filter to see the others.`
      : '';
  }

  /** What the runs have; until the host has told of all, what the first ones have. */
  get #known(): RunColumns {
    return this.known ?? columnsOf([...this.runs.values()]);
  }

  #chosen(): readonly TableColumn[] {
    return this.view.columns ?? unaskedColumns(this.#known, this.goals);
  }

  #receive(message: ToRunTable): void {
    switch (message.type) {
      case 'listing':
        this.#store = message.store;
        this.#experiments = message.experiments;
        this.#showListing(message);
        break;
      case 'columns':
        this.known = message.columns;
        this.goals = message.goals;
        this.#ask(true);
        break;
      case 'rows':
        this.#showRows(message.version, message.from, message.runs);
        break;
      case 'selected':
        this.#showSelected(message.runIds);
        break;
      case 'news':
        if (this.#scrollTop < ROW_HEIGHT) this.#renew();
        else this.news = message.count;
        break;
      case 'refused':
        this.refusal = message.message;
        break;
      case 'problem':
        this.problem = message.message;
        this.#asked = undefined;
    }
  }

  #showListing({ title, listing, first }: Extract<ToRunTable, { type: 'listing' }>): void {
    const others = listing.version !== this.listing?.version;
    this.heading = title;
    this.listing = listing;
    this.problem = '';
    if (others) {
      this.runs = new Map(first.entries());
      this.#asked = undefined;
      this.news = 0;
      this.refusal = '';
    }
    this.#keep();
    this.#ask(false);
    if (this.#restoreTo === 0 || !listing.whole) return;
    const pixels = this.#restoreTo;
    this.#restoreTo = 0;
    // The grid has its height only once it is drawn.
    void this.updateComplete.then(() =>
      requestAnimationFrame(() => this.querySelector<RunGrid>('modelthat-run-grid')?.showFrom(pixels)),
    );
  }

  #showRows(version: number, from: number, runs: readonly Run[]): void {
    if (version !== this.listing?.version) return;
    const all = new Map(this.runs.size > KEPT_RUNS ? [] : this.runs);
    for (const [index, run] of runs.entries()) all.set(from + index, run);
    this.runs = all;
    this.#asked = undefined;
    this.#ask(false);
  }

  #see(span: Span): void {
    this.#span = span;
    this.#ask(false);
  }

  /** Asks for the rows that are drawn, one request at a time. @param anew although they are there */
  #ask(anew: boolean): void {
    const { from, to } = this.#span;
    const there = Array.from({ length: to - from }, (_, index) => this.runs.has(from + index));
    const asked = `${this.listing?.version} ${from} ${to}`;
    if (to <= from || (!anew && (there.every(Boolean) || this.#asked !== undefined))) {
      return;
    }
    this.#asked = asked;
    const columns = this.#chosen().map(({ id }) => id);
    this.#host.send({ type: 'rows', from, to, columns });
  }

  #scrolled(pixels: number): void {
    this.#scrollTop = pixels;
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#keep(), KEEP_MS);
    if (pixels === 0 && this.news > 0) this.#renew();
  }

  #renew(): void {
    this.news = 0;
    this.querySelector<RunGrid>('modelthat-run-grid')?.showFrom(0);
    this.#host.send({ type: 'renew' });
  }

  #select({ from, to, add }: Selecting): void {
    const run = to - from === 1 ? this.runs.get(from) : undefined;
    this.#adding = add;
    if (!run) this.#host.send({ type: 'select', from, to });
    else if (add && this.selected.has(run.id)) {
      this.selected = new Set([...this.selected].filter(id => id !== run.id));
      this.#keep();
    } else this.#showSelected([run.id]);
  }

  #showSelected(runIds: readonly string[]): void {
    this.selected = new Set([...(this.#adding ? this.selected : []), ...runIds]);
    this.#keep();
  }

  #act(action: RunTableAction): void {
    this.#host.send({ type: 'act', action, runIds: [...this.selected] });
    if (action === 'delete') this.selected = new Set();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const filter = this.querySelector<HTMLInputElement>('input[name=filter]')?.value ?? '';
    if (filter !== this.view.filter || this.refusal !== '') this.#relist({ filter });
  }

  #relist(change: Partial<RunTableView>): void {
    this.#change(change);
    this.#host.send({ type: 'list', view: this.view });
  }

  #change(change: Partial<RunTableView>): void {
    this.view = { ...this.view, ...change };
    this.#keep();
    if (change.columns) this.#ask(true);
  }

  #keep(): void {
    if (this.#store === '') return;
    this.#host.keep({
      store: this.#store,
      experiments: [...this.#experiments],
      view: this.view,
      scrollTop: this.#scrollTop,
      selected: this.selected.size > KEPT_SELECTION ? [] : [...this.selected],
    });
  }
}

function countText({ count, whole }: RunListing): string {
  if (!whole) return 'Runs';
  return `${count.toLocaleString('en')} ${count === 1 ? 'run' : 'runs'}`;
}

customElements.define('modelthat-runs', RunsPage);
