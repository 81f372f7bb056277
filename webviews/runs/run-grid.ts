import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import {
  ALL_ROWS,
  type GroupRow,
  groupKey,
  type SortKey,
  type TableRow,
} from '../../daemon/contract/run-table-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { icon } from '../ui/icons.ts';
import { TickingElement } from '../ui/ticking-element.ts';
import { type Cell, type Curves, groupCell, runCell } from './cells.ts';
import { type DrawnColumn, type Goals, heatLevel, rawValue } from './columns.ts';
import { drawnRows, ROW_HEIGHT, rowAfterKey, type Span } from './rows.ts';

const WIDTH_STEP = 16;
const LEAST_WIDTH = 48;

/** Rows to select, and whether they are added to those that are. */
export interface Selecting extends Span {
  readonly add: boolean;
}

/** A column, or one of its cells, whose menu is asked for. */
export interface ColumnMenu {
  readonly column: DrawnColumn;
  /** What the cell's run has there, as a filter compares it; null of none. */
  readonly value: string | null;
}

/**
 * All runs, of which those in sight are in the page. Tells `sight` (rows that are drawn), `sort` (column, several),
 * `select`, `open` (a run's id), `unfold` (a group's key), `menu`, `resize` (column, width) and `scrolled` (pixels).
 */
export class RunGrid extends TickingElement {
  static override properties = {
    columns: { attribute: false },
    count: { attribute: false },
    rows: { attribute: false },
    sort: { attribute: false },
    coloured: { attribute: false },
    grouped: { attribute: false },
    curves: { attribute: false },
    goals: { attribute: false },
    selected: { attribute: false },
    span: { state: true },
    active: { state: true },
  };
  declare columns: readonly DrawnColumn[];
  declare count: number;
  /** Those that are loaded, by their place. */
  declare rows: ReadonlyMap<number, TableRow>;
  /** Whether there are rows of groups above those of runs. */
  declare grouped: boolean;
  declare curves: Curves;
  declare sort: readonly SortKey[];
  declare coloured: readonly string[];
  declare goals: Goals;
  declare selected: ReadonlySet<string>;
  declare span: Span;
  /** The cell that the keys move from; row −1 is the header. */
  declare active: { readonly row: number; readonly column: number };
  readonly #styles = new CSSStyleSheet();
  #layout = '';
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
    if (changed.has('columns')) this.#layOut();
  }

  protected override render() {
    const { columns, count, span, active } = this;
    return html`
      <div class="run-grid" role=${this.grouped ? 'treegrid' : 'grid'} tabindex="0" aria-label="Runs" aria-multiselectable="true" aria-rowcount=${count + 1}
        aria-colcount=${columns.length} aria-activedescendant=${`cell-${active.row}-${active.column}`}
        @scroll=${this.#scrolled} @keydown=${this.#key} @mousedown=${this.#press} @contextmenu=${this.#menu}>
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
    this.#place();
    if (changed.has('count')) this.#look();
  }

  protected override firstUpdated(): void {
    const scroller = this.#scroller;
    if (scroller) new ResizeObserver(() => this.#look()).observe(scroller);
  }

  /** Widths are in a style sheet of the page's own: its policy forbids styles in the markup. */
  #layOut(): void {
    let left = 0;
    const pinned = this.columns.map(({ pinned, width }, index) => {
      if (!pinned) return '';
      left += width;
      return `.grid-row .grid-cell.column-${index} { position: sticky; z-index: 1; left: ${left - width}px; }`;
    });
    const widths = this.columns.map(({ width }) => `${width}px`).join(' ');
    const total = this.columns.reduce((sum, { width }) => sum + width, 0);
    const layout = [
      `.grid-row { grid-template-columns: ${widths}; width: ${total}px; }`,
      `.grid-space { width: ${total}px; }`,
      ...pinned,
    ].join('\n');
    // A new sheet costs a look at every element.
    if (layout !== this.#layout) this.#styles.replaceSync(layout);
    this.#layout = layout;
  }

  /** Puts the drawn rows where they belong among all. */
  #place(): void {
    const space = this.querySelector<HTMLElement>('.grid-space');
    const rows = this.querySelector<HTMLElement>('.grid-rows');
    if (space) space.style.height = `${this.count * ROW_HEIGHT}px`;
    if (rows) rows.style.transform = `translateY(${this.span.from * ROW_HEIGHT}px)`;
  }

  #look(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    const span = drawnRows(scroller.scrollTop, scroller.clientHeight, this.count);
    if (span.from === this.span.from && span.to === this.span.to) return;
    this.span = span;
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
    const row = this.rows.get(place);
    if (row && 'group' in row) return this.#groupRow(place, row);
    const run = row ?? undefined;
    const selected = run !== undefined && this.selected.has(run.id);
    const classes = [
      'grid-row',
      ...(selected ? ['selected'] : []),
      ...(run?.lifecycle === 'deleted' ? ['deleted'] : []),
    ];
    return html`
      <div class=${classes.join(' ')} role="row" aria-rowindex=${place + 2} aria-selected=${selected} aria-level=${this.grouped ? 2 : nothing}
        @click=${(event: MouseEvent) => this.#clicked(event, place)} @dblclick=${() => run && this.tell('open', run.id)}>
        ${this.columns.map((column, index) => this.#runCell(column, index, place, run))}
      </div>
    `;
  }

  #groupRow(place: number, row: GroupRow): TemplateResult {
    return html`
      <div class="grid-row group-row" role="row" aria-rowindex=${place + 2} aria-level="1" aria-expanded=${row.opened}
        @click=${(event: MouseEvent) => this.#groupClicked(event, place, row)}>
        ${this.columns.map((column, index) => this.#cell(column, index, place, groupCell(column, index, row, this.goals), []))}
      </div>
    `;
  }

  #runCell(column: DrawnColumn, index: number, place: number, run: Run | undefined): TemplateResult {
    const heat = run && this.coloured.includes(column.id) ? heatLevel(column, run) : undefined;
    const { goals, curves } = this;
    const cell =
      run && runCell(column, run, { goals, curves, now: Date.now() }, event => this.#open(event, run));
    return this.#cell(column, index, place, cell, heat === undefined ? [] : [`heat-${heat}`]);
  }

  #cell(
    column: DrawnColumn,
    index: number,
    place: number,
    cell: Cell | undefined,
    more: readonly string[],
  ): TemplateResult {
    const classes = [
      ...['grid-cell', `column-${index}`, this.#activeClass(place, index)],
      ...(column.number ? ['number'] : []),
      ...more,
    ];
    return html`<div class=${classes.join(' ')} role="gridcell" id="cell-${place}-${index}" aria-colindex=${index + 1} title=${cell?.text ?? ''}>${cell?.content ?? html`<span class="blank"></span>`}</div>`;
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
    this.active = { row: place, column: columnAt(event) };
    this.#select(place, event.shiftKey, event.ctrlKey || event.metaKey);
  }

  /** A group is opened by a press; with Ctrl its runs are selected. */
  #groupClicked(event: MouseEvent, place: number, { group }: GroupRow): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey) this.#clicked(event, place);
    else {
      this.active = { row: place, column: columnAt(event) };
      this.tell('unfold', groupKey(group));
    }
  }

  /** By mouse of the cell below it, by key of the active one. */
  #menu(event: MouseEvent): void {
    event.preventDefault();
    const cell = (event.target as HTMLElement).closest('[id^=cell-]');
    const [row, column] = cell
      ? (/^cell-(-?\d+)-(\d+)$/.exec(cell.id)?.slice(1).map(Number) ?? [])
      : [this.active.row, this.active.column];
    const drawn = this.columns[column ?? -1];
    if (!drawn || row === undefined) return;
    const run = this.rows.get(row);
    const value = run && !('group' in run) ? rawValue(drawn.id, run) : null;
    this.tell<ColumnMenu>('menu', { column: drawn, value });
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
    } else if (this.#foldByKey(key)) return true;
    else if (key === 'ArrowLeft') this.#moveTo(row, Math.max(0, column - 1));
    else if (key === 'ArrowRight') this.#moveTo(row, Math.min(this.columns.length - 1, column + 1));
    else return false;
    return true;
  }

  /** In the first column of a group, as in a tree. */
  #foldByKey(key: string): boolean {
    const row = this.rows.get(this.active.row);
    if (!row || !('group' in row) || this.active.column > 0) return false;
    if (key !== (row.opened ? 'ArrowLeft' : 'ArrowRight')) return false;
    this.tell('unfold', groupKey(row.group));
    return true;
  }

  #actByKey({ key, shiftKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
    const { row, column } = this.active;
    const header = this.columns[column];
    const found = this.rows.get(row) ?? undefined;
    if (key === ' ' && row >= 0) this.#select(row, shiftKey, true);
    else if (key === 'a' && (ctrlKey || metaKey))
      this.tell<Selecting>('select', { from: 0, to: ALL_ROWS, add: false });
    else if (key === 'Enter' && found) this.#enter(found);
    else if (key === 'Enter' && row < 0 && header?.sortable) this.#sortBy(header.id, shiftKey);
    else return false;
    return true;
  }

  #enter(row: Run | GroupRow): void {
    if ('group' in row) this.tell('unfold', groupKey(row.group));
    else this.tell('open', row.id);
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

function columnAt(event: MouseEvent): number {
  const cell = (event.target as HTMLElement).closest('[aria-colindex]');
  return Number(cell?.getAttribute('aria-colindex') ?? 1) - 1;
}

customElements.define('modelthat-run-grid', RunGrid);
