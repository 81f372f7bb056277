import { html, type TemplateResult } from 'lit';
import { CARD_TAGS, type ModelVersion } from '../../daemon/contract/models.ts';
import { PageElement } from '../ui/element.ts';

/** What a person wrote for a card. */
export interface CardText {
  readonly purpose: string;
  readonly limits: string;
}

const PARTS = [
  ['purpose', 'Purpose', 'What is it for, and who is it for?'],
  ['limits', 'Limits', 'Where must it not be used, and why?'],
] as const;

/** What people write of a version, to read and to edit. Tells `write` (a `CardText`) and `show`. */
export class CardSection extends PageElement {
  static override properties = {
    version: { attribute: false },
    draft: { state: true },
  };
  declare version: ModelVersion;
  /** What is being written, and of which version; undefined while nothing is. */
  declare draft: (CardText & { readonly of: number }) | undefined;

  protected override render() {
    const draft = this.draft?.of === this.version.version ? this.draft : undefined;
    return html`
      <section aria-labelledby="card-title">
        <h2 id="card-title">Model card</h2>
        ${draft ? this.#form(draft) : this.#text()}
      </section>
    `;
  }

  #text(): TemplateResult {
    const { tags } = this.version;
    return html`
      ${PARTS.map(([part, title, hint]) => {
        const text = tags[CARD_TAGS[part]];
        return html`<h3>${title}</h3><p class=${text ? 'written' : 'faint'}>${text ?? `Not written yet: ${hint}`}</p>`;
      })}
      <p class="answers">
        <button class="link" @click=${() => {
          this.draft = {
            of: this.version.version,
            purpose: tags[CARD_TAGS.purpose] ?? '',
            limits: tags[CARD_TAGS.limits] ?? '',
          };
        }}>Edit purpose and limits</button>
        <button class="link" @click=${() => this.tell('show', undefined)}>Show the whole card</button>
      </p>
    `;
  }

  #form(draft: CardText): TemplateResult {
    return html`
      ${PARTS.map(
        ([part, title, hint]) => html`
          <label for="card-${part}">${title}</label>
          <textarea id="card-${part}" rows="4" placeholder=${hint} .value=${draft[part]}
            @input=${(event: InputEvent) => {
              const { value } = event.target as HTMLTextAreaElement;
              this.draft = this.draft && { ...this.draft, [part]: value };
            }}></textarea>
        `,
      )}
      <div class="answers">
        <modelthat-button appearance="primary" @click=${() => this.#write()}>Save</modelthat-button>
        <modelthat-button appearance="secondary" @click=${() => {
          this.draft = undefined;
        }}>Cancel</modelthat-button>
      </div>
    `;
  }

  #write(): void {
    const { purpose, limits } = this.draft ?? { purpose: '', limits: '' };
    const text: CardText = { purpose, limits };
    this.draft = undefined;
    this.tell('write', text);
  }
}

customElements.define('modelthat-card', CardSection);
