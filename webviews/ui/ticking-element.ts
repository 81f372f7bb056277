import { PageElement } from './element.ts';

const TICK_MS = 1_000;

/** A component that shows how long something has been going on: renders every second. */
export class TickingElement extends PageElement {
  #clock: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#clock = setInterval(() => this.requestUpdate(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#clock);
  }
}
