import { html, type TemplateResult } from 'lit';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import { markdown } from '../ui/markdown.ts';

/** What people noted of the run, in Markdown. Tells `note` (the new text; empty = none). */
export class RunNote extends PageElement {
  static override properties = { text: { attribute: false }, draft: { state: true } };
  /** Empty = there is none. */
  declare text: string;
  /** What is being written; undefined when nothing is. */
  declare draft: string | undefined;

  protected override render() {
    if (this.draft !== undefined) return this.#editor(this.draft);
    const edit = () => {
      this.draft = this.text;
    };
    if (this.text === '')
      return html`<p class="add-note"><button class="link" @click=${edit}>${icon('edit')} Add a note</button></p>`;
    return html`
      <section aria-labelledby="note-title">
        <div class="section-head">
          <h2 id="note-title">Note</h2>
          <button class="tool" title="Edit" aria-label="Edit the note" @click=${edit}>${icon('edit')}</button>
        </div>
        ${markdown(this.text)}
      </section>
    `;
  }

  #editor(draft: string): TemplateResult {
    return html`
      <section class="note-editor" @keydown=${this.#key}>
        <h2><label for="note">Note</label></h2>
        <textarea id="note" rows="8" dir="auto" placeholder="Markdown; MLflow shows it as the description" .value=${draft}
          @input=${(event: Event) => {
            this.draft = (event.target as HTMLTextAreaElement).value;
          }}></textarea>
        <modelthat-button appearance="primary" @click=${this.#save}>Save</modelthat-button>
        <modelthat-button appearance="secondary" @click=${this.#leave}>Cancel</modelthat-button>
      </section>
    `;
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('draft') && changed.get('draft') === undefined && this.draft !== undefined)
      this.querySelector('textarea')?.focus();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.#leave();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#save();
  }

  #leave(): void {
    this.draft = undefined;
  }

  #save(): void {
    if (this.draft !== this.text) this.tell('note', this.draft);
    // It is shown at once, and again as the daemon has it.
    this.text = this.draft ?? '';
    this.#leave();
  }
}

customElements.define('modelthat-run-note', RunNote);
