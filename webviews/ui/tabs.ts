import { html } from 'lit';
import { PageElement } from './element.ts';

/** A part of a page that is shown alone. */
export interface Tab {
  readonly id: string;
  readonly label: string;
}

/** Names the element of a tab, for the panel that it labels. */
export function tabId(id: string): string {
  return `tab-${id}`;
}

/** The tabs of a page: one stop for Tab, walked through by the arrow keys. Tells `choose` (the id of a tab). */
export class Tabs extends PageElement {
  static override properties = {
    tabs: { attribute: false },
    chosen: { attribute: false },
    label: { attribute: false },
  };
  declare tabs: readonly Tab[];
  declare chosen: string;
  declare label: string;

  protected override render() {
    return html`
      <div role="tablist" class="tabs" aria-label=${this.label} @keydown=${(event: KeyboardEvent) => this.#key(event)}>
        ${this.tabs.map(({ id, label }) => {
          const chosen = id === this.chosen;
          return html`<button role="tab" id=${tabId(id)} class="tab" aria-selected=${chosen}
            tabindex=${chosen ? 0 : -1} @click=${() => this.tell('choose', id)}>${label}</button>`;
        })}
      </div>
    `;
  }

  #key(event: KeyboardEvent): void {
    const place = this.tabs.findIndex(({ id }) => id === this.chosen);
    const last = this.tabs.length - 1;
    const moves: Record<string, number> = {
      ArrowRight: place === last ? 0 : place + 1,
      ArrowLeft: place === 0 ? last : place - 1,
      Home: 0,
      End: last,
    };
    const next = this.tabs[moves[event.key] ?? -1];
    if (!next) return;
    event.preventDefault();
    this.tell('choose', next.id);
    this.querySelector<HTMLElement>(`#${CSS.escape(tabId(next.id))}`)?.focus();
  }
}

customElements.define('modelthat-tabs', Tabs);
