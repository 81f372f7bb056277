import { html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { RunTableView, TableColumn } from '../../daemon/contract/run-table-messages.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import type { Column } from './columns.ts';

/** Columns listed at once; a search finds the others. */
const LISTED = 200;

/** Chooses, orders and pins columns. Tells `view` (what changed of it). */
export class ColumnChooser extends PageElement {
  static override properties = {
    all: { attribute: false },
    chosen: { attribute: false },
    view: { attribute: false },
    wanted: { state: true },
  };
  declare all: readonly Column[];
  declare chosen: readonly TableColumn[];
  declare view: RunTableView;
  declare wanted: string;

  constructor() {
    super();
    this.wanted = '';
  }

  protected override render() {
    const wanted = this.wanted.toLowerCase();
    const places = new Map(this.chosen.map(({ id }, place) => [id, place]));
    const fitting = this.all
      .filter(({ title, group }) => `${group} ${title}`.toLowerCase().includes(wanted))
      .sort((a, b) => (places.get(a.id) ?? this.all.length) - (places.get(b.id) ?? this.all.length));
    const left = fitting.length - LISTED;
    return html`
      <div class="chooser" role="group" aria-label="Columns">
        <input class="text" type="search" placeholder="Find a column" aria-label="Find a column" .value=${this.wanted}
          @input=${(event: Event) => {
            this.wanted = (event.target as HTMLInputElement).value;
          }}>
        <modelthat-checkbox ?checked=${this.view.hideConstant}
          @change=${(event: Event) => this.tell('view', { hideConstant: (event.target as HTMLInputElement).checked })}>
          Hide columns that are the same for all runs
        </modelthat-checkbox>
        <modelthat-checkbox ?checked=${this.view.lifecycle === 'all'}
          @change=${(event: Event) => this.tell('view', { lifecycle: (event.target as HTMLInputElement).checked ? 'all' : 'active' })}>
          Show runs of the bin, too
        </modelthat-checkbox>
        <ul>${repeat(
          fitting.slice(0, LISTED),
          ({ id }) => id,
          column => this.#line(column, places.get(column.id)),
        )}</ul>
        ${left > 0 ? html`<p class="faint">${left.toLocaleString('en')} more: find them by name.</p>` : ''}
      </div>
    `;
  }

  #line({ id, title, group, metric }: Column, place: number | undefined): TemplateResult {
    const chosen = place === undefined ? undefined : this.chosen[place];
    const { coloured } = this.view;
    const tool = (name: string, label: string, act: () => void, pressed?: boolean) => html`
      <button class="tool ${pressed ? 'pressed' : ''}" title=${label} aria-label="${label}: ${title}" aria-pressed=${pressed ?? 'undefined'} @click=${act}>${icon(name)}</button>
    `;
    return html`
      <li>
        <modelthat-checkbox .checked=${chosen !== undefined} @click=${() => this.#toggle(id)}>${title} <span class="faint">${group}</span></modelthat-checkbox>
        <span class="tools">
          ${metric ? tool('symbol-color', 'Colour by value', () => this.tell('view', { coloured: toggled(coloured, id) }), coloured.includes(id)) : ''}
          ${
            chosen && place !== undefined
              ? [
                  tool(
                    'pin',
                    'Pin',
                    () => this.#change(place, { pinned: !chosen.pinned }),
                    chosen.pinned ?? false,
                  ),
                  tool('arrow-up', 'Move up', () => this.#move(place, -1)),
                  tool('arrow-down', 'Move down', () => this.#move(place, 1)),
                ]
              : ''
          }
        </span>
      </li>
    `;
  }

  #toggle(id: string): void {
    const others = this.chosen.filter(column => column.id !== id);
    this.tell('view', { columns: others.length < this.chosen.length ? others : [...this.chosen, { id }] });
  }

  #change(place: number, change: Partial<TableColumn>): void {
    this.tell('view', {
      columns: this.chosen.map((column, at) => (at === place ? { ...column, ...change } : column)),
    });
  }

  #move(place: number, by: number): void {
    const columns = [...this.chosen];
    const [moved] = columns.splice(place, 1);
    if (moved) columns.splice(Math.max(0, place + by), 0, moved);
    this.tell('view', { columns });
  }
}

function toggled(values: readonly string[], value: string): string[] {
  return values.includes(value) ? values.filter(other => other !== value) : [...values, value];
}

customElements.define('modelthat-column-chooser', ColumnChooser);
