import '../ui/controls.ts';
import '../ui/page.css';
import './runs.css';
import './column-chooser.ts';
import './filter-field.ts';
import './run-grid.ts';
import { html, nothing, type TemplateResult } from 'lit';
import type { RunColumns } from '../../daemon/contract/run-lists.ts';
import {
  type RunListing,
  type RunTableMessage,
  type RunTableState,
  RunTableView,
  type TableColumn,
  type TableRow,
  type ToRunTable,
} from '../../daemon/contract/run-table-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { Host } from '../ui/host.ts';
import { icon } from '../ui/icons.ts';
import { type Curves, curveKey } from './cells.ts';
import { actionsOf, afterColumnAction } from './column-actions.ts';
import { allColumns, type Column, columnsOf, drawnColumns, type Goals, unaskedColumns } from './columns.ts';
import { ROW_HEIGHT, type Span } from './rows.ts';
import type { ColumnMenu, RunGrid, Selecting } from './run-grid.ts';
import { toggleSort } from './sorting.ts';
import { type ToolbarAction, toolbar } from './toolbar.ts';

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
    rows: { state: true },
    curves: { state: true },
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
  declare rows: ReadonlyMap<number, TableRow>;
  declare curves: Curves;
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
    this.rows = new Map();
    this.curves = new Map();
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
          ${toolbar(this.selected.size, action => this.#act(action))}
        </header>
        ${this.#filter()}
        <p class="news" role="status">${this.#newsText(listing)}</p>
        <div class="table ${choosing ? 'choosing' : ''}">
          ${listing.count === 0 ? html`<p class="faint empty">No run ${this.view.filter ? 'fulfils the filter' : 'here yet'}.</p>` : this.#grid(listing, chosen, all)}
          ${choosing ? html`<modelthat-column-chooser .all=${all} .chosen=${chosen} .view=${this.view} @view=${({ detail }: CustomEvent<Partial<RunTableView>>) => (detail.lifecycle ? this.#relist(detail) : this.#change(detail))}></modelthat-column-chooser>` : nothing}
        </div>
      </main>
    `;
  }

  #grid(listing: RunListing, chosen: readonly TableColumn[], all: readonly Column[]): TemplateResult {
    return html`
      <modelthat-run-grid .columns=${drawnColumns(chosen, all, this.view)} .count=${listing.count} .rows=${this.rows} .curves=${this.curves} .grouped=${this.view.groupBy !== undefined}
        .sort=${this.view.sort} .coloured=${this.view.coloured} .goals=${this.goals} .selected=${this.selected}
        @sight=${(event: CustomEvent<Span>) => this.#see(event.detail)}
        @scrolled=${(event: CustomEvent<number>) => this.#scrolled(event.detail)}
        @sort=${({ detail }: CustomEvent<{ column: string; several: boolean }>) => this.#relist({ sort: toggleSort(this.view.sort, detail.column, detail.several) })}
        @select=${(event: CustomEvent<Selecting>) => this.#select(event.detail)}
        @menu=${(event: CustomEvent<ColumnMenu>) => this.#menu(event.detail)}
        @unfold=${(event: CustomEvent<string>) => this.#unfold(event.detail)}
        @open=${(event: CustomEvent<string>) => this.#host.send({ type: 'open', runId: event.detail })}
        @resize=${({ detail }: CustomEvent<{ id: string; width: number }>) => this.#change({ columns: this.#chosen().map(column => (column.id === detail.id ? { ...column, width: detail.width } : column)) })}></modelthat-run-grid>
    `;
  }

  #filter(): TemplateResult {
    return html`
      <modelthat-filter-field .filter=${this.view.filter} .refusal=${this.refusal} .columns=${allColumns(this.#known)}
        .runs=${[...this.rows.values()].filter(isRun)} @filter=${(event: CustomEvent<string>) => this.#filterBy(event.detail)}></modelthat-filter-field>
    `;
  }

  #newsText(listing: RunListing): TemplateResult | string {
    if (this.news > 0)
      return html`<button class="link" @click=${() => this.#renew()}>${icon('arrow-up')} ${this.news} new run${this.news === 1 ? '' : 's'}</button>`;
    return listing.more
      ? `There are more runs than ${listing.runs.toLocaleString('en')}: filter to see the others.`
      : '';
  }

  /** What the runs have; until the host has told of all, what the first ones have. */
  get #known(): RunColumns {
    return this.known ?? columnsOf([...this.rows.values()].filter(isRun));
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
        this.#showRows(message.version, message.from, message.rows);
        break;
      case 'curves':
        this.#showCurves(message.curves);
        break;
      case 'column':
        this.#changeColumn(message);
        break;
      case 'view':
        this.#relist({ ...RunTableView.parse({}), columns: undefined, groupBy: undefined, ...message.view });
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
      this.rows = new Map(first.entries());
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

  #showRows(version: number, from: number, rows: readonly TableRow[]): void {
    if (version !== this.listing?.version) return;
    const all = new Map(this.rows.size > KEPT_RUNS ? [] : this.rows);
    for (const [index, row] of rows.entries()) all.set(from + index, row);
    this.rows = all;
    this.#asked = undefined;
    this.#ask(false);
  }

  #showCurves(curves: Extract<ToRunTable, { type: 'curves' }>['curves']): void {
    const all = new Map(this.curves.size > KEPT_RUNS ? [] : this.curves);
    for (const { runId, metric, values } of curves) all.set(curveKey(runId, metric), values);
    this.curves = all;
  }

  #changeColumn({ column, action, value }: Extract<ToRunTable, { type: 'column' }>): void {
    const change = afterColumnAction(this.view, this.#chosen(), column, action, value);
    if (['colour', 'pin', 'unpin', 'hide'].includes(action)) this.#change(change);
    else this.#relist(change);
  }

  #menu({ column, value }: ColumnMenu): void {
    const { id, title } = column;
    const actions = actionsOf(column, this.view, value);
    this.#host.send({ type: 'menu', column: id, title, actions, value });
  }

  #unfold(key: string): void {
    const { opened } = this.view;
    const others = opened.filter(group => group !== key);
    const now = others.length < opened.length ? others : [...opened, key];
    this.view = { ...this.view, opened: now };
    this.#keep();
    this.#host.send({ type: 'unfold', opened: now });
  }

  #see(span: Span): void {
    this.#span = span;
    this.#ask(false);
  }

  /** Asks for the rows that are drawn, one request at a time. @param anew although they are there */
  #ask(anew: boolean): void {
    const { from, to } = this.#span;
    const there = Array.from({ length: to - from }, (_, index) => this.rows.has(from + index));
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
    const run = to - from === 1 ? this.rows.get(from) : undefined;
    this.#adding = add;
    if (!isRun(run)) this.#host.send({ type: 'select', from, to });
    else if (add && this.selected.has(run.id)) {
      this.selected = new Set([...this.selected].filter(id => id !== run.id));
      this.#keep();
    } else this.#showSelected([run.id]);
  }

  #showSelected(runIds: readonly string[]): void {
    this.selected = new Set([...(this.#adding ? this.selected : []), ...runIds]);
    this.#keep();
  }

  #act(action: ToolbarAction): void {
    if (action === 'columns') this.choosing = !this.choosing;
    else if (action === 'views') this.#host.send({ type: 'views', view: this.view });
    else {
      this.#host.send({ type: 'act', action, runIds: [...this.selected] });
      if (action === 'delete') this.selected = new Set();
    }
  }

  #filterBy(filter: string): void {
    if (filter !== this.view.filter || this.refusal !== '') this.#relist({ filter });
  }

  #relist(change: Partial<RunTableView>): void {
    this.#change(change);
    this.#host.send({ type: 'list', view: this.view });
  }

  #change(change: Partial<RunTableView>): void {
    this.view = { ...this.view, ...change };
    this.#keep();
    // Groups tell the means of the metrics that are shown.
    if (change.columns && this.view.groupBy !== undefined) this.#host.send({ type: 'list', view: this.view });
    else if (change.columns) this.#ask(true);
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

function countText({ runs, whole }: RunListing): string {
  if (!whole) return 'Runs';
  return `${runs.toLocaleString('en')} ${runs === 1 ? 'run' : 'runs'}`;
}

function isRun(row: TableRow | undefined): row is Run {
  return row !== null && row !== undefined && !('group' in row);
}

customElements.define('modelthat-runs', RunsPage);
