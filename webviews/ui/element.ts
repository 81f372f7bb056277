import { LitElement } from 'lit';

/** A component that renders into the page itself, so that the page's one style sheet and its icons apply. */
export class PageElement extends LitElement {
  protected override createRenderRoot(): this {
    return this;
  }

  /** Tells those above that something happened here. */
  protected tell<Detail>(name: string, detail: Detail): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}
