import { html, nothing } from 'lit';
import type { Run } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import type { Column } from './columns.ts';
import { type Completion, completeFilter } from './filter-completion.ts';

const NOTHING: Completion = { from: 0, options: [] };

/** The filter, completed as one types (Ctrl+Space asks for it). Tells `filter` (its text) when it is to be used. */
export class FilterField extends PageElement {
  static override properties = {
    filter: { attribute: false },
    refusal: { attribute: false },
    columns: { attribute: false },
    runs: { attribute: false },
    completion: { state: true },
    chosen: { state: true },
  };
  declare filter: string;
  /** Why the filter cannot be used. */
  declare refusal: string;
  declare columns: readonly Column[];
  declare runs: readonly Run[];
  declare completion: Completion;
  /** Place of an option; −1 = none. */
  declare chosen: number;

  constructor() {
    super();
    this.completion = NOTHING;
    this.chosen = -1;
  }

  get #input(): HTMLInputElement | null {
    return this.querySelector('input');
  }

  protected override render() {
    const { completion, chosen, refusal } = this;
    const open = completion.options.length > 0;
    return html`
      <form class="filter" @submit=${(event: Event) => this.#submit(event)}>
        ${icon('filter')}
        <input class="text" type="search" name="filter" spellcheck="false" autocomplete="off" aria-label="Filter"
          role="combobox" aria-autocomplete="list" aria-expanded=${open} aria-controls="filter-options"
          aria-activedescendant=${chosen < 0 ? nothing : `filter-option-${chosen}`}
          aria-invalid=${refusal !== ''} aria-describedby="refusal"
          placeholder="metrics.rmse < 0.2 and params.model = 'tree'" .value=${this.filter}
          @search=${(event: Event) => this.#submit(event)} @input=${() => this.#complete()} @keydown=${this.#key} @blur=${() => this.#close()}>
        <ul id="filter-options" class="options ${open ? '' : 'closed'}" role="listbox" aria-label="Completions">
          ${completion.options.map(
            ({ text, detail }, place) => html`
              <li id="filter-option-${place}" role="option" aria-selected=${place === chosen} class=${place === chosen ? 'chosen' : ''}
                @mousedown=${(event: Event) => {
                  event.preventDefault();
                  this.#accept(place);
                }}>${text} <span class="faint">${detail}</span></li>
            `,
          )}
        </ul>
      </form>
      <p id="refusal" class="refusal" role="alert">${refusal}</p>
    `;
  }

  protected override updated(): void {
    this.querySelector('.options .chosen')?.scrollIntoView({ block: 'nearest' });
  }

  #complete(): void {
    const input = this.#input;
    if (!input) return;
    const caret = input.selectionStart ?? input.value.length;
    this.completion = completeFilter(input.value, caret, this.columns, this.runs);
    this.chosen = -1;
  }

  #close(): void {
    this.completion = NOTHING;
    this.chosen = -1;
  }

  #key(event: KeyboardEvent): void {
    const { key, ctrlKey } = event;
    const { length } = this.completion.options;
    if (key === ' ' && ctrlKey) this.#complete();
    else if (length === 0) return;
    else if (key === 'ArrowDown') this.chosen = (this.chosen + 1) % length;
    else if (key === 'ArrowUp') this.chosen = (Math.max(this.chosen, 0) + length - 1) % length;
    else if (key === 'Tab') this.#accept(Math.max(0, this.chosen));
    else if (key === 'Enter' && this.chosen >= 0) this.#accept(this.chosen);
    else if (key === 'Escape') this.#close();
    else return;
    event.preventDefault();
  }

  /** Puts an option where the completion began, and goes on with what can follow it. */
  #accept(place: number): void {
    const input = this.#input;
    const option = this.completion.options[place];
    if (!input || !option) return;
    const caret = input.selectionStart ?? input.value.length;
    input.setRangeText(option.text, this.completion.from, caret, 'end');
    this.#complete();
  }

  #submit(event: Event): void {
    event.preventDefault();
    this.#close();
    this.tell('filter', this.#input?.value.trim() ?? '');
  }
}

customElements.define('modelthat-filter-field', FilterField);
