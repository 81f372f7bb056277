import { PageElement } from './element.ts';
import { onThemeChange } from './theme.ts';

/** A component that draws with the theme's colours, and draws again when the theme is another. */
export class ThemedElement extends PageElement {
  #stopWatching: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopWatching = onThemeChange(() => this.themeChanged());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopWatching?.();
  }

  protected themeChanged(): void {
    this.requestUpdate();
  }
}
