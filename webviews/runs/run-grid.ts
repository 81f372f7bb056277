import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { ALL_ROWS, type SortKey } from '../../daemon/contract/run-table-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { icon, statusIcon } from '../ui/icons.ts';
import { TickingElement } from '../ui/ticking-element.ts';
import { cellText, type DrawnColumn, type Goals, heatLevel, NAME_COLUMN } from './columns.ts';
import { drawnRows, ROW_HEIGHT, rowAfterKey, type Span } from './rows.ts';

const WIDTH_STEP = 16;
const LEAST_WIDTH = 48;

/** Rows to select, and whether they are added to those that are. */
export interface Selecting extends Span {
  readonly add: boolean;
}

/**
 * All runs, of which those in sight are in the page. Tells `sight` (rows that are drawn), `sort` (column, several),
 * `select`, `open` (a run's id), `resize` (column, width) and `scrolled` (pixels).
 */
export class RunGrid extends TickingElement {
  static override properties = {
    columns: { attribute: false },
    count: { attribute: false },
    runs: { attribute: false },
    sort: { attribute: false },
    coloured: { attribute: false },
    goals: { attribute: false },
    selected: { attribute: false },
    span: { state: true },
    active: { state: true },
  };
  declare columns: readonly DrawnColumn[];
  declare count: number;
  /** Those that are loaded, by their place. */
  declare runs: ReadonlyMap<number, Run>;
  declare sort: readonly SortKey[];
  declare coloured: readonly string[];
  declare goals: Goals;
  declare selected: ReadonlySet<string>;
  declare span: Span;
  /** The cell that the keys move from; row −1 is the header. */
  declare active: { readonly row: number; readonly column: number };
  readonly #styles = new CSSStyleSheet();
  #anchor = 0;

  constructor() {
    super();
    this.span = { from: 0, to: 0 };
    this.active = { row: 0, column: 0 };
    document.adoptedStyleSheets.push(this.#styles);
  }

  get #scroller(): HTMLElement | null {
    return this.querySelector('.run-grid');
  }

  /** @param pixels from the first row */
  showFrom(pixels: number): void {
    this.#scroller?.scrollTo({ top: pixels });
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('columns') || changed.has('count')) this.#layOut();
  }

  protected override render() {
    const { columns, count, span, active } = this;
    return html`
      <div class="run-grid" role="grid" tabindex="0" aria-label="Runs" aria-multiselectable="true" aria-rowcount=${count + 1}
        aria-colcount=${columns.length} aria-activedescendant=${`cell-${active.row}-${active.column}`}
        @scroll=${this.#scrolled} @keydown=${this.#key} @mousedown=${this.#press}>
        <div class="grid-row grid-head" role="row" aria-rowindex="1">
          ${columns.map((column, index) => this.#header(column, index))}
        </div>
        <div class="grid-space" role="presentation">
          <div class="grid-rows" role="rowgroup">
            ${Array.from({ length: Math.max(0, span.to - span.from) }, (_, index) => this.#row(span.from + index))}
          </div>
        </div>
      </div>
    `;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('count')) this.#look();
  }

  protected override firstUpdated(): void {
    const scroller = this.#scroller;
    if (scroller) new ResizeObserver(() => this.#look()).observe(scroller);
  }

  /** Widths and places are in a style sheet of the page's own: its policy forbids styles in the markup. */
  #layOut(): void {
    let left = 0;
    const pinned = this.columns.map(({ pinned, width }, index) => {
      if (!pinned) return '';
      left += width;
      return `.column-${index} { position: sticky; z-index: 1; left: ${left - width}px; }`;
    });
    const widths = this.columns.map(({ width }) => `${width}px`).join(' ');
    const total = this.columns.reduce((sum, { width }) => sum + width, 0);
    this.#styles.replaceSync(
      [
        `.grid-row { grid-template-columns: ${widths}; width: ${total}px; }`,
        `.grid-space { height: ${this.count * ROW_HEIGHT}px; width: ${total}px; }`,
        `.grid-rows { transform: translateY(${this.span.from * ROW_HEIGHT}px); }`,
        ...pinned,
      ].join('\n'),
    );
  }

  #look(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    const span = drawnRows(scroller.scrollTop, scroller.clientHeight, this.count);
    if (span.from === this.span.from && span.to === this.span.to) return;
    this.span = span;
    this.#layOut();
    this.tell('sight', span);
  }

  #scrolled(): void {
    this.#look();
    this.tell('scrolled', this.#scroller?.scrollTop ?? 0);
  }

  #header(column: DrawnColumn, index: number): TemplateResult {
    const { id, title, sortable, number, group } = column;
    const place = this.sort.findIndex(key => key.column === id);
    const key = this.sort[place];
    const order = key ? (key.descending ? 'descending' : 'ascending') : 'none';
    return html`
      <div class="grid-cell column-${index} ${number ? 'number' : ''} ${this.#activeClass(-1, index)}" role="columnheader" id="cell--1-${index}"
        aria-colindex=${index + 1} aria-sort=${sortable ? order : nothing} title=${`${group}: ${title}`}
        @click=${(event: MouseEvent) => sortable && this.#sortBy(id, event.shiftKey)}>
        <span class="head-title">${title}</span>
        ${key ? icon(key.descending ? 'arrow-down' : 'arrow-up') : nothing}
        ${key && this.sort.length > 1 ? html`<span class="sort-place">${place + 1}</span>` : nothing}
        <span class="grip" @pointerdown=${(event: PointerEvent) => this.#grab(event, column)} @click=${(event: Event) => event.stopPropagation()}></span>
      </div>
    `;
  }

  #row(place: number): TemplateResult {
    const run = this.runs.get(place);
    const selected = run !== undefined && this.selected.has(run.id);
    const classes = [
      'grid-row',
      ...(selected ? ['selected'] : []),
      ...(run?.lifecycle === 'deleted' ? ['deleted'] : []),
    ];
    return html`
      <div class=${classes.join(' ')} role="row" aria-rowindex=${place + 2} aria-selected=${selected}
        @click=${(event: MouseEvent) => this.#clicked(event, place)} @dblclick=${() => run && this.tell('open', run.id)}>
        ${this.columns.map((column, index) => this.#cell(column, index, place, run))}
      </div>
    `;
  }

  #cell(column: DrawnColumn, index: number, place: number, run: Run | undefined): TemplateResult {
    const heat = run && this.coloured.includes(column.id) ? heatLevel(column, run) : undefined;
    const classes = [
      'grid-cell',
      `column-${index}`,
      this.#activeClass(place, index),
      ...(column.number ? ['number'] : []),
      ...(heat === undefined ? [] : [`heat-${heat}`]),
    ];
    const text = run ? cellText(column.id, run, this.goals, Date.now()) : '';
    const content =
      run && column.id === NAME_COLUMN
        ? html`${statusIcon(run.status)} <button class="link" tabindex="-1" @click=${(event: Event) => this.#open(event, run)}>${text}</button>`
        : text;
    return html`<div class=${classes.join(' ')} role="gridcell" id="cell-${place}-${index}" aria-colindex=${index + 1} title=${text}>${run ? content : html`<span class="blank"></span>`}</div>`;
  }

  /** Shift selects rows here, not the text between. */
  #press(event: MouseEvent): void {
    if (!event.shiftKey) return;
    event.preventDefault();
    this.#scroller?.focus();
  }

  #activeClass(row: number, column: number): string {
    return this.active.row === row && this.active.column === column ? 'active' : '';
  }

  #open(event: Event, run: Run): void {
    event.stopPropagation();
    this.tell('open', run.id);
  }

  #sortBy(column: string, several: boolean): void {
    this.tell('sort', { column, several });
  }

  #clicked(event: MouseEvent, place: number): void {
    const cell = (event.target as HTMLElement).closest('[aria-colindex]');
    this.active = { row: place, column: Number(cell?.getAttribute('aria-colindex') ?? 1) - 1 };
    this.#select(place, event.shiftKey, event.ctrlKey || event.metaKey);
  }

  /** @param range from the row that was selected last @param add to those that are selected, or out of them */
  #select(place: number, range: boolean, add: boolean): void {
    if (!range) this.#anchor = place;
    const from = Math.min(this.#anchor, place);
    this.tell<Selecting>('select', { from, to: Math.max(this.#anchor, place) + 1, add });
  }

  #key(event: KeyboardEvent): void {
    if (this.#resizeByKey(event) || this.#moveByKey(event) || this.#actByKey(event)) event.preventDefault();
  }

  #resizeByKey({ altKey, key }: KeyboardEvent): boolean {
    const header = this.columns[this.active.column];
    if (!altKey || !header || (key !== 'ArrowLeft' && key !== 'ArrowRight')) return false;
    this.#resize(header, header.width + (key === 'ArrowLeft' ? -WIDTH_STEP : WIDTH_STEP));
    return true;
  }

  #moveByKey({ key, shiftKey }: KeyboardEvent): boolean {
    const { row, column } = this.active;
    const page = Math.max(1, Math.floor((this.#scroller?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    const to = rowAfterKey(key, row, this.count, page);
    if (to !== undefined) {
      this.#moveTo(to, column);
      if (shiftKey && to >= 0) this.#select(to, true, false);
    } else if (key === 'ArrowLeft') this.#moveTo(row, Math.max(0, column - 1));
    else if (key === 'ArrowRight') this.#moveTo(row, Math.min(this.columns.length - 1, column + 1));
    else return false;
    return true;
  }

  #actByKey({ key, shiftKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
    const { row, column } = this.active;
    const header = this.columns[column];
    const run = this.runs.get(row);
    if (key === ' ' && row >= 0) this.#select(row, shiftKey, true);
    else if (key === 'a' && (ctrlKey || metaKey))
      this.tell<Selecting>('select', { from: 0, to: ALL_ROWS, add: false });
    else if (key === 'Enter' && run) this.tell('open', run.id);
    else if (key === 'Enter' && row < 0 && header?.sortable) this.#sortBy(header.id, shiftKey);
    else return false;
    return true;
  }

  #moveTo(row: number, column: number): void {
    this.active = { row, column };
    const scroller = this.#scroller;
    if (!scroller) return;
    if (row >= 0) {
      const top = row * ROW_HEIGHT;
      const room = scroller.clientHeight - 2 * ROW_HEIGHT;
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top > scroller.scrollTop + room) scroller.scrollTop = top - room;
    }
    void this.updateComplete.then(() =>
      this.querySelector(`#cell--1-${column}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' }),
    );
  }

  #grab(event: PointerEvent, column: DrawnColumn): void {
    const grip = event.target as HTMLElement;
    const start = event.clientX;
    grip.setPointerCapture(event.pointerId);
    const moved = (move: PointerEvent) => this.#resize(column, column.width + move.clientX - start);
    grip.addEventListener('pointermove', moved);
    grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', moved), {
      once: true,
    });
  }

  #resize({ id }: DrawnColumn, width: number): void {
    this.tell('resize', { id, width: Math.max(LEAST_WIDTH, Math.round(width)) });
  }
}

customElements.define('modelthat-run-grid', RunGrid);
